"""`make compose-test`: docker-compose.yml for real, with kills; the last line sums up, its status says how it went.

SHORT=1 or --short: fewer alerts. It builds the image, brings all services up with the profile demo, waits for the
sample's alerts in a Slack emulator, adds a podcast host with many episodes, kills the worker that delivers and the
scheduler, restarts PostgreSQL, and counts in the emulator that every alert has arrived once.

Where no engine can be had it says so, and runs the same services as processes of this machine (local_services.py).
--local does that at once; --keep leaves the containers running.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.compose.engine import ROOT, Compose, Engine, NoEngineError
from benchmarks.compose.podcast_server import all_tokens
from benchmarks.compose.scenario import (
    CHANNELS,
    SAMPLE_CHANNELS,
    Figures,
    MissedError,
    count_tokens,
    deliver_through_faults,
    is_healthy,
    measure_health_checks,
    measure_memory,
    wait_for,
)
from benchmarks.harness import check_figure, print_table
from tests.support.slack import emulator
from tests.support.slack.emulator import Emulator

HERE = Path(__file__).resolve().parent
IMAGE = "podwatch:compose-test"
OFFICIAL = {"BASE": "base", "POSTGRES_IMAGE": "postgres", "REDIS_IMAGE": "redis"}  # variable -> of compose_images.py
SAMPLE_ALERTS = 8  # of seeds/ with seeds/watchlist.yaml
UP_SECONDS, FAULT_SECONDS = 900.0, 1500.0
SETTLE_SECONDS = 20.0
WORKERS = 2
UNFINISHED = "SELECT count(*) FROM deliveries WHERE state <> 'sent'"
FAILED_RUNS = "SELECT count(*) FROM dag_run WHERE dag_id = 'podwatch' AND state <> 'success'"


def find_images(engine: Engine, pinned: Mapping[str, str]) -> dict[str, str]:
    """Those that a variable names, those that the compose file pins where they can be had, else ones made here."""
    found = {}
    for variable, name in OFFICIAL.items():
        image = os.environ.get(variable) or pinned[variable]
        if has_image(engine, image) or can_pull(engine, image):
            found[variable] = image
            continue
        import compose_images

        found[variable] = f"{compose_images.TAG}/{name}"
        print(f"compose-test: {image} cannot be had: one made from Debian's packages stands for it", flush=True)
        with patched_environment(engine.env):
            compose_images.main([name])
    return found


def has_image(engine: Engine, image: str) -> bool:
    command = ["docker", "image", "inspect", image]
    return subprocess.run(command, env=engine.env, capture_output=True, check=False).returncode == 0


def can_pull(engine: Engine, image: str) -> bool:
    command = ["docker", "pull", "--quiet", image]
    return subprocess.run(command, env=engine.env, capture_output=True, check=False).returncode == 0


@contextmanager
def patched_environment(env: Mapping[str, str]) -> Iterator[None]:
    """What this process starts meanwhile finds the engine."""
    before = dict(os.environ)
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def pinned_images() -> dict[str, str]:
    """The images that docker-compose.yml pins, by the variables that replace them."""
    text = (ROOT / "docker-compose.yml").read_text()
    return {name: re.findall(rf"\$\{{{name}:-([^}}]+)\}}", text)[0] for name in OFFICIAL}


def build_image(engine: Engine, base: str) -> None:
    print("compose-test: building the image", flush=True)
    engine.docker("build", "--network", "host", "--build-arg", f"BASE={base}", "--tag", IMAGE, str(ROOT))


def image_sizes(engine: Engine) -> dict[str, float]:
    """MB of the image, of its base, of the packages' layer, and of all layers that a change in podwatch replaces."""
    layers = engine.docker("history", "--no-trunc", "--human=false", "--format", "{{.Size}}\t{{.CreatedBy}}", IMAGE)
    rows = [(int(size) / 1e6, made) for size, made in (line.split("\t", 1) for line in layers.splitlines())]
    packages = next(i for i, (_, made) in enumerate(rows) if "/app/.venv" in made and "COPY" in made)
    return {
        "image": sum(size for size, _ in rows),
        "packages": rows[packages][0],
        "podwatch": sum(size for size, _ in rows[:packages]),
        "base": sum(size for size, _ in rows[packages + 1 :]),
    }


def find_build_tools(engine: Engine) -> list[str]:
    """What an image that only runs should not have."""
    script = "for program in gcc cc g++ make ld uv; do command -v $program; done; true"
    return engine.docker("run", "--rm", "--entrypoint", "sh", IMAGE, "-c", script).split()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def build_variables(images: Mapping[str, str], feeds: int, episodes: int) -> dict[str, str]:
    emulator.install()
    return {
        **images,
        "PODWATCH_IMAGE": IMAGE,
        "PODWATCH_WORKERS": str(WORKERS),
        "PODWATCH_PORT": str(free_port()),
        "AIRFLOW_UID": "20001",  # nobody's
        "PODWATCH_ALLOW_ADDRESSES": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16",  # the engine's own networks
        "PODWATCH_HOST_PAUSE": "0",
        "PODWATCH_RETRY_DELAY": "5",
        "PODWATCH_SLACK_BASE_URL": "http://slack-emulator:4100/api/",
        "SLACK_BOT_TOKEN": "xoxb-compose-test",
        "TEST_BASE": images["BASE"],
        "TEST_FILES": str(HERE),
        "TEST_NODE": str(emulator.NODE.parents[1]),
        "TEST_SLACK": str(emulator.HERE),
        "TEST_SLACK_PORT": str(free_port()),
        "TEST_FEEDS": str(feeds),
        "TEST_EPISODES": str(episodes),
    }


def run_services(compose: Compose, figures: Figures, feeds: int, episodes: int) -> bool:
    """The whole story; True when every figure holds."""
    slack = Emulator()
    slack.base_url = f"http://127.0.0.1:{compose.env['TEST_SLACK_PORT']}/api/"
    began = time.monotonic()
    compose.run("--profile", "demo", "up", "--detach")
    figures.seconds["up, until all is healthy and the demo begins"] = time.monotonic() - began
    [demo] = compose.containers("demo")
    wait_for("the demo", lambda: not compose.inspect(demo)["State"]["Running"], UP_SECONDS)
    figures.seconds["up, until the sample's alerts are in Slack"] = time.monotonic() - began
    print(compose.engine.docker("logs", demo).rstrip(), flush=True)
    demo_ended = int(compose.inspect(demo)["State"]["ExitCode"]) == 0
    sample = sum(len(slack.messages(channel)) for channel in SAMPLE_CHANNELS)  # without the replies below them
    figures.memory = measure_memory(compose)
    figures.health_cpu = measure_health_checks(compose)

    print(f"compose-test: {feeds} feeds of {episodes} episodes, two watches", flush=True)
    with tempfile.NamedTemporaryFile("w", suffix=".opml", dir=ROOT / "benchmarks/compose", prefix="feeds-") as opml:
        opml.write("<opml version='2.0'><body>")
        opml.writelines(f"<outline type='rss' xmlUrl='http://podcasts:8766/feed/{f}.xml'/>" for f in range(feeds))
        opml.write("</body></opml>")
        opml.flush()
        Path(opml.name).chmod(0o644)
        began = time.monotonic()
        compose.run("run", "--rm", "cli", "feeds", "import", str(Path(opml.name).relative_to(ROOT)))
        figures.seconds["docker compose run --rm cli feeds import"] = time.monotonic() - began
    watchlist = str((HERE / "watchlist.yaml").relative_to(ROOT))
    compose.run("run", "--rm", "cli", "watches", "sync", "--yes", watchlist)
    compose.run("exec", "-T", "api-server", "airflow", "dags", "trigger", "podwatch")
    deliver_through_faults(compose, slack, feeds, episodes, figures, FAULT_SECONDS)
    back = [c for service in ("worker", "scheduler", "postgres") for c in compose.containers(service)]
    healed = wait_for("all is healthy again", lambda: all(is_healthy(compose, c) for c in back), 300)
    figures.seconds["after the last alert, until all is healthy again"] = healed
    # What was sent as its worker died is looked up in the channel before it is sent again: a second one would come now.
    wait_for("every delivery is through", lambda: compose.query("podwatch", UNFINISHED) == ["0"], 600)
    tried = wait_for("every run of the DAG has ended well", lambda: compose.query("airflow", FAILED_RUNS) == ["0"], 600)
    figures.seconds["after that, until Airflow has tried the killed tasks again and every run is a success"] = tried
    time.sleep(SETTLE_SECONDS)
    found = count_tokens(slack, all_tokens(feeds, episodes))
    unfinished = compose.query("podwatch", UNFINISHED)
    return report(figures, feeds * episodes * len(CHANNELS), found, sample, demo_ended, unfinished)


def report(
    figures: Figures, total: int, found: Mapping[str, int], sample: int, demo_ended: bool, unfinished: list[str]
) -> bool:
    print_table("Times", ["what", "seconds"], [[k, f"{v:.0f}"] for k, v in figures.seconds.items()])
    rows = [
        [s, f"{mb:.0f}", f"{figures.health_cpu[s]:.2f}" if s in figures.health_cpu else "-"]
        for s, mb in figures.memory.items()
    ]
    rows.append(["all", f"{sum(figures.memory.values()):.0f}", ""])
    print_table(f"Services, {WORKERS} workers", ["service", "memory MB", "CPU s of a health check"], rows)
    print()
    return all(
        [
            check_figure("alerts of the sample in Slack", sample, SAMPLE_ALERTS),
            check_figure("alerts of the sample in Slack", sample, SAMPLE_ALERTS, least=False),
            check_figure("the demo ended well", demo_ended, 1),
            check_figure("alerts that arrived", len(found), total),
            check_figure("alerts that arrived more than once", sum(n > 1 for n in found.values()), 0, least=False),
            check_figure("deliveries that are not through", int((unfinished or ["1"])[0]), 0, least=False),
            check_figure("kills and restarts", len(figures.kills), 3),
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="make compose-test")
    parser.add_argument("--short", action="store_true", default=os.environ.get("SHORT", "") not in ("", "0"))
    parser.add_argument("--local", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped on the way out
    feeds, episodes = (8, 5) if options.short else (16, 6)
    figures = Figures()
    try:
        if options.local:
            raise NoEngineError("--local")
        with Engine() as engine:
            return run_in_containers(engine, figures, feeds, episodes, options.keep)
    except NoEngineError as e:
        print(f"compose-test: no containers: {e} - the same services run as processes of this machine", flush=True)
    from benchmarks.compose.local_services import run_locally

    return run_locally(figures, feeds, episodes)


def run_in_containers(engine: Engine, figures: Figures, feeds: int, episodes: int, keep: bool) -> int:
    images = find_images(engine, pinned_images())
    began = time.monotonic()
    build_image(engine, images["BASE"])
    figures.seconds["build (what the engine had already is not built again)"] = time.monotonic() - began
    sizes = image_sizes(engine)
    print("compose-test: " + ", ".join(f"{name} {mb:.0f} MB" for name, mb in sizes.items()), flush=True)
    if tools := find_build_tools(engine):
        print(f"MISS in the image there are {', '.join(tools)}")
        return 1
    variables = build_variables(images, feeds, episodes)
    files = [ROOT / "docker-compose.yml", HERE / "override.yml"]
    compose = Compose(engine, f"podwatch-test-{os.getpid()}", files, variables)
    holds = False
    try:
        holds = run_services(compose, figures, feeds, episodes)
    except (MissedError, RuntimeError) as e:
        print(f"MISS {e}\n{compose.run('ps', '--all')}", flush=True)
        logs = compose.run("logs", "--tail", "15")
        print(logs, flush=True)
    finally:
        if not keep:
            compose.run("--profile", "*", "down", "--volumes", "--timeout", "20", "--remove-orphans")
    total, up = feeds * episodes * len(CHANNELS), figures.seconds.get("up, until the sample's alerts are in Slack", 0.0)
    print(
        f"compose-test: {'every one' if holds else 'NOT every one'} of {total} alerts delivered once through "
        f"{'; '.join(figures.kills) or 'nothing'}; image {sizes['image']:.0f} MB (podwatch itself "
        f"{sizes['podwatch']:.0f}), up to the sample's alerts in {up:.0f} s, "
        f"memory {sum(figures.memory.values()):.0f} MB"
    )
    return 0 if holds else 1


if __name__ == "__main__":
    if shutil.which("ip") is None:
        os.environ["PATH"] += os.pathsep + "/usr/sbin"
    sys.path.insert(0, str(ROOT / "scripts"))
    sys.exit(main())

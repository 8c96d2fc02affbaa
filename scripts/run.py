"""`make run`: the sample podcast through Airflow with nothing prepared by hand, and every alert as it is delivered.

Starts Airflow on SQLite in the checkout's own .podwatch/, waits until the DAG has run once, says where the page is, and
stays up until Ctrl-C. With ONCE=1 it ends after that first run, and its exit status says whether the run succeeded.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import airflow_local as airflow
from podwatch.errors import PodwatchError
from podwatch.settings import CHECKOUT, from_environment
from preflight import Failed, Refusal, check_port, check_room, number_from, only_one, scrubbed
from process_guard import PR_SET_PDEATHSIG, Guard, prctl
from sample_server import PORT as SAMPLE_PORT
from sample_server import SampleServer, at_port

if TYPE_CHECKING:
    from podwatch.runtime import Runtime
    from terminal import Progress

DEADLINE = 900  # seconds within which the first run must have ended (ONCE) or begun
SHOWN = 10  # lines about feeds, episodes and channels that failed
PODWATCH = str(Path(sys.executable).with_name("podwatch"))


class Stopped(BaseException):
    """Somebody asked for the end: Ctrl-C, a closed terminal, kill. No Exception, lest somebody catch it by accident."""

    def __init__(self, number: int) -> None:
        self.number = number


class Run:
    """One `make run`, from the checks to the end; ``up`` says whether the first DAG run has succeeded."""

    def __init__(self, once: bool) -> None:
        self.once, self.up = once, False
        self.began, self.since = time.monotonic(), datetime.now(UTC)
        base, self.dropped = scrubbed(os.environ)
        self.port = number_from(base, "PODWATCH_PORT", 8080, 65535)
        self.sample_port = number_from(base, "PODWATCH_SAMPLE_PORT", SAMPLE_PORT, 65535)
        if self.port == self.sample_port:
            raise Refusal(f"PODWATCH_PORT and PODWATCH_SAMPLE_PORT are both {self.port} - give them two different ones")
        self.home = from_environment(base).home
        base["PODWATCH_HOME"] = str(self.home)
        # The sample is at an internal address, which podwatch refuses to fetch from unless told otherwise.
        base["PODWATCH_ALLOW_ADDRESSES"] = f"{base.get('PODWATCH_ALLOW_ADDRESSES', '')} 127.0.0.1".strip()
        self.base = base
        self.settings = from_environment(base)
        self.guard: Guard | None = None

    def start(self) -> None:
        """Everything, until it is ended: by the first run (ONCE), by somebody (Stopped), or by a failure (Failed)."""
        check_room(self.home)
        with ExitStack() as stack:
            lock = stack.enter_context(only_one(self.home))
            check_port(self.port, "PODWATCH_PORT", "Airflow")
            check_port(self.sample_port, "PODWATCH_SAMPLE_PORT", "the sample podcast")
            stack.enter_context(SampleServer(CHECKOUT / "seeds", self.sample_port))
            logs = self.home / "airflow"
            env = airflow.environment(self.base, logs, CHECKOUT, self.port)
            guard = self.guard = stack.enter_context(Guard(env, keep=[lock]))
            stack.callback(ignore_signals)  # first on the way out: nothing may interrupt the clearing up
            migrating = not airflow.is_migrated(logs)
            if migrating:
                guard.start("migrate", airflow.MIGRATE, fresh(logs / "migrate.log"))
            else:
                self.start_parts(guard, logs)
            self.follow(guard, logs, stack, migrating)

    def follow(self, guard: Guard, logs: Path, stack: ExitStack, migrating: bool) -> None:
        from first_run import FirstRun  # the library takes a second to import, while Airflow is at work
        from podwatch import runtime
        from terminal import Alerts, Progress

        progress = stack.enter_context(Progress())
        if self.dropped:
            progress.say(f"{', '.join(self.dropped)}: not used here - this Airflow has its own home, {logs}")
        progress.step("preparing the databases")
        rt = stack.enter_context(runtime.build(self.settings))
        self.prepare_podwatch(rt, progress)
        alerts = Alerts(rt, self.since)
        api = airflow.Api(logs, self.port)
        first = FirstRun(api, logs, self.since, progress)
        while True:
            for name, status in guard.ended(0.3):
                if name != "migrate" or status:
                    raise Failed(died(name, status, logs / f"{name}.log"))
                airflow.note_migrated(logs)
                migrating = False
                self.start_parts(guard, logs)
                progress.step("starting Airflow")
            alerts.show_new(progress)
            if not self.up and not migrating and first.done():
                self.up = True
                alerts.show_new(progress)
                progress.rest()
                self.report(rt, alerts.count, api, logs)
                if self.once:
                    return
            if not self.up and (self.once or not first.begun) and time.monotonic() - self.began > DEADLINE:
                raise Failed(f"not done after {DEADLINE} s ({api.trouble or 'still running'}) - see {logs}/*.log")

    def start_parts(self, guard: Guard, logs: Path) -> None:
        for name, argv in airflow.PARTS.items():
            guard.start(name, argv, fresh(logs / f"{name}.log"))

    def prepare_podwatch(self, rt: Runtime, progress: Progress) -> None:
        """The sample's feed and watchlist, for a store that has none: what somebody made their own stays as it is."""
        if not rt.store.feeds():
            opml = self.home / "sample.opml"
            opml.write_text(at_port((CHECKOUT / "seeds/feeds.opml").read_text(), self.sample_port))
            self.podwatch("feeds", "import", str(opml))
        elif not any(f":{self.sample_port}/sample/" in feed.url for feed in rt.store.feeds()):
            progress.say(f"the feeds in store do not include the sample at port {self.sample_port}; it is not added")
        if not rt.store.watches():
            self.podwatch("watches", "sync", str(CHECKOUT / "seeds/watchlist.yaml"))

    def podwatch(self, *words: str) -> None:
        done = subprocess.run([PODWATCH, *words], env=self.base, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().removeprefix("podwatch: ") or f"exit status {done.returncode}"
            raise PodwatchError(said, where=f"podwatch {' '.join(words)}")

    def report(self, rt: Runtime, count: int, api: airflow.Api, logs: Path) -> None:
        """What came of it: the failures that stand on rows (tried again later), then where to look."""
        failures = list(dict.fromkeys(line for lines in rt.store.errors().values() for line in lines))
        for line in failures[:SHOWN]:
            print(f"podwatch: {line}", file=sys.stderr)
        if len(failures) > SHOWN:
            print(f"podwatch: and {len(failures) - SHOWN} more failures", file=sys.stderr)
        took = time.monotonic() - self.began
        print(f"podwatch: the line has run, {count} new alert{'' if count == 1 else 's'}, {took:.0f} s after the start")
        if not self.once:
            print(f"  the page      {api.url}/dags/{airflow.DAG}")
            print(f"  log in as     admin, password {api.password()}")
            print(f"  logs          {logs}")
            print("  to end it     Ctrl-C")
        sys.stdout.flush()


def fresh(log: Path) -> Path:
    """An empty log; the one of the start before is kept beside it."""
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    log.touch()
    return log


def died(name: str, status: int, log: Path) -> str:
    from first_run import tail

    how = f"by signal {-status}" if status < 0 else f"with status {status}"
    return "\n  ".join([f"{name} ended {how}" + (f" - its log is {log}" if log.exists() else ""), *tail(log)])


def listen_to_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
            signal.signal(number, stop)
    if os.environ.get("MAKELEVEL"):
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # a killed make must not leave us running unseen


def ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def main() -> int:
    listen_to_signals()
    run: Run | None = None
    status = 0
    try:
        run = Run(once=os.environ.get("ONCE", "") not in ("", "0"))
        run.start()
    except Stopped as e:
        status = 0 if run and run.up else 128 + e.number
        print("podwatch: stopped, with everything it had started", file=sys.stderr)
    except (Refusal, Failed, PodwatchError) as e:
        status = 1
        print(f"podwatch: {e}", file=sys.stderr)
    except BrokenPipeError:  # whoever read our output has gone; keep Python from complaining at exit
        status = 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if run and run.guard and run.guard.left:
        status = 1
        print(f"podwatch: these processes could not be ended: {run.guard.left}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())

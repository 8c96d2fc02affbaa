"""`make run`: the sample podcast through Airflow with nothing prepared by hand, and every alert as it is delivered.

Starts Airflow on SQLite in the checkout's own .podwatch/, waits until the DAG has run once, says where the page is, and
stays up until Ctrl-C. With ONCE=1 it ends after that first run, and its exit status says whether the run succeeded.
With SPEECH=1 the sample's episode without a transcript is listened to, too (speech_run.py).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import airflow_local as airflow
from podwatch.errors import PodwatchError
from podwatch.settings import CHECKOUT, from_environment
from preflight import (
    RefusedError,
    RunFailedError,
    check_disk,
    check_port,
    lock_home,
    prints_alerts,
    read_number,
    scrub_environment,
)
from process_guard import PR_SET_PDEATHSIG, ProcessGuard, prctl
from sample_server import PORT as SAMPLE_PORT
from sample_server import SampleServer, replace_port

if TYPE_CHECKING:
    from podwatch.runtime import Runtime
    from terminal import Progress

DEADLINE_SECONDS = 900  # seconds within which the first run must have ended (ONCE) or begun
MAX_FAILURES_SHOWN = 10  # lines about feeds, episodes and channels that failed
FETCHES_MODEL = "speech-model"  # the name of a process, and of its log
PODWATCH = str(Path(sys.executable).with_name("podwatch"))


class StopRequested(BaseException):
    """A signal to stop: Ctrl-C, a closed terminal, kill. A BaseException, so that no `except Exception` catches it."""

    def __init__(self, number: int) -> None:
        self.number = number


class MakeRun:
    """One `make run`, from the checks to the end; ``up`` says whether the first DAG run has succeeded."""

    def __init__(self, once: bool, speech: bool = False) -> None:
        self.once, self.speech, self.up = once, speech, False
        self.began, self.since = time.monotonic(), datetime.now(UTC)
        base, self.dropped = scrub_environment(os.environ)
        self.port = read_number(base, "PODWATCH_PORT", 8080, 65535)
        self.sample_port = read_number(base, "PODWATCH_SAMPLE_PORT", SAMPLE_PORT, 65535)
        if self.port == self.sample_port:
            raise RefusedError(
                f"PODWATCH_PORT and PODWATCH_SAMPLE_PORT are both {self.port} - give them two different ones"
            )
        self.home = from_environment(base).home
        base["PODWATCH_HOME"] = str(self.home)
        # The sample is at an internal address, which podwatch refuses to fetch from unless told otherwise.
        base["PODWATCH_ALLOW_ADDRESSES"] = f"{base.get('PODWATCH_ALLOW_ADDRESSES', '')} 127.0.0.1".strip()
        if prints_alerts(base, self.home):
            base.setdefault("PODWATCH_CONSOLE", "1")
        if speech:
            base["PODWATCH_LISTEN"] = "on"
        self.base = base
        self.settings = from_environment(base)
        self.guard: ProcessGuard | None = None

    def start(self) -> None:
        """Starts everything and follows it until the first run ends (ONCE), StopRequested or RunFailedError."""
        check_disk(self.home)
        fetch_model = self.find_model_command() if self.speech else None
        with ExitStack() as stack:
            lock = stack.enter_context(lock_home(self.home))
            check_port(self.port, "PODWATCH_PORT", "Airflow")
            check_port(self.sample_port, "PODWATCH_SAMPLE_PORT", "the sample podcast")
            stack.enter_context(SampleServer(CHECKOUT / "seeds", self.sample_port))
            logs = self.home / "airflow"
            env = airflow.build_environment(self.base, logs, CHECKOUT, self.port)
            guard = self.guard = stack.enter_context(ProcessGuard(env, keep=[lock]))
            stack.callback(ignore_signals)  # first on the way out: nothing may interrupt the cleanup
            if fetch_model is not None:
                guard.start(FETCHES_MODEL, fetch_model, rotate_log(logs / f"{FETCHES_MODEL}.log"))
            migrating = not airflow.is_migrated(logs)
            if migrating:
                guard.start("migrate", airflow.MIGRATE, rotate_log(logs / "migrate.log"))
            else:
                self.start_parts(guard, logs)
            self.follow(guard, logs, stack, migrating, fetching=fetch_model is not None)

    def follow(self, guard: ProcessGuard, logs: Path, stack: ExitStack, migrating: bool, fetching: bool) -> None:
        from first_run import FirstRun  # the library takes a second to import, while Airflow is at work
        from podwatch import runtime
        from speech_run import SpeechRun
        from terminal import AlertPrinter, Progress

        progress = stack.enter_context(Progress())
        if self.dropped:
            progress.print_line(f"{', '.join(self.dropped)}: not used here - this Airflow has its own home, {logs}")
        progress.show_step("preparing the databases")
        rt = stack.enter_context(runtime.build(self.settings))
        self.prepare_podwatch(rt, progress)
        alerts = AlertPrinter(rt, self.since)
        api = airflow.AirflowApi(logs, self.port)
        first = FirstRun(api, logs, self.since, progress)
        heard = SpeechRun(rt, logs, self.port, self.since, progress) if self.speech else None
        while True:
            for name, status in guard.poll_ended(0.3):
                if name == FETCHES_MODEL and heard is not None and not status:
                    fetching = False
                    heard.note_model()
                    continue
                if name != "migrate" or status:
                    raise RunFailedError(describe_death(name, status, logs / f"{name}.log"))
                airflow.note_migrated(logs)
                migrating = False
                self.start_parts(guard, logs)
                progress.show_step("starting Airflow")
            alerts.print_new(progress)
            if not self.up and not migrating and first.has_succeeded():
                self.up = True
                alerts.print_new(progress)
                progress.clear()
                self.report(rt, alerts.count, api, logs)
                if self.once and heard is None:
                    return
            if self.up and heard is not None:
                if fetching:
                    progress.show_step("fetching the speech model, 148 MB")
                elif heard.is_told():
                    heard = None
                    alerts.print_new(progress)
                    progress.clear()
                    print(f"podwatch: the DAG podwatch_listen has run, {alerts.count} new alerts in all", flush=True)
                    if self.once:
                        return
            unfinished = not self.up or (self.once and heard is not None)
            if unfinished and (self.once or not first.has_begun) and time.monotonic() - self.began > DEADLINE_SECONDS:
                raise RunFailedError(
                    f"not done after {DEADLINE_SECONDS} s ({api.trouble or 'still running'}) - see {logs}/*.log"
                )

    def find_model_command(self) -> Sequence[str] | None:
        from speech_run import command_for_model

        return command_for_model(self.settings)

    def start_parts(self, guard: ProcessGuard, logs: Path) -> None:
        for name, argv in airflow.COMPONENTS.items():
            guard.start(name, argv, rotate_log(logs / f"{name}.log"))

    def prepare_podwatch(self, rt: Runtime, progress: Progress) -> None:
        """Adds the sample's feed and watchlist to a store that has none; never changes what a user has added."""
        if not rt.store.feeds():
            opml = self.home / "sample.opml"
            opml.write_text(replace_port((CHECKOUT / "seeds/feeds.opml").read_text(), self.sample_port))
            self.podwatch("feeds", "import", str(opml))
        elif not any(f":{self.sample_port}/sample/" in feed.url for feed in rt.store.feeds()):
            progress.print_line(
                f"the feeds in store do not include the sample at port {self.sample_port}; it is not added"
            )
        if not rt.store.watches():
            self.podwatch("watches", "sync", str(CHECKOUT / "seeds/watchlist.yaml"))

    def podwatch(self, *words: str) -> None:
        done = subprocess.run([PODWATCH, *words], env=self.base, capture_output=True, text=True, check=False)
        if done.returncode:
            message = done.stderr.strip().removeprefix("podwatch: ") or f"exit status {done.returncode}"
            raise PodwatchError(message, where=f"podwatch {' '.join(words)}")

    def report(self, rt: Runtime, count: int, api: airflow.AirflowApi, logs: Path) -> None:
        """Prints the failures that are recorded in the store (they are retried later), then where to look."""
        failures = list(dict.fromkeys(line for lines in rt.store.errors().values() for line in lines))
        for line in failures[:MAX_FAILURES_SHOWN]:
            print(f"podwatch: {line}", file=sys.stderr)
        if len(failures) > MAX_FAILURES_SHOWN:
            print(f"podwatch: and {len(failures) - MAX_FAILURES_SHOWN} more failures", file=sys.stderr)
        took = time.monotonic() - self.began
        print(f"podwatch: the line has run, {count} new alert{'' if count == 1 else 's'}, {took:.0f} s after the start")
        if not self.once:
            print(f"  the page      {api.url}/podwatch/alerts")
            print(f"  Airflow       {api.url}/dags/{airflow.DAG}")
            print(f"  log in as     admin, password {api.password()}")
            print(f"  logs          {logs}")
            print("  to end it     Ctrl-C")
        sys.stdout.flush()


def rotate_log(log: Path) -> Path:
    """Empties a log file; the one of the start before is kept beside it."""
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    log.touch()
    return log


def describe_death(name: str, status: int, log: Path) -> str:
    from first_run import read_tail

    how = f"by signal {-status}" if status < 0 else f"with status {status}"
    return "\n  ".join([f"{name} ended {how}" + (f" - its log is {log}" if log.exists() else ""), *read_tail(log)])


def install_signal_handlers() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise StopRequested(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # unless started by nohup
            signal.signal(number, stop)
    if os.environ.get("MAKELEVEL"):
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # if make is killed, this process must not go on unseen


def ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def main() -> int:
    install_signal_handlers()
    run: MakeRun | None = None
    status = 0
    try:
        once, speech = (os.environ.get(name, "") not in ("", "0") for name in ("ONCE", "SPEECH"))
        run = MakeRun(once, speech)
        run.start()
    except StopRequested as e:
        status = 0 if run and run.up else 128 + e.number
        print("podwatch: stopped, with everything it had started", file=sys.stderr)
    except (RefusedError, RunFailedError, PodwatchError) as e:
        status = 1
        print(f"podwatch: {e}", file=sys.stderr)
    except BrokenPipeError:  # the reader of our output is gone; avoids an error message at exit
        status = 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if run and run.guard and run.guard.left:
        status = 1
        print(f"podwatch: these processes could not be ended: {run.guard.left}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())

"""Long work on the past as it is used: killed, interrupted, begun twice, watched. What is done stays done, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from podwatch.model import Watch
from podwatch.settings import Secret, Settings
from podwatch.store.database import Store, open_store
from tests.support.migrated_database import place_database
from tests.support.processes import is_group_running
from tests.support.stored_transcripts import count_undetected, store_transcripts
from tests.support.terminal import in_terminal

COUNT = 600
WATCHES = [Watch(name="grain", query="grain"), Watch(name="sea", query='"black sea"'), Watch(name="old", query="ships")]
ROWS = 'SELECT watch_id, transcript_id, start, "end", label, gone_at IS NULL FROM mentions ORDER BY 1, 2, 3, 4, 6'
HANG_SECONDS = 600.0  # a guard against a hang, not a measure
DETECT = ("-m", "podwatch", "detect", "--processes", "2")


@pytest.fixture
def home(tmp_path: Path, now: datetime) -> Path:
    """A store with transcripts in which no watch was looked for yet."""
    place_database(tmp_path)
    store = opened(tmp_path)
    store_transcripts(
        store, now, {f"t{n}": f"Number {n}\nthe grain ships on the Black Sea\nand grain" for n in range(COUNT)}
    )
    store.sync_watches(WATCHES, now)
    store.close()
    return tmp_path


def opened(home: Path) -> Store:
    return open_store(Settings(home=home, database_url=Secret(f"sqlite:///{home}/podwatch.db")))


def started(home: Path, *arguments: str) -> subprocess.Popen[str]:
    env = os.environ | {"PODWATCH_HOME": str(home), "PODWATCH_ENTITIES": "off"}
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def rows(home: Path) -> list[tuple[object, ...]]:
    store = opened(home)
    try:
        with store.engine.connect() as c:
            return [tuple(r) for r in c.exec_driver_sql(ROWS)]
    finally:
        store.close()


def done(store: Store) -> int:
    return COUNT - count_undetected(store)


def when(holds: Callable[[], bool], seconds: float = HANG_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=["kill -9", "TERM", "Ctrl-C"])
def test_what_a_killed_one_has_done_stays_done_and_the_next_does_the_rest(home: Path, number: signal.Signals) -> None:
    store = opened(home)
    killed = started(home, *DETECT)
    when(lambda: done(store) > 0 or killed.poll() is not None)
    if number is signal.SIGINT:  # a terminal sends it to all of them
        os.killpg(killed.pid, number)
    else:
        killed.send_signal(number)
    _, said = killed.communicate(timeout=HANG_SECONDS)
    assert "Traceback" not in said
    when(lambda: not is_group_running(killed.pid))
    kept = done(store)
    assert kept > 0
    again = started(home, *DETECT)
    out, _ = again.communicate(timeout=HANG_SECONDS)
    assert f"detect: {COUNT - kept} done" in out
    assert len(rows(home)) == len(set(rows(home))) == COUNT * 4
    assert store.alert_states() == {"due": COUNT * 3}
    store.close()


def test_two_at_once_do_the_work_once(home: Path) -> None:
    both = [started(home, *DETECT) for _ in range(2)]
    assert all(" failed" in p.communicate(timeout=HANG_SECONDS)[0] for p in both)
    assert [p.returncode for p in both] == [0, 0]
    assert len(rows(home)) == len(set(rows(home))) == COUNT * 4
    store = opened(home)
    assert (count_undetected(store), store.alert_states()) == (0, {"due": COUNT * 3})
    store.close()


def test_a_rescan_that_is_killed_changes_nothing_and_is_gone_on_with_by_detect(home: Path) -> None:
    started(home, *DETECT).communicate(timeout=HANG_SECONDS)
    before = rows(home)
    store = opened(home)
    rescan = started(home, "-m", "podwatch", "rescan", "--processes", "2")
    when(lambda: 0 < done(store) < COUNT or rescan.poll() is not None)
    rescan.kill()
    rescan.communicate()
    when(lambda: not is_group_running(rescan.pid))
    assert rows(home) == before
    out, _ = started(home, *DETECT).communicate(timeout=HANG_SECONDS)
    assert "0 new" in out
    assert rows(home) == before
    assert count_undetected(store) == 0
    store.close()


def test_a_worker_that_is_killed_is_one_clear_line(home: Path) -> None:
    detect = started(home, "-c", KILLING, *DETECT[1:])
    _, said = detect.communicate(timeout=HANG_SECONDS)
    assert detect.returncode == 1
    [line] = said.splitlines()
    assert line.startswith("podwatch: a process ended in the middle of its work (exit status -9)")
    when(lambda: not is_group_running(detect.pid))


# The second part that a process is given ends it, as a machine without memory would.
KILLING = """
import os, runpy, signal, sys
from podwatch.line import detect
real, parts = detect.Detector.__call__, []
def looking(self, *given):
    parts.append(1)
    if len(parts) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, *given)
detect.Detector.__call__ = looking
sys.argv = ["podwatch", *sys.argv[2:]]
runpy.run_module("podwatch", run_name="__main__")
"""


def test_on_a_terminal_several_processes_show_a_bar_with_rate_and_time_left(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODWATCH_HOME", str(home))
    monkeypatch.setenv("PODWATCH_ENTITIES", "off")
    shown = in_terminal([sys.executable, "-c", SLOW, *DETECT[1:]])
    assert f"/{COUNT}" in shown.replace(" ", "")
    assert "/s" in shown
    assert "0:00:0" in shown
    assert f"detect: {COUNT} done" in shown


# A part takes a moment, so that there is something to be seen.
SLOW = """
import runpy, sys, time
from podwatch.line import detect

real = detect.Detector.__call__
detect.Detector.__call__ = lambda self, *given: (time.sleep(0.5), real(self, *given))
sys.argv = ["podwatch", *sys.argv[2:]]
runpy.run_module("podwatch", run_name="__main__")
"""

"""scripts/process_guard.py with real processes: nothing that `make run` started is ever left behind, whoever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import process_guard  # noqa: E402

# The worst case of a worker: in another process group and session, ignoring signals, its parent gone.
ORPHAN = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        with open(sys.argv[1], "w") as file:
            file.write(str(os.getpid()))
        time.sleep(300)
    os._exit(0)
time.sleep(300 if len(sys.argv) < 3 else 0.5)
"""
PARENT = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from process_guard import ProcessGuard
with ProcessGuard({}) as guard:
    guard.start("bad", [sys.executable, "-c", sys.argv[3], sys.argv[2]], Path(sys.argv[2] + ".log"))
    time.sleep(300)
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def eventually(holds: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def pid_in(file: Path) -> int:
    assert eventually(lambda: file.exists() and file.read_text().isdigit())
    return int(file.read_text())


linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans")


@linux
def test_an_orphan_that_left_group_and_session_and_ignores_signals_is_ended(tmp_path: Path) -> None:
    with process_guard.ProcessGuard({}) as guard:
        guard.start("bad", [sys.executable, "-c", ORPHAN, str(tmp_path / "pid"), "and go"], tmp_path / "log")
        orphan = pid_in(tmp_path / "pid")
        assert guard.poll_ended(20.0) == [("bad", 0)]
        assert alive(orphan)
    assert guard.left == []
    assert not alive(orphan)


@linux
def test_nothing_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", PARENT, str(ROOT / "scripts"), str(tmp_path / "pid"), ORPHAN]
    with subprocess.Popen(argv) as parent:
        orphan = pid_in(tmp_path / "pid")
        below = process_guard.find_descendants(parent.pid)
        assert orphan in below
        parent.kill()
    assert eventually(lambda: not any(map(alive, below))), [p for p in below if alive(p)]


@linux
def test_nothing_outlives_a_guard_that_is_killed(tmp_path: Path) -> None:
    with process_guard.ProcessGuard({}) as guard:
        guard.start("bad", [sys.executable, "-c", ORPHAN, str(tmp_path / "pid")], tmp_path / "log")
        orphan = pid_in(tmp_path / "pid")
        os.kill(guard._process.pid, signal.SIGKILL)
        assert guard.poll_ended(5.0) == [("process guard", -9)]
    assert guard.left == []
    assert not alive(orphan)


def test_the_guard_reports_what_ended_and_how(tmp_path: Path) -> None:
    with process_guard.ProcessGuard({"WORD": "a word"}) as guard:
        guard.start(
            "fails",
            [sys.executable, "-c", "import os; print(os.environ['WORD']); raise SystemExit(3)"],
            tmp_path / "log",
        )
        assert guard.poll_ended(20.0) == [("fails", 3)]
        assert (tmp_path / "log").read_text() == "a word\n"
        guard.start("missing", [str(tmp_path / "no such command")], tmp_path / "log")
        assert guard.poll_ended(20.0) == [("missing", 2)]
        guard.start("stays", [sys.executable, "-c", "import time; time.sleep(300)"], tmp_path / "log")
        assert guard.poll_ended() == []
    assert guard.left == []

"""Starts processes and ends them all when the process that asked for them ends, in whatever way.

Airflow forks workers that outlive their parent, and a parent that is killed with -9 cleans up nothing. So there
is a small process in between: it is the parent of everything, adopts the orphans of its descendants
(PR_SET_CHILD_SUBREAPER), and ends them all when its standard input closes, which the kernel does whatever happened to
the other side. ``ProcessGuard`` is the client; ``python process_guard.py`` is the process in between.

Lines of JSON go both ways: {"start", "argv", "log"} in; {"ended", "status"} and {"left"} out.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GRACE = ((0.0, signal.SIGINT), (4.0, signal.SIGTERM), (6.0, signal.SIGKILL))  # seconds -> signal
GIVE_UP_SECONDS = 20.0


def prctl(option: int, value: int) -> None:
    """Linux's prctl for this process; does nothing on other systems."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def find_descendants(root: int, spare: Collection[int] = ()) -> list[int]:
    """Living processes below root, parents first, without ``spare`` and their descendants. Zombies count as dead."""
    children: dict[int, list[int]] = {}
    for pid, parent in list_parents():
        if pid not in spare:
            children.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found[1:]


def list_parents() -> list[tuple[int, int]]:
    pairs = []
    if Path("/proc/self/stat").exists():
        for process in Path("/proc").glob("[1-9]*"):
            with contextlib.suppress(OSError):
                # "pid (name) state parent ...": the name may hold blanks and brackets
                state, parent = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    pairs.append((int(process.name), int(parent)))
        return pairs
    listing = subprocess.run(["ps", "-axo", "pid=,ppid=,stat="], capture_output=True, text=True, check=False)
    for line in listing.stdout.splitlines():
        pid, parent, state = line.split(None, 2)
        if not state.startswith("Z"):
            pairs.append((int(pid), int(parent)))
    return pairs


def end_descendants(first: Sequence[int] = (), spare: Collection[int] = ()) -> list[int]:
    """Ends everything below this process; returns what could not be ended (processes stuck in the kernel).

    first: only these get the first signal, so that they can end their own children; then all get SIGTERM and SIGKILL.
    """
    began, step = time.monotonic(), 0
    seen: set[int] = set()
    while True:
        left = find_descendants(os.getpid(), spare)
        seen.update(left)
        for pid in seen:  # only these: another child may be waited for elsewhere
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        passed = time.monotonic() - began
        if not left or passed > GRACE[-1][0] + GIVE_UP_SECONDS:
            return left
        if step < len(GRACE) and passed >= GRACE[step][0]:
            polite = [p for p in first if p in left] if step == 0 else []
            for pid in polite or left:
                _send_signal(pid, GRACE[step][1])
            step += 1
        elif step == len(GRACE):  # orphans of killed processes become ours a moment later
            for pid in left:
                _send_signal(pid, signal.SIGKILL)
        time.sleep(0.05)


def _send_signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def reap_children() -> dict[int, int]:
    """Collects children that died, adopted ones too: pid -> exit status, negative for a signal."""
    gone = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            gone[pid] = os.waitstatus_to_exitcode(status)
    return gone


class ProcessGuard:
    """The client: ``with ProcessGuard(env) as guard: guard.start(...)``; leaving the block ends everything."""

    def __init__(self, env: Mapping[str, str], keep: Sequence[int] = ()) -> None:
        """keep: file descriptors that stay open until everything has ended, such as a lock."""
        prctl(PR_SET_CHILD_SUBREAPER, 1)  # if the guard is killed, its orphans become our children
        self.left: list[int] | None = None
        self._spare = find_descendants(os.getpid())  # not started by this guard
        self._buffer, self._silent = b"", False
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(env),
            pass_fds=tuple(keep),
            start_new_session=True,  # Ctrl-C in the terminal reaches only us; we tell the guard
        )

    def start(self, name: str, argv: Sequence[str], log: Path) -> None:
        self._send({"start": name, "argv": list(argv), "log": str(log)})

    def poll_ended(self, wait: float = 0.0) -> list[tuple[str, int]]:
        """(name, exit status) of what ended since the last call; waits up to ``wait`` seconds for the first."""
        events = self._read_events(wait)
        found = [(e["ended"], e["status"]) for e in events if "ended" in e]
        if not found and self._silent:
            found.append(("process guard", self._process.wait(5)))
        return found

    def stop(self) -> list[int]:
        """Ends everything; returns the process ids of what could not be ended."""
        if self.left is None:
            with contextlib.suppress(OSError):
                assert self._process.stdin is not None
                self._process.stdin.close()
            try:
                self._process.wait(GRACE[-1][0] + GIVE_UP_SECONDS + 5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self.left = end_descendants(spare=self._spare)  # nothing is left, unless the guard was killed
        return self.left

    def _send(self, what: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the next poll_ended() reports it
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()

    def _read_events(self, wait: float) -> list[dict[str, Any]]:
        assert self._process.stdout is not None
        fd = self._process.stdout.fileno()
        while select.select([fd], [], [], wait)[0]:
            if not (chunk := os.read(fd, 65536)):
                self._silent = True
                break
            self._buffer, wait = self._buffer + chunk, 0.0
        *lines, self._buffer = self._buffer.split(b"\n")
        return [json.loads(line) for line in lines]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def main() -> int:
    """The process in between: starts what it is told to, reports what ends, ends all when its input closes."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stopping: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.append(number)

    signal.signal(signal.SIGTERM, stop)
    names: dict[int, str] = {}
    buffer = b""
    while not stopping:
        if select.select([0], [], [], 0.2)[0]:
            chunk = os.read(0, 65536)
            if not chunk:
                break
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                order = json.loads(line)
                try:
                    names[_spawn(order["argv"], Path(order["log"]))] = order["start"]
                except OSError as e:
                    _report({"ended": order["start"], "status": e.errno or 1})
        for pid, status in reap_children().items():
            if pid in names:
                _report({"ended": names.pop(pid), "status": status})
    left = end_descendants(list(names))
    _report({"left": left})
    return 1 if left else 0


def _spawn(argv: Sequence[str], log: Path) -> int:
    def die_with_parent() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the guard, and that is inherited
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    with log.open("ab") as out:
        process = subprocess.Popen(  # a session of its own, so that it can signal its whole group without hitting us
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    process.returncode = 0  # reap() waits for it, not the Popen
    return process.pid


def _report(what: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError):  # the client is gone
        os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())

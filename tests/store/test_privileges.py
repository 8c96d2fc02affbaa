"""A role of PostgreSQL that may not do all: what it lacks is said with the GRANT, before and while podwatch runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import make_url, text

from podwatch.errors import StoreError
from podwatch.model import Feed
from podwatch.settings import Secret, Settings
from podwatch.store.database import FAILURES, Store, explain_failure, inspect_database, open_store
from podwatch.store.tables import metadata
from tests.support.postgres import Postgres

ALL_TABLES = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reader"
ALL_SEQUENCES = "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO reader"
# What the role has been granted -> what inspect_database says that it lacks; "": nothing
GRANTS: dict[str, tuple[list[str], str]] = {
    "nothing": (
        [],
        f"may not read and write {len(metadata.tables) + 1} of its tables (alembic_version, ...), nor use .*{ALL_TABLES}; {ALL_SEQUENCES}",
    ),
    "to read": (
        ["SELECT ON ALL TABLES IN SCHEMA public"],
        f"the role reader may not read and write {len(metadata.tables)} of its tables (answers, ...), nor use .*{ALL_TABLES}; {ALL_SEQUENCES}",
    ),
    "no deleting": (
        ["SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public", "USAGE ON ALL SEQUENCES IN SCHEMA public"],
        f"may not read and write {len(metadata.tables)} of its tables (answers, ...) - as their owner: {ALL_TABLES}",
    ),
    "no sequences": (
        ["ALL ON ALL TABLES IN SCHEMA public"],
        f"may not use .* of its sequences (answers_id_seq, ...) - as their owner: {ALL_SEQUENCES}",
    ),
    "one sequence less": (
        [
            "ALL ON ALL TABLES IN SCHEMA public",
            "ALL ON ALL SEQUENCES IN SCHEMA public",
            "-ALL ON SEQUENCE feeds_id_seq",
        ],
        "may not use the sequence feeds_id_seq - as their owner: GRANT USAGE ON SEQUENCE feeds_id_seq TO reader",
    ),
    "one table less": (
        ["ALL ON ALL TABLES IN SCHEMA public", "ALL ON ALL SEQUENCES IN SCHEMA public", "-INSERT ON feeds"],
        "may not read and write the table feeds - as their owner: GRANT SELECT, INSERT, UPDATE, DELETE ON feeds TO reader",
    ),
    "what is asked for": (
        ["SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public", "USAGE ON ALL SEQUENCES IN SCHEMA public"],
        "",
    ),
    "the version only to read": (
        ["ALL ON ALL TABLES IN SCHEMA public", "ALL ON ALL SEQUENCES IN SCHEMA public", "-INSERT ON alembic_version"],
        "",
    ),
}


class Database:
    """A database with podwatch's tables, and the role ``reader`` that owns none of them."""

    def __init__(self, settings: Settings, url: str) -> None:
        self.owner = replace(settings, database_url=Secret(url))
        as_reader = make_url(url).set(username="reader").render_as_string(hide_password=False)
        self.reader = replace(settings, database_url=Secret(as_reader))
        self.store: Store = open_store(self.owner)
        with self.store.writing() as c:
            found = c.execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'reader'")).scalar()
            if not found:
                c.execute(text("CREATE ROLE reader LOGIN"))

    def grant(self, *grants: str) -> None:
        """Each: what follows GRANT, or with a - in front what follows REVOKE."""
        with self.store.writing() as c:
            for what in grants:
                taken = what.startswith("-")
                c.execute(text(f"REVOKE {what[1:]} FROM reader" if taken else f"GRANT {what} TO reader"))


@pytest.fixture
def database(settings: Settings, postgres: Postgres) -> Iterator[Database]:
    made = Database(settings, postgres.new_database())
    yield made
    made.store.close()


def pattern(said: str) -> str:
    return ".*".join(re.escape(part) for part in said.split(".*"))


@pytest.mark.parametrize("case", GRANTS)
def test_what_a_role_lacks_is_said_with_the_grant_that_gives_it(case: str, database: Database) -> None:
    grants, said = GRANTS[case]
    database.grant(*grants)
    if not said:
        assert inspect_database(database.reader).revision is not None
        return
    with pytest.raises(StoreError, match=pattern(said)) as caught:
        inspect_database(database.reader)
    assert caught.value.line.startswith("postgresql://reader:")
    for grant in re.findall(r"GRANT [^;]+ TO reader", caught.value.todo):  # what it advises is what helps
        database.grant(grant.removeprefix("GRANT ").removesuffix(" TO reader"))
    assert inspect_database(database.reader).revision is not None


def test_a_role_that_may_make_no_tables_is_told_before_the_first_start(settings: Settings, postgres: Postgres) -> None:
    there = Database(settings, postgres.new_database())
    with there.store.writing() as c:
        c.execute(text("CREATE SCHEMA later"))
        c.execute(text("GRANT USAGE ON SCHEMA later TO reader"))
    url = make_url(there.reader.database_url.reveal()).update_query_dict({"options": "-csearch_path=later"})
    empty = replace(settings, database_url=Secret(url.render_as_string(hide_password=False)))
    with pytest.raises(
        StoreError, match="the role reader may not make tables in the schema later - as their owner: GRANT"
    ):
        inspect_database(empty)
    with pytest.raises(StoreError, match="may not use the schema later - as its owner: GRANT USAGE, CREATE ON SCHEMA"):
        open_store(empty)
    there.grant("CREATE ON SCHEMA later")
    open_store(empty).close()
    there.store.close()


def test_a_role_that_owns_no_table_is_told_that_the_migration_needs_the_owner(database: Database) -> None:
    database.grant(
        "ALL ON ALL TABLES IN SCHEMA public", "ALL ON ALL SEQUENCES IN SCHEMA public", "CREATE ON SCHEMA public"
    )
    with database.store.writing() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(StoreError, match="let the owner of the tables run any other command once"):
        inspect_database(database.reader)


def test_a_missing_grant_while_running_is_no_damage(database: Database, now: datetime) -> None:
    database.grant("SELECT ON ALL TABLES IN SCHEMA public")
    steps = [
        ("SELECT, INSERT, UPDATE, DELETE ON feeds", "the role reader may not read and write the table feeds - as its owner: "
         "GRANT SELECT, INSERT, UPDATE, DELETE ON feeds TO reader"),
        ("USAGE ON SEQUENCE feeds_id_seq", "the role reader may not use the sequence feeds_id_seq - as its owner: "
         "GRANT USAGE ON SEQUENCE feeds_id_seq TO reader"),
    ]  # fmt: skip
    store = open_store(database.reader)
    for grant, line in steps:
        with pytest.raises(FAILURES) as caught:
            store.add_feeds([Feed(url="https://a.example/feed")], now)
        known = explain_failure(caught.value)
        assert known is not None
        assert (known.line, known.retryable) == (line, False)
        database.grant(grant)
    assert store.add_feeds([Feed(url="https://a.example/feed")], now) == 1
    store.close()

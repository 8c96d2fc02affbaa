"""With rows of every earlier schema in its tables a database goes up to today's, back down, and up again, and keeps them.

One walk a kind of database: at each revision every table gets rows with a value in each column.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import Engine, text, update

from podwatch.errors import StoreError
from podwatch.settings import Secret, Settings
from podwatch.store.connection import HEAD, connect, schema_revision, upgrade_schema
from podwatch.store.database import open_store
from podwatch.store.downgrade import downgrade_database, known_revisions
from podwatch.store.tables import feeds, transcripts
from tests.support.filled_tables import ROWS, count_rows, fill_every_table, read_rows

Rows = dict[str, list[dict[str, Any]]]
REVISIONS = known_revisions()
DERIVED = {"episode_keys"}  # made anew of the episodes by 0010
# What a migration sets anew, there or back, so that it may differ: it is said beside the migration why.
SET_ANEW = {
    ("deliveries", "reason"),  # of an alert that is due, by 0013
    ("deliveries", "error"),
    ("feeds", "next_poll_at"),  # of one that rests, by 0013 on the way back
}


def make_settings(kind: str, settings: Settings, request: pytest.FixtureRequest) -> Settings:
    if kind == "sqlite":
        return settings
    return replace(settings, database_url=Secret(request.getfixturevalue("postgres").new_database()))


@dataclass(frozen=True)
class Walk:
    """up: the rows at each revision on the way up, when each had got its own. down: on the way back, from HEAD."""

    up: dict[str, Rows]
    down: dict[str, Rows]
    feeds: list[str]
    watches: int
    revision: str | None


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def walk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    home = tmp_path_factory.mktemp("walk")
    made = Settings(home=home, database_url=Secret(f"sqlite:///{home}/podwatch.db"))
    ours = make_settings(request.param, made, request)
    engine = connect(ours)
    up: dict[str, Rows] = {}
    down: dict[str, Rows] = {}
    for step, revision in enumerate(REVISIONS):
        upgrade_schema(engine, revision)
        fill_every_table(engine, first=1 + step * ROWS)
        up[revision] = read_rows(engine)
    for revision in reversed(REVISIONS[:-1]):
        if revision in ("0014", "0007"):
            make_ready(engine, revision)
        downgrade_database(ours, revision)
        down[revision] = read_rows(engine)
    with closing(open_store(ours)) as store:
        yield Walk(up, down, [f.url for f in store.feeds()], len(store.watches()), schema_revision(engine))
    engine.dispose()


def make_ready(engine: Engine, revision: str) -> None:
    """Takes off what keeps a database from going back: see the two refusals below."""
    with engine.begin() as c:
        if revision == "0014":
            c.execute(text("UPDATE transcripts SET pruned_at = NULL"))
        else:
            c.execute(text("UPDATE feeds SET login = NULL"))


def test_every_row_of_an_older_podwatch_is_kept_and_can_be_read(walk: Walk) -> None:
    everywhere = len(REVISIONS) * ROWS
    assert walk.feeds == [f"https://a.example/{n}" for n in range(1, everywhere + 1)]
    assert walk.watches == everywhere
    assert walk.revision == HEAD


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_on_the_way_up_no_row_is_lost(walk: Walk, revision: str) -> None:
    there = REVISIONS[REVISIONS.index(revision) + 1]
    before, after = ({n: len(r) for n, r in walk.up[x].items() if n not in DERIVED} for x in (revision, there))
    assert {n: after[n] for n in before} == {n: count + ROWS for n, count in before.items()}


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_on_the_way_back_every_row_of_that_revision_is_as_it_was(walk: Walk, revision: str) -> None:
    was, now = walk.up[revision], walk.down[revision]
    assert now.keys() == was.keys()
    for table in was.keys() - DERIVED:
        assert {tuple(r) for r in was[table]} == {tuple(r) for r in now[table]}, f"{table}: other columns"
        key = list(was[table][0])[:2]  # the first column is one, or the first two are
        found = {tuple(map(str, (r[k] for k in key))): r for r in now[table]}
        for row in was[table]:
            again = found[tuple(map(str, (row[k] for k in key)))]
            different = {c for c, v in row.items() if again[c] != v and (table, c) not in SET_ANEW}
            assert different == set(), f"{table}: {different}"


# case: (statement that leaves what the older tables cannot say, the revision they would go to, what is said)
REFUSED = {
    "logins that are encrypted": (
        update(feeds).values(login="gAAAAencrypted"), "0007", "the logins of 3 feeds are encrypted",
    ),
    "texts that were pruned": (
        update(transcripts).values(pruned_at=text("fetched_at")), "0014", "the texts of 3 transcripts were pruned",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_older_tables_cannot_say_keeps_all_as_it_is(settings: Settings, what: str) -> None:
    statement, revision, said = REFUSED[what]
    engine = connect(settings)
    upgrade_schema(engine)
    before = fill_every_table(engine)
    with engine.begin() as c:
        c.execute(update(transcripts).values(pruned_at=None))
        c.execute(update(feeds).values(login=None))
        c.execute(statement)
    with pytest.raises(StoreError, match=said):
        downgrade_database(settings, revision)
    assert (schema_revision(engine), count_rows(engine)) == (HEAD, before)
    engine.dispose()


def test_a_rehearsal_says_what_would_be_lost_and_changes_nothing(settings: Settings) -> None:
    engine = connect(settings)
    upgrade_schema(engine)
    before = fill_every_table(engine)
    found = downgrade_database(settings, "0016", rehearse=True)
    assert (found.before, found.revision) == (HEAD, "0016")
    assert (dict(found.lost_rows), found.lost_columns) == ({"hearings": ROWS}, ("feeds.bucket",))
    assert (schema_revision(engine), count_rows(engine)) == (HEAD, before)
    engine.dispose()


@pytest.mark.parametrize("revision", ["0017", "9999", "head", ""])
def test_only_a_revision_that_there_was_can_be_gone_back_to(settings: Settings, revision: str) -> None:
    open_store(settings).close()
    with pytest.raises(StoreError, match=f"no revision before {HEAD} - take one of 0001, 0002"):
        downgrade_database(settings, revision)


def test_logins_go_back_into_the_addresses(settings: Settings) -> None:
    engine = connect(settings)
    upgrade_schema(engine)
    fill_every_table(engine)
    with engine.begin() as c:
        c.execute(update(transcripts).values(pruned_at=None))
        c.execute(update(feeds).values(login=None))
        c.execute(update(feeds).where(feeds.c.id == 1).values(login="me@x.org:p:ss"))
    downgrade_database(settings, "0007")
    with engine.connect() as c:
        assert c.execute(text("SELECT url FROM feeds WHERE id = 1")).scalar() == "https://me%40x.org:p%3Ass@a.example/1"
    upgrade_schema(engine)
    with engine.connect() as c:
        row = c.execute(text("SELECT url, login FROM feeds WHERE id = 1")).one()
    assert tuple(row) == ("https://a.example/1", "me@x.org:p:ss")
    engine.dispose()


def test_what_only_the_wider_net_proposed_goes_with_its_column(settings: Settings) -> None:
    engine = connect(settings)
    upgrade_schema(engine)
    fill_every_table(engine)
    with engine.begin() as c:
        c.execute(text("UPDATE hearings SET is_wide = (id = 1)"))
        kept = c.execute(text("SELECT id FROM hearings WHERE NOT is_wide ORDER BY id")).scalars().all()
    downgrade_database(settings, "0020")
    with engine.connect() as c:
        assert c.execute(text("SELECT id FROM hearings ORDER BY id")).scalars().all() == kept
    assert len(kept) == ROWS - 1
    engine.dispose()

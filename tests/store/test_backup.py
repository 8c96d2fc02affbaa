"""A backup holds every row as it was at one moment, and brings it back into either kind of database, or changes nothing."""

from __future__ import annotations

import random
import threading
import tracemalloc
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from podwatch.errors import StoreError
from podwatch.history.search import compile_search, search
from podwatch.line.search_index import index_transcripts
from podwatch.model import Feed, Watch
from podwatch.settings import Secret, Settings
from podwatch.store.backup import back_up
from podwatch.store.backup_file import TableHead, read_head, read_parts
from podwatch.store.connection import HEAD, connect, upgrade_schema
from podwatch.store.database import Store, open_store
from podwatch.store.marks import RESTORED
from podwatch.store.restore import restore
from podwatch.store.search import SearchScope
from tests.support.filled_tables import ROWS, fill_every_table
from tests.support.migrated_database import place_database
from tests.support.stored_transcripts import store_alert, store_dialogues

KINDS = ("sqlite", "postgresql")
Rows = dict[str, list[dict[str, Any]]]


class Databases:
    """Empty databases of either kind, as many as a test needs."""

    def __init__(self, settings: Settings, request: pytest.FixtureRequest) -> None:
        self._settings, self._request, self._made = settings, request, 0

    def new(self, kind: str) -> Settings:
        self._made += 1
        home = self._settings.home / f"{self._made}"
        home.mkdir(parents=True)
        url = f"sqlite:///{home / 'podwatch.db'}"
        if kind == "postgresql":
            url = self._request.getfixturevalue("postgres").new_database()
        return replace(self._settings, home=home, database_url=Secret(url))

    def filled(self, kind: str, revision: str = HEAD) -> Settings:
        """One with rows in every table of that revision."""
        made = self.new(kind)
        if (kind, revision) == ("sqlite", HEAD):
            place_database(made.home)
        with closing_engine(made) as engine:
            upgrade_schema(engine, revision)
            fill_every_table(engine)
        return made


@pytest.fixture
def databases(settings: Settings, request: pytest.FixtureRequest) -> Databases:
    return Databases(settings, request)


class closing_engine:
    """An engine that is disposed of at the end of the block."""

    def __init__(self, settings: Settings) -> None:
        self._engine = connect(settings)

    def __enter__(self) -> Engine:
        return self._engine

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()


def run_sql(settings: Settings, *statements: str) -> None:
    with closing_engine(settings) as engine, engine.begin() as c:
        for statement in statements:
            c.execute(text(statement))


def rows_in(file: Path) -> Rows:
    """The rows of each table, in order, without the mark that a restore leaves."""
    found: Rows = {}
    names: list[str] = []
    for part in read_parts(file):
        if isinstance(part, TableHead):
            found[part.name] = rows = []
            names = [name for name, _ in part.columns]
        else:
            row = dict(zip(names, part, strict=True))
            if row.get("name") != RESTORED:
                rows.append(row)
    return {name: sorted(rows, key=lambda row: repr(sorted(row.items()))) for name, rows in found.items()}


@pytest.mark.parametrize("first", KINDS)
def test_rows_of_every_table_come_through_the_other_kind_of_database_and_back_unchanged(
    first: str, databases: Databases, tmp_path: Path, now: datetime
) -> None:
    second = next(kind for kind in KINDS if kind != first)
    origin = databases.filled(first)
    # What a load row by row would trip over: a row before the one it refers to, null beside values, odd texts.
    run_sql(
        origin,
        "UPDATE deliveries SET digest_id = 3, parent_id = 2, error = NULL, content = NULL WHERE id = 1",
        "UPDATE feeds SET title = 'Ünïcode \U0001f399 \"quoted\"\nline', facts = NULL, login = 'gAAAA:sealed' WHERE id = 2",
        "UPDATE mentions SET seconds = NULL, score = 0.1, gone_at = NULL WHERE id = 3",
    )
    files = [tmp_path / f"{n}.backup" for n in range(3)]
    back_up(origin, files[0], now)
    other, again = databases.new(second), databases.new(first)
    restore(other, files[0], now)
    back_up(other, files[1], now)
    restore(again, files[1], now)
    back_up(again, files[2], now)
    assert {len(rows) for rows in rows_in(files[0]).values()} == {ROWS}
    assert rows_in(files[0]) == rows_in(files[1]) == rows_in(files[2])
    assert [read_head(f).database for f in files] == [first, second, first]


@pytest.mark.parametrize("kind", KINDS)
def test_new_rows_are_numbered_behind_those_that_were_restored(
    kind: str, databases: Databases, tmp_path: Path, now: datetime
) -> None:
    back_up(databases.filled("sqlite"), tmp_path / "a", now)
    target = databases.new(kind)
    restore(target, tmp_path / "a", now)
    with closing(open_store(target)) as store:
        store.add_feeds([Feed(url="https://new.example/feed")], now)
        assert [f.id for f in store.feeds()] == [1, 2, 3, 4]
        assert store.add_view_token("t", "", "me", now) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_stored_by_the_line_is_read_as_before(
    kind: str, databases: Databases, tmp_path: Path, now: datetime
) -> None:
    origin = databases.new("sqlite")
    with closing(open_store(origin)) as store:
        store_alert(store, now)
        store_dialogues(store, now, "talk", ["hello/there", None, "größe 안녕"])
        before = read_all(store)
    back_up(origin, tmp_path / "a", now)
    target = databases.new(kind)
    restore(target, tmp_path / "a", now)
    with closing(open_store(target)) as store:
        assert read_all(store) == before
        assert len(list(store.transcripts_due(2, now))) == 3  # a watch that comes after the restore is looked for


@pytest.mark.parametrize("kind", KINDS)
def test_a_search_finds_what_was_restored_and_nothing_of_what_was_replaced(
    kind: str, databases: Databases, tmp_path: Path, now: datetime
) -> None:
    origin, target = databases.new("sqlite"), databases.new(kind)
    for made, words in ((origin, "the grain came"), (target, "the barley went")):
        with closing(open_store(made)) as store:
            store_dialogues(store, now, "talk", [words])
            index_transcripts(store, lambda done, of: None)
    back_up(origin, tmp_path / "a", now)
    restore(target, tmp_path / "a", now, replace=True)
    with closing(open_store(target)) as store:
        for _ in range(2):  # before it is indexed, and after
            found = [search(store, compile_search(w), SearchScope(), limit=9).count for w in ("grain", "barley")]
            assert found == [1, 0]
            index_transcripts(store, lambda done, of: None)
        assert store.index_state().indexed == 1


def read_all(store: Store) -> list[object]:
    sources = list(store.load_sources(store.transcript_ids()))
    texts = [(s.transcript.text, list(s.transcript.starts), list(s.transcript.speakers), s.episode) for s in sources]
    found = list(store.mentions())
    return [texts, found, store.watches(), store.feeds(), store.alert_states()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_is_of_one_moment_while_others_write(
    kind: str, databases: Databases, tmp_path: Path, now: datetime
) -> None:
    """Each transaction of the writer adds a feed and a mark, far apart in the order of tables: there are as many."""
    origin = databases.new(kind)
    with closing(open_store(origin)) as store:
        stop, written = threading.Event(), threading.Event()

        def write() -> None:
            n = 0
            while not stop.is_set():
                n += 1
                with store.writing() as c:
                    url = f"https://a.example/{n}"
                    c.execute(text(INSERT_FEED), {"url": url, "now": str(now)})
                    c.execute(
                        text("INSERT INTO marks (name, at, value) VALUES (:url, :now, '')"),
                        {"url": url, "now": str(now)},
                    )
                written.set()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            written.wait(20)
            heads = [back_up(origin, tmp_path / f"{n}", now) for n in range(5)]
        finally:
            stop.set()
            writer.join()
    for n, head in enumerate(heads):
        rows = rows_in(tmp_path / f"{n}")
        assert len(rows["feeds"]) == len(rows["marks"]) == head.rows["feeds"]
    assert heads[0].rows["feeds"] < heads[-1].rows["feeds"]


INSERT_FEED = "INSERT INTO feeds (url, title, tags, added_at, recent, failures) VALUES (:url, '', '[]', :now, '[]', 0)"


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_with_rows_is_kept_unless_it_is_to_be_replaced_and_then_nothing_of_it_is_left(
    kind: str, databases: Databases, tmp_path: Path, now: datetime
) -> None:
    back_up(databases.filled("sqlite"), tmp_path / "a", now)
    target = databases.new(kind)
    with closing(open_store(target)) as store:
        store.add_feeds([Feed(url=f"https://old.example/{n}") for n in range(9)], now)
        store.sync_watches([Watch(name="old", query="old")], now)
    with pytest.raises(StoreError, match=r"the database is not empty: it has 10 rows - .*--replace"):
        restore(target, tmp_path / "a", now)
    back_up(target, tmp_path / "b", now)
    assert len(rows_in(tmp_path / "b")["feeds"]) == 9
    restore(target, tmp_path / "a", now, replace=True)
    back_up(target, tmp_path / "c", now)
    assert rows_in(tmp_path / "c") == rows_in(tmp_path / "a")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("revision", ["0001", "0007", "0011", "0013"])
def test_a_backup_of_an_older_podwatch_is_migrated_on_the_way(
    revision: str, kind: str, databases: Databases, tmp_path: Path, now: datetime
) -> None:
    back_up(databases.filled("sqlite", revision), tmp_path / "a", now)
    assert read_head(tmp_path / "a").revision == revision
    target = databases.new(kind)
    restore(target, tmp_path / "a", now)
    with closing(open_store(target)) as store:
        assert [f.url for f in store.feeds()] == [f"https://a.example/{n}" for n in range(1, ROWS + 1)]
        assert store.add_feeds([Feed(url="https://new.example/feed")], now) == 1
        assert store.mark(RESTORED) is not None


@pytest.fixture(scope="module")
def backup_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    home = tmp_path_factory.mktemp("filled")
    made = Settings(home=home, database_url=Secret(f"sqlite:///{home / 'podwatch.db'}"))
    with closing_engine(made) as engine:
        upgrade_schema(engine)
        fill_every_table(engine)
    back_up(made, home / "whole", datetime.fromisoformat("2026-11-03T06:00:00+00:00"))
    return (home / "whole").read_bytes()


@example(share=0.99999)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_is_cut_off_anywhere_is_refused(
    share: float, backup_bytes: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    refuse(backup_bytes[: int(len(backup_bytes) * share)], tmp_path_factory)


@example(share=0.0016, bit=4)  # a bit of zstd's own header that says nothing
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_file_in_which_a_bit_has_changed_is_refused_unless_it_holds_the_same(
    share: float, bit: int, backup_bytes: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    at, folder = int(len(backup_bytes) * share), tmp_path_factory.mktemp("changed")
    changed = backup_bytes[:at] + bytes([backup_bytes[at] ^ 1 << bit]) + backup_bytes[at + 1 :]
    (folder / "whole").write_bytes(backup_bytes)
    (folder / "changed").write_bytes(changed)
    try:
        held = list(read_parts(folder / "changed"))
    except StoreError:
        refuse(changed, tmp_path_factory)
    else:
        assert held == list(read_parts(folder / "whole"))


@given(line=st.integers(0, 200), data=st.data())
def test_a_file_that_lacks_a_line_or_has_one_twice_is_refused(
    line: int, data: st.DataObject, backup_bytes: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = zstandard.ZstdDecompressor().decompressobj().decompress(backup_bytes).splitlines(keepends=True)
    line %= len(lines)
    changed = data.draw(st.sampled_from([lines[:line] + lines[line + 1 :], lines[: line + 1] + lines[line:]]))
    refuse(zstandard.compress(b"".join(changed)), tmp_path_factory)


def refuse(content: bytes, folders: pytest.TempPathFactory) -> None:
    """The file is refused in one line, and no database is made."""
    home = folders.mktemp("target")
    (home / "file").write_bytes(content)
    target = Settings(home=home, database_url=Secret(f"sqlite:///{home / 'podwatch.db'}"))
    with pytest.raises(StoreError, match=r"damaged|cut off|no backup of podwatch|newer podwatch") as raised:
        restore(target, home / "file", datetime.fromisoformat("2026-11-03T06:00:00+00:00"))
    assert "\n" not in str(raised.value)
    assert not (home / "podwatch.db").exists()


def test_a_backup_of_a_newer_podwatch_is_refused(databases: Databases, tmp_path: Path, now: datetime) -> None:
    origin = databases.filled("sqlite")
    back_up(origin, tmp_path / "a", now)
    lines = zstandard.ZstdDecompressor().decompressobj().decompress((tmp_path / "a").read_bytes())
    with closing_engine(origin) as engine, engine.begin() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    back_up(origin, tmp_path / "a", now)
    with pytest.raises(StoreError, match=r"newer podwatch \(revision 9999, this one knows \d{4}\) - upgrade podwatch"):
        restore(databases.new("sqlite"), tmp_path / "a", now)
    (tmp_path / "b").write_bytes(zstandard.compress(lines.replace(b'"podwatch_backup":1', b'"podwatch_backup":2', 1)))
    with pytest.raises(StoreError, match="was made by a newer podwatch - upgrade podwatch"):
        restore(databases.new("sqlite"), tmp_path / "b", now)


def test_only_its_owner_may_read_the_file_and_nothing_unfinished_is_left(
    databases: Databases, tmp_path: Path, now: datetime
) -> None:
    back_up(databases.filled("sqlite"), tmp_path / "a", now)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError, match=r"cannot be written \(Is a directory\)"):
        back_up(databases.filled("sqlite"), tmp_path, now)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "home"]


def test_a_restored_copy_is_known_as_one_since_when_it_was_made(
    databases: Databases, tmp_path: Path, now: datetime
) -> None:
    back_up(databases.filled("sqlite"), tmp_path / "a", now)
    target, later = databases.new("sqlite"), now + timedelta(hours=9)
    restore(target, tmp_path / "a", later)
    with closing(open_store(target)) as store:
        mark = store.mark(RESTORED)
    assert mark is not None
    assert (mark.at, datetime.fromisoformat(mark.value)) == (later, now)


def test_memory_does_not_grow_with_the_database(databases: Databases, tmp_path: Path, now: datetime) -> None:
    origin = databases.new("sqlite")
    with closing(open_store(origin)) as store:
        store.add_feeds([Feed(url=f"https://a.example/{n}") for n in range(160)], now)
        with store.writing() as c:
            for n in range(1, 161):
                c.execute(
                    text("INSERT INTO feed_items VALUES (:n, :known)"),
                    {"n": n, "known": random.Random(n).randbytes(500_000)},
                )
    tracemalloc.start()
    try:
        back_up(origin, tmp_path / "a", now)
        restore(databases.new("sqlite"), tmp_path / "a", now)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "a").stat().st_size > 75e6
    assert peak < 40e6

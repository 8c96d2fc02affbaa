"""podwatch db: what it says of a database that is new, older, newer or large, and what it migrates."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

import pytest

from podwatch.errors import PodwatchError, StoreError
from podwatch.settings import Settings
from podwatch.store.connection import HEAD, connect, schema_revision, upgrade_schema
from podwatch.store.database import open_store
from tests.support.command_runner import run_command
from tests.support.stored_transcripts import store_alert


def set_revision(settings: Settings, revision: str) -> None:
    with sqlite3.connect(settings.home / "podwatch.db") as c:
        c.execute("UPDATE alembic_version SET version_num = ?", [revision])
    c.close()


def make_tables(settings: Settings, revision: str) -> None:
    engine = connect(settings)
    upgrade_schema(engine, revision)
    engine.dispose()


def test_status_of_no_database_says_so_and_makes_none(settings: Settings) -> None:
    status, out, _ = run_command(settings, "db", "status")
    assert status == 1
    assert out[1] == "it has no tables yet - podwatch db migrate makes them"
    assert not (settings.home / "podwatch.db").exists()


def test_status_counts_the_rows_of_every_table(settings: Settings, now: datetime) -> None:
    store = open_store(settings)
    store_alert(store, now)
    store.close()
    status, [line], _ = run_command(settings, "db", "status", "--json")
    found = json.loads(line)
    assert (status, found["revision"], found["wanted"]) == (0, HEAD, HEAD)
    assert found["bytes"] == (settings.home / "podwatch.db").stat().st_size
    assert {n: found["tables"][n] for n in ("feeds", "episodes", "transcripts", "mentions", "deliveries")} == {
        "feeds": 1, "episodes": 1, "transcripts": 1, "mentions": 2, "deliveries": 1,
    }  # fmt: skip
    assert found["tables"]["audit"] == 0
    _, lines, _ = run_command(settings, "db", "status")
    assert lines[1] == f"revision {HEAD}, which this podwatch needs"
    assert lines[2].split() == ["answers", "0"]


@pytest.mark.parametrize(
    ("revision", "says"),
    [
        ("0007", f"revision 0007, this podwatch needs {HEAD} - back it up, then podwatch db migrate"),
        ("9999", f"revision 9999, this podwatch knows {HEAD} at most - upgrade podwatch"),
    ],
)
def test_status_of_another_revision_changes_nothing_and_fails(settings: Settings, revision: str, says: str) -> None:
    make_tables(settings, "0007")
    set_revision(settings, revision)
    status, out, _ = run_command(settings, "db", "status")
    assert (status, out[1]) == (1, says)
    engine = connect(settings)
    assert schema_revision(engine) == revision
    engine.dispose()


def test_migrate_makes_the_tables_then_brings_older_ones_up_to_date_and_then_has_nothing_to_do(
    settings: Settings,
) -> None:
    make_tables(settings, "0007")
    assert run_command(settings, "db", "migrate")[1] == [f"revision {HEAD}, before 0007"]
    assert run_command(settings, "db", "migrate")[1] == [f"revision {HEAD} already: nothing to do"]
    (settings.home / "podwatch.db").unlink()
    assert run_command(settings, "db", "migrate")[1] == [f"revision {HEAD}: the tables were made"]


def test_migrate_refuses_the_tables_of_a_newer_podwatch(settings: Settings) -> None:
    make_tables(settings, HEAD)
    set_revision(settings, "9999")
    with pytest.raises(StoreError, match=r"made by a newer podwatch \(version 9999"):
        run_command(settings, "db", "migrate")


def test_with_the_switch_off_only_migrate_changes_older_tables(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tables(settings, "0007")
    monkeypatch.setenv("PODWATCH_MIGRATE", "off")
    with pytest.raises(StoreError, match=r"at revision 0007, .* PODWATCH_MIGRATE is off - .*podwatch db migrate"):
        run_command(settings, "feeds", "list")
    run_command(settings, "db", "migrate")
    assert run_command(settings, "feeds", "list")[0] == 0


def test_with_the_switch_off_a_new_database_is_made_all_the_same(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODWATCH_MIGRATE", "off")
    assert run_command(settings, "feeds", "list")[0] == 0


def test_downgrade_lists_what_goes_and_asks_before_it_takes_the_tables_back(settings: Settings) -> None:
    make_tables(settings, HEAD)
    status, out, _ = run_command(settings, "db", "downgrade", "0016", "--dry-run")
    assert (status, out) == (
        0,
        [f"from revision {HEAD} to 0016", "rows that go: none", "columns that go: feeds.bucket"],
    )
    with pytest.raises(PodwatchError, match="nothing was changed - say --yes"):
        run_command(settings, "db", "downgrade", "0016")
    assert run_command(settings, "db", "status")[0] == 0
    _, out, _ = run_command(settings, "db", "downgrade", "0016", "--yes")
    assert out[-1] == "revision 0016: now install the podwatch that needs it"
    assert run_command(settings, "db", "status")[0] == 1
    assert run_command(settings, "db", "migrate")[1] == [f"revision {HEAD}, before 0016"]


def test_downgrade_as_json_is_one_object(settings: Settings) -> None:
    make_tables(settings, HEAD)
    _, [line], _ = run_command(settings, "db", "downgrade", "0016", "--yes", "--json")
    assert json.loads(line) == {
        "before": HEAD, "revision": "0016", "done": True, "lost_rows": {}, "lost_columns": ["feeds.bucket"],
    }  # fmt: skip

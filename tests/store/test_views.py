"""The views for those who read with SQL say what the commands list, and docs/database.md describes every column."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text, update

from podwatch.model import DeliveryState, HoldReason, Watch
from podwatch.store.database import Store
from podwatch.store.sent_messages import schedule_edits
from podwatch.store.tables import deliveries, metadata
from tests.support.stored_transcripts import store_alert

PAGE = (Path(__file__).parents[2] / "docs/database.md").read_text(encoding="utf-8")


def described(kind: str) -> dict[str, list[str]]:
    """name -> the columns that the page names, of each view or table."""
    parts = re.findall(rf"### {kind} `(\w+)`\n(.*?)(?=\n##|\nOthers|\Z)", PAGE, re.DOTALL)
    return {name: [c for row in re.findall(r"^\|(.*?)\|", body, re.M) for c in re.findall(r"`(\w+)`", row)]
            for name, body in parts}  # fmt: skip


def rows(store: Store, view: str) -> list[dict[str, Any]]:
    with store.reading() as c:
        return [dict(r) for r in c.execute(text(f"SELECT * FROM {view} ORDER BY id")).mappings()]


def test_the_page_describes_every_column_of_every_view(store: Store) -> None:
    there = inspect(store.engine)
    views = {name: {c["name"] for c in there.get_columns(name)} for name in there.get_view_names()}
    assert {name: set(columns) for name, columns in described("View").items()} == views
    assert set(views) == {"alerts_sent", "alerts_held", "mentions_full"}


def test_the_page_describes_every_column_of_the_tables_or_says_that_they_are_its_own() -> None:
    tables = described("Table")
    own = set(re.findall(r"`(\w+)`", PAGE[PAGE.index("\nOthers") :]))
    assert set(tables) | own == set(metadata.tables)
    assert not set(tables) & own
    for name, columns in tables.items():
        assert sorted(columns) == sorted(c.name for c in metadata.tables[name].columns), name


def test_a_mention_is_there_with_its_show_as_long_as_it_is_said_and_watched(store: Store, now: datetime) -> None:
    store_alert(store, now)
    found, _ = rows(store, "mentions_full")
    assert (found["watch"], found["surface"]) == ("grain", "grain")
    assert found["episode"]
    store.sync_watches([Watch(name="other", query="other")], now)
    assert rows(store, "mentions_full") == []


def test_an_alert_is_in_the_view_of_its_state(store: Store, now: datetime) -> None:
    store_alert(store, now)
    assert (rows(store, "alerts_sent"), rows(store, "alerts_held")) == ([], [])
    [due] = store.deliveries_due(now + timedelta(hours=1))
    assert store.hold_delivery(due, HoldReason.QUIET, now + timedelta(hours=9))
    [held] = rows(store, "alerts_held")
    assert (held["key"], held["reason"], held["why"]) == (due.key, "QUIET", HoldReason.QUIET.value)
    sent = {"state": DeliveryState.SENT.value, "sent_at": now, "notifier": "slack", "remote_channel": "C1"}
    store.execute(update(deliveries).values(**sent))
    [seen] = rows(store, "alerts_sent")
    assert (seen["key"], seen["watch"], seen["mentions"], seen["remote_channel"]) == (due.key, "grain", 2, "C1")
    assert rows(store, "alerts_held") == []


FREED = [HoldReason.GONE, HoldReason.BOILERPLATE, HoldReason.MINIMUM]


@pytest.mark.parametrize("why", FREED, ids=lambda why: why.name)
def test_what_is_due_again_has_no_reason_any_more(store: Store, now: datetime, why: HoldReason) -> None:
    store_alert(store, now)
    [due] = store.deliveries_due(now + timedelta(hours=1))
    assert store.hold_delivery(due, why, None)
    with store.writing() as c:
        [row] = c.execute(text("SELECT watch_id, identity FROM deliveries")).all()
        schedule_edits(c, [row.watch_id], row.identity, now)
    [alert] = store.list_alerts()
    assert (alert.delivery.state, alert.delivery.reason, alert.delivery.error) == (DeliveryState.DUE, None, None)

"""What was found for a watch that is no longer on the watchlist stays readable, and is shown as such."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from podwatch import runtime
from podwatch.model import Watch
from podwatch.settings import Settings
from tests.support.command_runner import run_command
from tests.support.stored_transcripts import GRAIN, store_alert


@pytest.fixture
def retired(settings: Settings, now: datetime) -> Settings:
    """A store in which the watch grain was found twice, and then taken off the list."""
    with runtime.build(settings) as rt:
        store_alert(rt.store, now)
        rt.store.sync_watches([Watch(name="other", query="other")], now + timedelta(days=1))
    return settings


def names(settings: Settings, *arguments: str) -> list[tuple[str, bool]]:
    """(watch, whether it is retired) of each row that a list prints."""
    rows = [json.loads(line) for line in run_command(settings, *arguments, "--json")[1]]
    return [(r.get("watch") or r["name"], r["retired_at"] is not None) for r in rows]


def test_its_mentions_are_listed_where_it_is_named_or_retired_ones_are_asked_for(retired: Settings) -> None:
    assert names(retired, "mentions") == []
    assert names(retired, "mentions", "--watch", "grain") == [("grain", True)] * 2
    assert names(retired, "mentions", "--retired") == [("grain", True)] * 2


def test_the_table_calls_it_retired(retired: Settings) -> None:
    _, lines, _ = run_command(retired, "mentions", "--retired")
    assert [line.split("\t")[2] for line in lines] == ["watch", "grain (retired)", "grain (retired)"]


def test_the_list_of_watches_has_it_on_request_with_the_day_it_left(retired: Settings) -> None:
    assert names(retired, "watches", "list") == [("other", False)]
    assert names(retired, "watches", "list", "--retired") == [("other", False), ("grain", True)]
    _, lines, _ = run_command(retired, "watches", "list", "--retired")
    assert lines[0].split("\t")[-1] == "retired_at"
    assert lines[2].split("\t")[-1].startswith("2026-11-04")


def test_a_watch_that_is_back_is_no_longer_retired(retired: Settings, now: datetime) -> None:
    with runtime.build(retired) as rt:
        rt.store.sync_watches([GRAIN], now + timedelta(days=2))
    assert names(retired, "mentions") == [("grain", False)] * 2
    assert names(retired, "watches", "list", "--retired") == [("grain", False), ("other", True)]

"""A report is saved once under its key, and is read again as it was made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import update

from podwatch.model import Report
from podwatch.store.database import Store
from podwatch.store.tables import episodes, mentions
from tests.support.stored_transcripts import store_alert

REPORT = Report(
    key="k",
    channel="#a",
    name="week",
    title="A week",
    lines=("one", "two"),
    columns=("watch",),
    rows=(("grain",), ("é",)),
)


def test_a_report_is_saved_once_and_read_as_it_was_made(store: Store, now: datetime) -> None:
    assert store.save_report(REPORT, now, now)
    assert not store.save_report(replace(REPORT, title="Another"), now, now)
    [due] = store.deliveries_due(now)
    assert store.content_of(due) == REPORT
    assert store.made_reports({"k", "other"}) == {"k"}


def test_a_report_is_due_when_it_says(store: Store, now: datetime) -> None:
    store.save_report(REPORT, now + timedelta(hours=2), now)
    assert store.deliveries_due(now + timedelta(hours=1)) == []
    assert len(store.deliveries_due(now + timedelta(hours=2))) == 1


def test_only_mentions_that_are_news_end_a_silence(store: Store, now: datetime) -> None:
    store_alert(store, now)
    [watch] = store.watches()
    assert store.last_found_at([watch]) == {watch.id: now}
    store.execute(update(episodes).values(backlog=True))
    assert store.last_found_at([watch]) == {}, "a backfill found it"
    store.execute(update(episodes).values(backlog=False))
    store.execute(update(mentions).values(gone_at=now))
    assert store.last_found_at([watch]) == {}, "a correction took it away"

"""Texts that have expired go at the end of a line; what was found in them, and that they were listened to, stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from podwatch import runtime
from podwatch.diagnose.coverage import coverage_line
from podwatch.history.backfill import backfill
from podwatch.history.search import compile_search, search
from podwatch.line.retention import prune_expired
from podwatch.line.search_index import index_transcripts
from podwatch.line.verbs import LINE
from podwatch.model import Backfill, Feed, Watch
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from podwatch.store.database import Store
from podwatch.store.search import SearchScope
from podwatch.store.tables import entities, entity_spans, transcripts
from tests.support.command_runner import run_command
from tests.support.podcast_host import Podcast, item, rss, vtt
from tests.support.stored_entities import KELLOGG, list_unread, save_for_all
from tests.support.stored_transcripts import (
    count_undetected,
    list_wanted,
    store_alert,
    store_dialogues,
)

YEAR = timedelta(days=365)
GRAIN = Watch(name="grain", query="grain")


@pytest.fixture
def kept_a_month(store: Store, settings: Settings) -> Iterator[Runtime]:
    """The line over the store, with a retention of 30 days."""
    with runtime.build(replace(settings, keep_days=30)) as rt:
        rt.store.close()
        rt.store = store
        yield rt


def texts(store: Store) -> dict[str, str]:
    return {s.episode.title: s.transcript.text for s in store.load_sources(store.transcript_ids())}


def pruned(store: Store) -> int:
    return len(store.read_rows(select(transcripts.c.id).where(transcripts.c.pruned_at.is_not(None))))


def test_a_text_goes_when_its_days_are_over_and_not_before(kept_a_month: Runtime, now: datetime) -> None:
    store = kept_a_month.store
    store_dialogues(store, now, "old", ["one", "two"])
    store_dialogues(store, now + timedelta(days=10), "new", ["three"])
    assert prune_expired(kept_a_month, now + timedelta(days=30)) == 0
    assert prune_expired(kept_a_month, now + timedelta(days=31)) == 2
    assert texts(store) == {"new 0": "three"}
    assert prune_expired(kept_a_month, now + timedelta(days=32)) == 0


def test_a_feed_may_keep_its_texts_longer_shorter_or_for_ever(kept_a_month: Runtime, now: datetime) -> None:
    store = kept_a_month.store
    for show, days in (("plain", None), ("short", 2), ("long", 90), ("archive", 0)):
        store_dialogues(store, now, show, ["words"])
        [feed] = [f for f in store.feeds() if show in f.url]
        store.set_keep(feed.id, days)
    prune_expired(kept_a_month, now + timedelta(days=3))
    assert set(texts(store)) == {"plain 0", "long 0", "archive 0"}
    prune_expired(kept_a_month, now + timedelta(days=40))
    assert set(texts(store)) == {"long 0", "archive 0"}
    prune_expired(kept_a_month, now + 9 * YEAR)
    assert set(texts(store)) == {"archive 0"}


def test_one_run_prunes_no_more_than_its_share(kept_a_month: Runtime, now: datetime) -> None:
    store_dialogues(kept_a_month.store, now, "old", ["words"] * 7)
    later = now + YEAR
    assert [prune_expired(kept_a_month, later, most=3) for _ in range(4)] == [3, 3, 1, 0]


def test_mentions_alerts_and_coverage_are_as_they_were(kept_a_month: Runtime, now: datetime) -> None:
    store = kept_a_month.store
    store_alert(store, now)

    def read() -> list[object]:
        found = [(m.mention, m.episode.title) for m in store.mentions()]
        alerts = [(d.key, store.alert_of(d)) for d in store.deliveries_due(now)]
        return [found, alerts, store.alert_states(), coverage_line(store, now + YEAR)]

    before = read()
    assert before[0]
    assert before[1]
    assert prune_expired(kept_a_month, now + YEAR) == 1
    assert read() == before


def test_nothing_of_the_text_is_left_in_the_database(kept_a_month: Runtime, now: datetime) -> None:
    store = kept_a_month.store
    store_dialogues(store, now, "old", ["Kellogg flew to Moscow"])
    save_for_all(store, now, KELLOGG)
    prune_expired(kept_a_month, now + YEAR)
    [row] = store.read_rows(select(transcripts.c.body, transcripts.c.labels, transcripts.c.characters))
    assert (row.body, row.labels) == (b"", b"")
    assert row.characters > 0
    assert [r.body for r in store.read_rows(select(entity_spans.c.body))] == [b""]
    assert store.entities_of([1]) == {}
    # How often a name was said is counted over years: that stays.
    assert len(store.read_rows(select(entities.c.count))) == 1


def test_a_text_in_which_a_watch_was_not_looked_for_waits_for_that(kept_a_month: Runtime, now: datetime) -> None:
    store = kept_a_month.store
    store_dialogues(store, now, "old", ["the grain came"])
    store.sync_watches([GRAIN], now)
    assert prune_expired(kept_a_month, now + YEAR) == 0
    LINE["detect"](kept_a_month, now + YEAR)
    assert prune_expired(kept_a_month, now + YEAR) == 1
    assert [m.mention.surface for m in store.mentions()] == ["grain"]


def test_a_pruned_text_is_on_no_to_do_list_whatever_changes(kept_a_month: Runtime, now: datetime) -> None:
    store = kept_a_month.store
    later = now + YEAR
    store_dialogues(store, now, "old", ["the grain came"])
    prune_expired(kept_a_month, later)
    store.sync_watches([GRAIN], later)
    assert count_undetected(store) == 0
    assert list(store.transcripts_due(store.watches_to_detect().latest, later)) == []
    assert store.requeue_watches(None, None) == 0
    assert store.requeue_watches(None, later - timedelta(days=1)) == 0
    store.sync_watches([GRAIN, Watch(name="new", query="new")], later)
    assert count_undetected(store) == 0
    assert list_unread(store, later) == []
    assert store.count_unread() == 0
    assert list_wanted(store, later) == []
    assert store.episodes_without_transcript() == []
    assert list(store.newest_sources(10)) == []


def test_a_pruned_text_is_not_in_the_search_index_nor_waits_to_be(kept_a_month: Runtime, now: datetime) -> None:
    store = kept_a_month.store
    store_dialogues(store, now, "old", ["the grain came"])
    store_dialogues(store, now + YEAR, "new", ["more grain"])
    index_transcripts(store, lambda done, of: None)
    assert prune_expired(kept_a_month, now + YEAR) == 1
    found = search(store, compile_search("grain"), SearchScope(), limit=10)
    assert [h.source.episode.title for h in found.hits] == ["new 0"]
    assert (found.candidates, store.count_searchable(SearchScope())) == (1, 1)
    state = store.index_state()
    assert (state.transcripts, state.indexed) == (1, 1)
    store.clear_index()
    assert index_transcripts(store, lambda done, of: None) == 1


def test_an_address_that_a_feed_changes_does_not_have_a_pruned_text_fetched_again(
    kept_a_month: Runtime, podcast: Podcast, now: datetime
) -> None:
    rt, host = kept_a_month, podcast
    serve(host, "/one.vtt")
    run_line(rt, host, now)
    assert len(texts(rt.store)) == 1
    prune_expired(rt, now + YEAR)
    serve(host, "/moved/two.vtt")
    run_line(rt, host, now + YEAR)
    assert texts(rt.store) == {}
    assert pruned(rt.store) == 1


def test_a_backfill_brings_a_text_back_with_its_mentions_told_once(
    kept_a_month: Runtime, podcast: Podcast, now: datetime
) -> None:
    rt, host, later = kept_a_month, podcast, now + YEAR
    serve(host, "/one.vtt")
    run_line(rt, host, now)
    before = [(m.mention, m.mention_id) for m in rt.store.mentions()]
    assert rt.store.alert_states() == {"sent": 1}
    prune_expired(rt, later)
    b = Backfill(since=datetime(2026, 1, 1, tzinfo=UTC), until=later)
    backfill(rt, rt.store.add_backfill(b, later), later)
    assert list(texts(rt.store).values()) == ["The grain came."]
    assert [(m.mention, m.mention_id) for m in rt.store.mentions()] == before
    assert len(list_unread(rt.store, later)) == 1
    LINE["deliver"](rt, later)
    assert rt.store.alert_states() == {"sent": 1}
    assert prune_expired(rt, later + timedelta(days=29)) == 0
    assert prune_expired(rt, later + timedelta(days=31)) == 1


def serve(host: Podcast, path: str) -> None:
    address = host.serve(path, vtt("The grain came."), "text/vtt")
    host.serve("/feed.xml", rss(item("one", transcript=address, published="Sun, 01 Nov 2026 05:00:00 +0000")))


def run_line(rt: Runtime, host: Podcast, now: datetime) -> None:
    rt.store.add_feeds([Feed(url=host.url("/feed.xml"))], now)
    rt.store.sync_watches([GRAIN], now)
    for verb in LINE.values():
        verb(rt, now)


def test_explain_says_that_the_text_was_pruned_and_what_became_of_the_alert(settings: Settings, now: datetime) -> None:
    long_ago = now - 4 * YEAR
    with runtime.build(settings) as rt:
        store_alert(rt.store, long_ago)
    _, lines, _ = run_command(settings, "prune", "--older-than", "2y", "--yes")
    assert lines == ["pruned 1 transcript, 0.0 MB of text"]
    _, lines, _ = run_command(settings, "explain", "--watch", "grain", "--episode", "one")
    assert lines[2].startswith("transcript: its text was pruned at ")
    assert lines[2].endswith("; what was found in it until then is kept")
    assert lines[3].startswith("delivery: due for ")
    _, [line], _ = run_command(settings, "mentions", "--json", "--limit", "1")
    assert json.loads(line)["snippet"] == "grain, the grain"


def test_prune_says_what_would_go_and_removes_nothing_unasked(settings: Settings, now: datetime) -> None:
    with runtime.build(settings) as rt:
        store_alert(rt.store, now - 4 * YEAR)
        store_dialogues(rt.store, now - 4 * YEAR, "old", ["not searched"])
    _, [line], [note] = run_command(settings, "prune", "--older-than", "1y", "--dry-run")
    assert line.startswith("would prune 1 transcript, ")
    assert note == "1 transcript as old is kept until every watch was looked for in it: podwatch detect"
    status, out, errors = run_command(settings, "prune", "--older-than", "1y")
    assert (status, out) == (1, [])
    assert "would remove the text of 1 transcript" in errors[0]
    assert "--yes" in errors[0]
    _, [line], _ = run_command(settings, "prune", "--older-than", "1y", "--yes", "--json")
    assert {k: v for k, v in json.loads(line).items() if k != "bytes"} == {
        "found": 1, "pruned": 1, "unsearched": 1, "dry_run": False,
    }  # fmt: skip


def test_prune_of_one_feed_leaves_the_others_and_without_an_age_does_what_the_feeds_say(
    settings: Settings, now: datetime
) -> None:
    with runtime.build(settings) as rt:
        for show in ("a", "b", "c"):
            store_dialogues(rt.store, now - YEAR, show, ["words"])
    run_command(settings, "prune", "--older-than", "30d", "--feed", "a", "--yes")
    with runtime.build(settings) as rt:
        assert set(texts(rt.store)) == {"b 0", "c 0"}
    assert run_command(settings, "prune", "--yes")[1] == ["nothing to prune"]
    assert run_command(settings, "feeds", "set", "2", "--keep", "12w")[1] == ["https://b.example/feed: keep 84d"]
    run_command(settings, "feeds", "set", "3", "--keep", "forever")
    assert run_command(settings, "prune", "--yes")[1][0].startswith("pruned 1 transcript")
    run_command(settings, "prune", "--older-than", "1d", "--yes")
    with runtime.build(settings) as rt:
        assert set(texts(rt.store)) == {"c 0"}
    run_command(settings, "feeds", "set", "3", "--keep", "default")
    run_command(settings, "prune", "--older-than", "1d", "--yes")
    with runtime.build(settings) as rt:
        assert texts(rt.store) == {}


@pytest.mark.parametrize(
    "wrong", [["--older-than", "soon"], ["--older-than", "forever"], ["--feed", "1"], ["--older-than", "3m"]]
)
def test_an_age_that_is_none_is_wrong_usage(wrong: list[str], settings: Settings) -> None:
    assert run_command(settings, "prune", *wrong)[0] == 2


def test_podwatch_run_prunes_at_its_end(settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    with runtime.build(settings) as rt:
        store_alert(rt.store, now - 4 * YEAR)
    monkeypatch.setenv("PODWATCH_KEEP", "1y")
    run_command(settings, "run", "--console")
    with runtime.build(settings) as rt:
        assert pruned(rt.store) == 1

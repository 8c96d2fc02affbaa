"""Backfill: past episodes are stored and searched, no alert is sent unasked, and the live run is not affected."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from podwatch import runtime
from podwatch.errors import PodwatchError
from podwatch.history.archive_crawl import crawl_archives
from podwatch.history.backfill import backfill, build_report, deliver_backfill
from podwatch.history.backfill_scope import select_feeds
from podwatch.line.deliver import deliver
from podwatch.line.detect import detect
from podwatch.line.fetch import fetch, save_dropped_files
from podwatch.line.poll import poll
from podwatch.line.verbs import LINE
from podwatch.model import Backfill, BackfillState, DeliverMode, Feed, HoldReason, Scope, Segment, Watch, join_segments
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.store.database import Store
from tests.support.migrated_database import place_database
from tests.support.podcast_host import Podcast, item, rss, vtt

GRAIN = Watch(name="grain", query="grain")
RANGE = Backfill(since=datetime(2026, 9, 1, tzinfo=UTC), until=datetime(2026, 11, 1, tzinfo=UTC))


def published(guid: str) -> str:
    """Episode e12 came out on day 12 counted from the first of September 2026."""
    day = datetime(2026, 9, 1, 5, tzinfo=UTC) + timedelta(days=int(guid[1:]) - 1)
    return f"{day:%a, %d %b %Y %H:%M:%S} +0000"


def serve_page(podcast: Podcast, path: str, guids: list[str], following: str | None = None) -> None:
    items = []
    for guid in guids:
        url = podcast.serve(f"/{guid}.vtt", vtt(f"This is {guid}.", "The grain came."), "text/vtt")
        items.append(item(guid, transcript=url, published=published(guid)))
    link = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='{following}'/>" if following else ""
    podcast.serve(path, rss(*items).replace("<language>", f"{link}<language>"))


@pytest.fixture
def show(podcast: Podcast) -> Podcast:
    """A feed with four pages: e61..e64 in its own document, e1..e6 on the others."""
    serve_page(podcast, "/feed.xml", ["e64", "e63", "e62", "e61"], "/2.xml")
    serve_page(podcast, "/2.xml", ["e6", "e5"], "/3.xml")
    serve_page(podcast, "/3.xml", ["e4", "e3"], "/4.xml")
    serve_page(podcast, "/4.xml", ["e2", "e1"])
    return podcast


def run_line(rt: Runtime, host: Podcast, now: datetime, *watches: Watch) -> Runtime:
    """Adds the feed and the watches, GRAIN unless others are given, and runs the line once."""
    rt.store.add_feeds([Feed(url=host.url("/feed.xml"), tags=("news",))], now)
    rt.store.sync_watches(watches or (GRAIN,), now)
    for verb in LINE.values():
        verb(rt, now)
    return rt


def minute_clock(now: datetime) -> Callable[[], datetime]:
    """A clock that is a minute later each time that it is read."""
    passed = itertools.count(1)
    return lambda: now + timedelta(minutes=next(passed))


def mention_spans(rt: Runtime) -> list[tuple[str, str, int]]:
    return sorted((f.episode.title, f.mention.watch, f.mention.start) for f in rt.store.mentions())


def titles_with_mentions(rt: Runtime) -> set[str]:
    return {title for title, _, _ in mention_spans(rt)}


def test_a_backfill_stores_mentions_and_holds_their_alerts(
    rt: Runtime, show: Podcast, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    run_line(rt, show, now)
    assert rt.store.alert_states() == {"sent": 4}
    capsys.readouterr()
    b = rt.store.add_backfill(RANGE, now)
    report = backfill(rt, b, now)
    assert titles_with_mentions(rt) == {"e1", "e2", "e3", "e4", "e5", "e6", "e61", "e62", "e63", "e64"}
    assert (report.feeds, report.episodes, report.transcripts, report.held) == (1, 7, 7, 6)
    assert report.mentions == (("grain", "2026-09", 6, 6), ("grain", "2026-10", 1, 1))
    for verb in LINE.values():
        verb(rt, now + timedelta(hours=2))
    assert rt.store.alert_states() == {"sent": 4, f"held: {HoldReason.BACKFILL.value}": 6}
    assert capsys.readouterr().out == ""
    stands = rt.store.backfill(b.id)
    assert stands is not None
    assert (stands.state, stands.counts["transcripts"]) == (BackfillState.DONE, 7)


def test_only_episodes_of_the_range_are_fetched(rt: Runtime, show: Podcast, now: datetime) -> None:
    run_line(rt, show, now)
    days = replace(RANGE, since=datetime(2026, 9, 3, tzinfo=UTC), until=datetime(2026, 9, 5, tzinfo=UTC))
    assert backfill(rt, days, now).episodes == 2
    assert titles_with_mentions(rt) == {"e3", "e4", "e61", "e62", "e63", "e64"}
    assert "/e1.vtt" not in show.statuses


def test_a_later_range_is_fetched_without_a_second_crawl(rt: Runtime, show: Podcast, now: datetime) -> None:
    run_line(rt, show, now)
    backfill(rt, replace(RANGE, until=datetime(2026, 9, 2, tzinfo=UTC)), now)
    assert titles_with_mentions(rt) & {"e1", "e6"} == {"e1"}
    assert backfill(rt, RANGE, now).transcripts == 7
    assert len(show.statuses["/4.xml"]) == 1


def test_a_second_run_makes_no_request(rt: Runtime, show: Podcast, now: datetime) -> None:
    run_line(rt, show, now)
    backfill(rt, RANGE, now)
    before, asked = mention_spans(rt), {path: len(statuses) for path, statuses in show.statuses.items()}
    backfill(rt, RANGE, now + timedelta(hours=1))
    assert mention_spans(rt) == before
    assert {path: len(statuses) for path, statuses in show.statuses.items()} == asked


def test_a_dry_run_counts_and_stores_nothing(rt: Runtime, show: Podcast, now: datetime) -> None:
    run_line(rt, show, now)
    before = rt.store.counts()
    found = crawl_archives(rt, RANGE, now, dry_run=True)
    assert (found, build_report(rt, RANGE, found).found) == (6, 6)
    assert rt.store.counts() == before
    assert "/e1.vtt" not in show.statuses


def test_the_live_run_leaves_the_backlog_alone_and_finds_what_is_new(rt: Runtime, show: Podcast, now: datetime) -> None:
    run_line(rt, show, now)
    crawl_archives(rt, RANGE, now)
    assert rt.store.counts()["episodes"] == 10
    assert fetch(rt, now).done == 0
    # Today there is a new episode, and one of last week that comes late: both are the live run's.
    serve_page(show, "/feed.xml", ["e65", "e58", "e64", "e63", "e62", "e61"], "/2.xml")
    poll(rt, now + timedelta(hours=1), force=True)
    backfill(rt, replace(RANGE, until=now), now + timedelta(hours=1))
    for verb in ("fetch", "detect", "deliver"):
        LINE[verb](rt, now + timedelta(hours=1))
    assert rt.store.alert_states() == {"sent": 6, f"held: {HoldReason.BACKFILL.value}": 6}


def test_an_episode_that_the_live_run_has_not_seen_yet_is_left_to_it(rt: Runtime, show: Podcast, now: datetime) -> None:
    run_line(rt, show, now)
    serve_page(show, "/feed.xml", ["e65", "e64", "e63", "e62", "e61"], "/2.xml")
    backfill(rt, replace(RANGE, until=now + timedelta(days=9)), now)
    assert "e65" not in titles_with_mentions(rt)
    later = now + timedelta(minutes=1)
    poll(rt, later, force=True)
    for verb in ("fetch", "detect", "deliver"):
        LINE[verb](rt, later)
    assert rt.store.alert_states()["sent"] == 5


class Killed(BaseException):
    """Stands in for a kill: nothing after it runs."""


@pytest.mark.parametrize("at", range(1, 12))
def test_killed_at_any_step_and_started_again_it_ends_with_the_same_rows(
    settings: Settings, tmp_path: Path, show: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    steps = (
        "save_archive_episodes",
        "save_crawl",
        "claim_backlog",
        "save_transcripts",
        "save_detections",
        "save_counts",
    )
    place_database(settings.home)
    with runtime.build(settings) as rt:
        run_line(rt, show, now)
        b = rt.store.add_backfill(RANGE, now)
        count = 0

        def killing(real: Callable[..., object]) -> Callable[..., object]:
            def call(*a: object, **k: object) -> object:
                nonlocal count
                count += 1
                if count == at:
                    raise Killed
                return real(*a, **k)

            return call

        with monkeypatch.context() as m:
            for step in steps:
                m.setattr(type(rt.store), step, killing(getattr(type(rt.store), step)))
            m.setattr(
                "podwatch.line.claim_renewal.Lease.release_all", lambda self: None
            )  # a killed run releases nothing
            m.setattr("podwatch.history.backlog.PART", 2)
            m.setattr("podwatch.history.backlog.BACKFILL_LEASE", timedelta(seconds=1))
            try:
                backfill(rt, b, now)
            except Killed:
                assert count == at
        backfill(rt, b, now)  # at once: it waits until what the killed run had claimed is free
        assert titles_with_mentions(rt) == {f"e{n}" for n in (1, 2, 3, 4, 5, 6, 61, 62, 63, 64)}
        assert len(mention_spans(rt)) == 10
        assert rt.store.alert_states() == {"sent": 4, f"held: {HoldReason.BACKFILL.value}": 6}


def test_backfills_that_run_at_once_request_nothing_twice(settings: Settings, show: Podcast, now: datetime) -> None:
    place_database(settings.home)
    with runtime.build(settings) as rt:
        run_line(rt, show, now)
        crawl_archives(rt, RANGE, now)
    failed: list[BaseException] = []

    def run_one() -> None:
        try:
            with runtime.build(settings) as mine:
                backfill(mine, RANGE, now)
        except BaseException as e:  # noqa: BLE001
            failed.append(e)

    threads = [threading.Thread(target=run_one) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
    assert [show.statuses[f"/e{n}.vtt"] for n in range(1, 7)] == [[200]] * 6
    with runtime.build(settings) as rt:
        assert len(mention_spans(rt)) == 10


def test_a_paused_backfill_stops_and_goes_on_when_it_is_resumed(
    rt: Runtime, show: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_line(rt, show, now)
    monkeypatch.setattr("podwatch.history.backlog.PART", 2)
    monkeypatch.setattr("podwatch.history.backfill_scope.STATE_INTERVAL", 0.0)
    b = rt.store.add_backfill(RANGE, now)
    running, paused = [BackfillState.RUNNING], [BackfillState.PAUSED]

    def pause(what: str, done: int, of: int) -> None:
        if what != "feeds":
            rt.store.set_backfill_state(b.id, running, BackfillState.PAUSED, now)

    report = backfill(rt, b, now, progress=pause)
    assert (report.transcripts, dict(report.missing)) == (3, {"not asked for yet": 4})
    assert rt.store.backfill(b.id).state is BackfillState.PAUSED  # type: ignore[union-attr]
    assert rt.store.set_backfill_state(b.id, paused, BackfillState.RUNNING, now)
    assert backfill(rt, b, now).transcripts == 7
    assert rt.store.backfill(b.id).state is BackfillState.DONE  # type: ignore[union-attr]
    assert not rt.store.set_backfill_state(b.id, running, BackfillState.PAUSED, now)


def test_the_report_says_what_is_missing_and_why(rt: Runtime, show: Podcast, now: datetime) -> None:
    run_line(rt, show, now)
    show.fail("/e1.vtt", 404)
    show.fail("/e2.vtt", 503, times=9)
    serve_page(show, "/2.xml", ["e6", "e5"], "/gone.xml")
    show.serve("/3.xml", "")
    rt.store.add_feeds([Feed(url=show.url("/never.xml"))], now)
    report = backfill(rt, RANGE, now)
    assert report.episodes == 3
    assert [p.split(": ")[0] for p in report.problems] == [show.url("/gone.xml"), show.url("/never.xml")]
    serve_page(show, "/2.xml", ["e6", "e5", "e2", "e1"])
    report = backfill(rt, RANGE, now)
    assert (report.episodes, report.transcripts, report.without_transcript) == (5, 3, 2)
    assert sorted(why.split(" - ")[0] for why, _ in report.missing) == [
        "the server answered 404 Not Found",
        "the server answered 503 Service Unavailable",
    ]


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        (RANGE, ["a", "b"]),
        (replace(RANGE, feeds=("b",)), ["b"]),
        (replace(RANGE, tags=("x",)), ["a"]),
        (replace(RANGE, watches=("w",)), ["b"]),
        (replace(RANGE, tags=("x",), watches=("w",)), []),
    ],
)
def test_feeds_are_chosen_by_address_tag_and_the_scope_of_a_watch(b: Backfill, expected: list[str]) -> None:
    feeds = [Feed(url="a", tags=("x",)), Feed(url="b", tags=("y",))]
    watches = [Watch(name="w", query="q", scope=Scope(not_tags=("x",)))]
    assert [f.url for f in select_feeds(b, feeds, watches)] == expected


@pytest.mark.parametrize("wrong", [replace(RANGE, feeds=("c",)), replace(RANGE, watches=("v",))])
def test_a_feed_or_a_watch_that_is_not_there_is_named(wrong: Backfill) -> None:
    with pytest.raises(PodwatchError, match=r"^[cv]: is not among the (feeds|watches) - see podwatch"):
        select_feeds(wrong, [Feed(url="a")], [])


def test_held_alerts_are_delivered_in_batches_on_request(
    rt: Runtime, show: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_line(rt, show, now)
    backfill(rt, RANGE, now)
    monkeypatch.setattr("podwatch.history.backfill.RELEASE_BATCH", 4)
    t = deliver_backfill(rt, RANGE, minute_clock(now))
    assert (t.done, t.new) == (6, 6)
    assert rt.store.alert_states() == {"sent": 10}
    assert deliver_backfill(rt, RANGE, minute_clock(now)).done == 0


def test_held_alerts_are_delivered_in_one_digest_on_request(
    rt: Runtime, show: Podcast, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    run_line(rt, show, now)
    backfill(rt, RANGE, now)
    capsys.readouterr()
    later = now + timedelta(minutes=1)
    assert deliver_backfill(rt, replace(RANGE, deliver=DeliverMode.DIGEST), lambda: later).failed == 0
    assert capsys.readouterr().out.count("#podcasts") == 1
    assert not [name for name in rt.store.alert_states() if name.startswith("held")]


def test_alerts_of_an_old_backlog_are_delivered_on_request(rt: Runtime, show: Podcast, now: datetime) -> None:
    run_line(rt, show, now)
    crawl_archives(rt, RANGE, now)
    later = now + timedelta(days=60)
    rt.store.sync_watches([Watch(name="came", query="came")], later)  # the watch is much younger than the rows
    backfill(rt, RANGE, later)
    assert deliver_backfill(rt, RANGE, minute_clock(later)).new == 6


def test_a_backfilled_episode_that_is_new_in_another_feed_raises_an_alert(
    rt: Runtime, show: Podcast, now: datetime
) -> None:
    run_line(rt, show, now)
    backfill(rt, RANGE, now)
    e6 = show.url("/e6.vtt")
    show.serve("/other.xml", rss(item("e6", transcript=e6, published=published("e6")), title="The Show"))
    rt.store.add_feeds([Feed(url=show.url("/other.xml"))], now)
    for verb in LINE.values():
        verb(rt, now + timedelta(minutes=1))
    assert rt.store.alert_states()["sent"] == 5


def test_a_dropped_file_takes_its_episode_out_of_the_backlog(rt: Runtime, show: Podcast, now: datetime) -> None:
    run_line(rt, show, now)
    crawl_archives(rt, RANGE, now)
    [e1] = [e for e in rt.store.episodes_without_transcript() if e.guid == "e1"]
    save_dropped_files(rt, [(e1, join_segments([Segment(0, 5, "Grain.")]))], now)
    detect(rt, now)
    # On a busy machine a channel is paused for as long as its last responses took.
    assert any(deliver(rt, now + timedelta(seconds=n)).new == 1 for n in range(100))


def test_one_key_makes_one_backfill(rt: Runtime, now: datetime) -> None:
    keyed = replace(RANGE, key="airflow run 1")
    first, again = rt.store.add_backfill(keyed, now), rt.store.add_backfill(keyed, now)
    assert first.id == again.id
    assert rt.store.add_backfill(RANGE, now).id != rt.store.add_backfill(RANGE, now).id


def test_the_same_on_every_database(store: Store, settings: Settings, show: Podcast, now: datetime) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    with runtime.build(replace(settings, database_url=Secret(url))) as rt:
        run_line(rt, show, now)
        b = rt.store.add_backfill(replace(RANGE, watches=("grain",)), now)
        report = backfill(rt, b, now)
        assert (report.episodes, report.transcripts, report.held) == (7, 7, 6)
        assert report.mentions == (("grain", "2026-09", 6, 6), ("grain", "2026-10", 1, 1))
        assert deliver_backfill(rt, b, minute_clock(now)).new == 6
        assert [x.state for x in rt.store.backfills()] == [BackfillState.DONE]


def test_a_host_that_does_not_answer_is_given_up_and_the_others_go_on(
    rt: Runtime, show: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        nowhere = f"http://127.0.0.1:{gone.getsockname()[1]}"
    entries = [item(f"gone{n}", transcript=f"{nowhere}/{n}.vtt", published=published("e7")) for n in range(20)]
    show.serve("/4.xml", rss(*entries, item("e1", transcript=show.url("/e1.vtt"), published=published("e1"))))
    run_line(rt, show, now)
    report = backfill(rt, RANGE, now)
    assert {f"e{n}" for n in (1, 3, 4, 5, 6)} <= titles_with_mentions(rt)
    said_of = {why.partition(" (")[0]: n for why, n in report.missing}
    assert said_of == {"the connection failed": 3, "not asked for yet": 17}
    assert f"{nowhere.removeprefix('http://')}: gave no answer 3 times in a row" in caplog.text


def test_a_broken_address_stops_no_other(rt: Runtime, show: Podcast, now: datetime) -> None:
    broken = item("broken", transcript="http://[broken/1.vtt", published=published("e7"))
    show.serve("/4.xml", rss(broken, item("e1", transcript=show.url("/e1.vtt"), published=published("e1"))))
    run_line(rt, show, now)
    backfill(rt, RANGE, now)
    assert {"e1", "e3", "e6"} <= titles_with_mentions(rt)

"""The whole line, from the feed to the channel; what fails stays on its row and stops nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from podwatch import runtime
from podwatch.line import poll as poll_module
from podwatch.line.deliver import deliver
from podwatch.line.detect import detect
from podwatch.line.fetch import fetch
from podwatch.line.poll import poll
from podwatch.line.verbs import LINE
from podwatch.model import Episode, Feed, Scope, Tally, Watch
from podwatch.policy.poll_schedule import is_whole_due
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from tests.support.podcast_host import Podcast, item, rss, vtt
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import FaultProxy, refused
from tests.support.stored_transcripts import list_wanted

DOBRYNIN = Watch(name="dobrynin", entity="Anatoly Dobrynin", aliases=("Dobrynin",))
GRAIN = Watch(name="grain", query='"black sea"', channel="#trade")


def add_feed_and_watches(
    rt: Runtime, podcast: Podcast, now: datetime, *watches: Watch, path: str = "/feed.xml"
) -> None:
    rt.store.add_feeds([Feed(url=podcast.url(path))], now)
    rt.store.sync_watches(watches or (DOBRYNIN, GRAIN), now)


def due_episodes(rt: Runtime, now: datetime) -> list[Episode]:
    return [w.episode for w in list_wanted(rt.store, now)]


def serve_one_episode(podcast: Podcast, *cues: str) -> None:
    address = podcast.serve("/one.vtt", vtt(*(cues or ("Then Anatoly", "Dobrynin came in."))), "text/vtt")
    podcast.serve("/feed.xml", rss(item("one", transcript=address)))


def run_line(rt: Runtime, now: datetime) -> list[tuple[int, int, int]]:
    return [(t.done, t.new, t.failed) for t in (verb(rt, now) for verb in LINE.values())]


def test_a_mention_travels_from_the_feed_to_the_channel(
    rt: Runtime, podcast: Podcast, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_one_episode(podcast, "Then Anatoly", "Dobrynin came in.")
    add_feed_and_watches(rt, podcast, now)
    assert run_line(rt, now) == [(1, 1, 0)] * 4
    [found] = rt.store.mentions()
    assert found.mention.surface == "Anatoly Dobrynin"
    assert found.mention.seconds == pytest.approx(2.1, abs=0.2)
    printed = capsys.readouterr().out
    assert "#podcasts" in printed
    assert "Anatoly Dobrynin" in printed


def test_the_line_run_twice_changes_nothing_the_second_time(
    rt: Runtime, podcast: Podcast, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_one_episode(podcast)
    add_feed_and_watches(rt, podcast, now)
    run_line(rt, now)
    before = rt.store.counts()
    capsys.readouterr()
    assert run_line(rt, now) == [(0, 0, 0)] * 4
    assert run_line(rt, now + timedelta(hours=1)) == [(1, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0)]
    assert rt.store.counts() == before
    assert capsys.readouterr().out == ""


def test_an_unchanged_feed_is_requested_with_its_validators_and_sends_no_body(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    serve_one_episode(podcast)
    add_feed_and_watches(rt, podcast, now)
    poll(rt, now)
    moments = (now + timedelta(hours=hours) for hours in (1, 2))  # once a day it is requested without conditions
    poll(rt, next(m for m in moments if not is_whole_due(now, m, podcast.url("/feed.xml"))))
    assert podcast.statuses["/feed.xml"] == [200, 304]


def test_a_changed_watch_is_looked_for_again_and_only_it(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    serve_one_episode(podcast, "The Black Sea, and Ambassador", "Dobrynin.")
    add_feed_and_watches(rt, podcast, now)
    run_line(rt, now)
    rt.store.sync_watches((replace(DOBRYNIN, aliases=("Ambassador Dobrynin",)), GRAIN), now)
    assert [w.name for w in rt.store.watches_to_detect().after(2)] == ["dobrynin"]
    detect(rt, now)
    assert sorted(f.mention.surface for f in rt.store.mentions()) == ["Ambassador Dobrynin", "Black Sea"]


def test_a_changed_watch_raises_no_second_alert(
    rt: Runtime, podcast: Podcast, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_one_episode(podcast)
    add_feed_and_watches(rt, podcast, now, DOBRYNIN)
    run_line(rt, now)
    capsys.readouterr()
    rt.store.sync_watches([replace(DOBRYNIN, aliases=("Dobrynin", "Dobrinin"))], now)
    run_line(rt, now)
    assert capsys.readouterr().out == ""


def test_a_removed_watch_is_looked_for_no_more_and_its_due_alert_is_held(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    serve_one_episode(podcast)
    add_feed_and_watches(rt, podcast, now, DOBRYNIN)
    poll(rt, now)
    fetch(rt, now)
    detect(rt, now)
    rt.store.sync_watches([], now)
    deliver(rt, now)
    assert rt.store.alert_states() == {"held: the watch was removed from the watchlist": 1}


def test_a_new_feed_takes_in_its_newest_episodes_and_leaves_the_rest_to_a_backfill(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    old = [
        item(f"e{n}", transcript=podcast.url("/x"), published=f"{n:02} Oct 2026 05:00:00 +0000") for n in range(1, 31)
    ]
    podcast.serve("/feed.xml", rss(*old))
    add_feed_and_watches(rt, podcast, now)
    poll(rt, now)
    assert sorted(e.guid for e in due_episodes(rt, now)) == sorted(f"e{n}" for n in range(21, 31))
    podcast.serve(
        "/feed.xml", rss(item("late", transcript=podcast.url("/x"), published="01 Jan 2020 05:00:00 +0000"), *old)
    )
    tomorrow = now + timedelta(days=1)
    poll(rt, tomorrow)
    assert "late" in {e.guid for e in due_episodes(rt, tomorrow)}


def test_a_watch_made_long_after_an_episode_was_seen_stores_its_mention_and_posts_nothing(
    rt: Runtime, podcast: Podcast, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_one_episode(podcast)
    add_feed_and_watches(rt, podcast, now, GRAIN)
    run_line(rt, now)
    later = now + timedelta(days=30)
    rt.store.sync_watches([DOBRYNIN], later)
    run_line(rt, later)
    assert rt.store.counts()["mentions"] == 1
    assert rt.store.alert_states() == {"held: the episode was known long before the watch": 1}
    assert capsys.readouterr().out == ""


BAD_FEEDS: dict[str, tuple[Callable[[Podcast], str], str]] = {
    "not XML": (lambda p: p.serve("/bad", "this is no feed"), "is not an RSS or Atom feed"),
    "a web page": (lambda p: p.serve("/bad", "<!DOCTYPE html><p>Hi</p>", "text/html"), "is a web page, not a feed"),
    "empty": (lambda p: p.serve("/bad", ""), "is empty"),
    "404": (lambda p: p.url("/bad"), "the server answered 404 Not Found - check the address"),
    "503": (lambda p: p.fail("/bad", 503), "the server answered 503 Service Unavailable"),
    "gone": (
        lambda p: p.fail("/bad", 410),
        "the server answered 410 Gone - it is gone for good: remove it, or add it again once it is back",
    ),
    "nobody there": (lambda p: "http://127.0.0.1:1/bad", "the connection failed (Connection refused)"),
    "an internal address": (lambda p: "http://[::1]:1/bad", "::1 is not a public address - if it is yours, add it"),
}


@pytest.mark.parametrize("case", BAD_FEEDS, ids=str)
def test_a_bad_feed_is_one_clear_line_on_its_row_and_stops_no_other(
    case: str, rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    serve, expected = BAD_FEEDS[case]
    bad = serve(podcast)
    serve_one_episode(podcast)
    rt.store.add_feeds([Feed(url=bad)], now)
    add_feed_and_watches(rt, podcast, now)
    tally = poll(rt, now)
    assert (tally.done, tally.new, tally.failed) == (2, 1, 1)
    row = next(f for f in rt.store.feeds() if f.url == bad)
    assert row.error is not None
    assert row.error.startswith(bad)
    assert expected in row.error
    assert "\n" not in row.error
    assert (row.next_poll_at is None) == (case == "gone")


def test_a_slow_feed_is_given_up_after_its_deadline(
    rt: Runtime, podcast: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/feed.xml"
        get = rt.http.get
        monkeypatch.setattr(rt.http, "get", lambda u, **k: get(u, **k | {"deadline": 0.3}))
        rt.store.add_feeds([Feed(url=url)], now)
        poll(rt, now)
    assert rt.store.feeds()[0].error == f"{url}: no answer within 0.3 s"


def test_a_failing_feed_is_polled_less_and_less_often_but_at_least_daily(now: datetime) -> None:
    from podwatch.errors import HttpError

    feed, waits = Feed(url=""), []
    for _ in range(20):
        feed = poll_module.feed_after_failure(feed, HttpError("down", retryable=True), now, 300)
        assert feed.next_poll_at is not None
        waits.append((feed.next_poll_at - now).total_seconds())
    assert waits[:4] == [300, 600, 1200, 2400]
    assert waits[-1] == 24 * 3600


BAD_TRANSCRIPTS: dict[str, tuple[str | bytes, str, str]] = {
    "empty": ("", "text/vtt", "is empty"),
    "no words": ("WEBVTT\n\n00:00.000 --> 00:01.000\n\n", "text/vtt", "holds no words"),
    "a web page": ("<!doctype html><p>Sorry", "text/vtt", "is a web page, not a transcript"),
    "binary": (b"\x89PNG\r\n\x1a\n\0\0\0", "text/plain", "is not text"),
    "unknown": ("whatever", "application/x-unknown", "is in no known transcript format"),
}


@pytest.mark.parametrize("case", BAD_TRANSCRIPTS, ids=str)
def test_a_bad_transcript_is_one_clear_line_on_its_episode_and_stops_no_other(
    case: str, rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    body, media_type, expected = BAD_TRANSCRIPTS[case]
    bad = podcast.serve("/bad.t", body, media_type)
    good = podcast.serve("/good.vtt", vtt("Dobrynin again."), "text/vtt")
    podcast.serve("/feed.xml", rss(item("bad", transcript=bad, media_type=media_type), item("good", transcript=good)))
    add_feed_and_watches(rt, podcast, now)
    poll(rt, now)
    tally = fetch(rt, now)
    assert (tally.done, tally.new, tally.failed) == (2, 1, 1)
    [line] = rt.store.errors()["episode"]
    assert line.startswith(f"{bad}: ")
    assert expected in line
    assert [e.guid for e in due_episodes(rt, now + timedelta(hours=2))] == ["bad"]


def test_a_transcript_that_comes_late_is_fetched_when_it_is_there(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    serve_one_episode(podcast)
    podcast.fail("/one.vtt", 404, times=2)
    add_feed_and_watches(rt, podcast, now)
    poll(rt, now)
    assert [fetch(rt, now + timedelta(hours=h)).new for h in (0, 1, 2, 3, 4)] == [0, 0, 0, 1, 0]


def test_a_bug_in_one_item_is_stamped_the_rest_runs_and_the_retry_leaves_it_out(
    rt: Runtime, podcast: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_one_episode(podcast)
    podcast.serve("/other.xml", rss(item("two")))
    rt.store.add_feeds([Feed(url=podcast.url("/other.xml"))], now)
    add_feed_and_watches(rt, podcast, now)
    real = poll_module.build_poll_result

    def broken(feed: Feed, *rest: object) -> object:
        if feed.url.endswith("/other.xml"):
            raise ZeroDivisionError("a planted bug")
        return real(feed, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(poll_module, "build_poll_result", broken)
    with pytest.raises(ExceptionGroup, match="poll: 1 item"):
        poll(rt, now)
    assert rt.store.counts()["episodes"] == 1
    assert "a planted bug" in rt.store.errors()["feed"][0]
    assert poll(rt, now) == Tally("poll")


def test_an_unknown_channel_keeps_its_alert_due_until_it_exists_and_stops_no_other(
    podcast: Podcast, now: datetime, settings: Settings
) -> None:
    serve_one_episode(podcast, "The Black Sea, said Dobrynin.")
    with Emulator() as slack:
        to_slack = replace(settings, slack_token=Secret(slack.token), slack_base_url=slack.base_url)
        with runtime.build(to_slack) as posting:
            add_feed_and_watches(posting, podcast, now, replace(DOBRYNIN, channel="#nowhere"), GRAIN)
            for verb in LINE.values():
                tally = verb(posting, now)
            assert (tally.new, tally.failed) == (1, 1)
            [line] = posting.store.errors()["delivery"]
            assert line.startswith("#nowhere: there is no such channel")
            assert len(slack.messages("#trade")) == 1
            slack.call("conversations.create", name="nowhere")
        with runtime.build(to_slack) as posting:
            assert deliver(posting, now + timedelta(minutes=16)).new == 1
        assert [m["text"] for m in slack.messages("#nowhere") if "*Dobrynin*" in m["text"]]


def test_a_revoked_token_loses_nothing(podcast: Podcast, now: datetime, settings: Settings) -> None:
    serve_one_episode(podcast)
    with Emulator() as slack, FaultProxy(slack.base_url) as proxy:
        to_slack = replace(settings, slack_token=Secret("xoxb-revoked"), slack_base_url=proxy.base_url)
        with runtime.build(to_slack) as posting:
            add_feed_and_watches(posting, podcast, now, DOBRYNIN)
            proxy.fail_next(refused("token_revoked"))
            tallies = [verb(posting, now) for verb in LINE.values()]
            assert tallies[-1].failed == 1
            assert posting.store.errors()["delivery"] == [
                "#podcasts: the token was revoked (token_revoked) - set a new SLACK_BOT_TOKEN"
            ]
            assert "xoxb-revoked" not in str(tallies)
        with runtime.build(to_slack) as posting:
            assert deliver(posting, now + timedelta(minutes=16)).new == 1


SPONSOR = "This episode is brought to you by Grain Mattress. Go to grain mattress dot com and use the promo code TALK for ten percent off."


def test_a_watch_may_skip_sponsor_reads_and_their_mentions_are_stored(
    rt: Runtime, podcast: Podcast, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    serve_one_episode(podcast, "Welcome back to the show.", SPONSOR, "Now to the news of the week, and the fleet.")
    watches = (Watch(name="all", query="grain"), Watch(name="talk", query="grain", skip=("sponsor",)))
    add_feed_and_watches(rt, podcast, now, *watches)
    run_line(rt, now)
    assert {(f.mention.watch, f.mention.label) for f in rt.store.mentions()} == {
        ("all", "sponsor"),
        ("talk", "sponsor"),
    }
    assert rt.store.alert_states() == {
        "sent": 1,
        "held: it is only mentioned in what the watch skips: sponsors, promotion or repeated passages": 1,
    }


def test_a_mention_of_an_early_episode_is_labelled_when_it_is_looked_for_again(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    sounds = " ".join(f"sound{i}" for i in range(40))
    jingle = f"{sounds} and grain and {sounds[::-1]}"
    items: list[str] = []
    for n in range(5):
        talk = " ".join(f"word{n}x{i} and some other word{n}y{i}" for i in range(60))
        items.append(item(f"e{n}", transcript=podcast.serve(f"/{n}.vtt", vtt(jingle, talk), "text/vtt")))
    podcast.serve("/feed.xml", rss(items[0]))
    add_feed_and_watches(rt, podcast, now, Watch(name="grain", query="grain"))
    run_line(rt, now)
    assert [f.mention.label for f in rt.store.mentions()] == [None], "nothing says yet that it is repeated"
    podcast.serve("/feed.xml", rss(*items))
    run_line(rt, now + timedelta(days=1))
    rt.store.sync_watches([Watch(name="grain", query="grain", scope=Scope(not_tags=("x",)))], now)
    run_line(rt, now + timedelta(days=1))
    assert [f.mention.label for f in rt.store.mentions()] == ["repeated"] * 5


def test_what_every_episode_repeats_is_labelled_once_enough_others_have_it(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    intro = (
        "From the studios by the river this is the long running programme about ships and grain and the people who "
        "sail them around the world every week, with letters from the harbours, a weather report by the keeper of the "
        "northern light, and the bell that was saved from the wreck of the old ferry"
    )
    items = []
    for n in range(5):
        talk = " ".join(f"word{n}x{i} and some other word{n}y{i}" for i in range(60))
        items.append(item(f"e{n}", transcript=podcast.serve(f"/{n}.vtt", vtt(intro, talk), "text/vtt")))
    podcast.serve("/feed.xml", rss(*items))
    add_feed_and_watches(rt, podcast, now, Watch(name="grain", query="grain"))
    run_line(rt, now)
    assert {f.mention.label for f in rt.store.mentions()} == {"repeated"}

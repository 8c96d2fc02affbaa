"""A transcript whose address only got another token is not requested again; one that really moved is."""

from __future__ import annotations

from datetime import datetime, timedelta

from podwatch.line.fetch import fetch
from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.runtime import Runtime
from tests.support.podcast_host import Podcast, item, rss, vtt

MINUTE = timedelta(minutes=1)


def listed(podcast: Podcast, *paths: str) -> str:
    return rss(*(item(f"e{n}", transcript=podcast.url(path)) for n, path in enumerate(paths)))


def run(rt: Runtime, podcast: Podcast, moment: datetime, *paths: str) -> int:
    """Polls a feed whose items name these transcripts; returns how many transcripts were requested."""
    podcast.serve("/f.xml", listed(podcast, *paths))
    poll(rt, moment, force=True)
    return fetch(rt, moment).done


def begin(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    for n in range(3):
        podcast.serve(f"/{n}.vtt", vtt(f"hello {n}"))
    rt.store.add_feeds([Feed(url=podcast.url("/f.xml"))], now)


def test_tokens_that_change_for_all_items_cost_no_request(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    begin(rt, podcast, now)
    asked = [run(rt, podcast, now + day * MINUTE, *(f"/{n}.vtt?sig={day}" for n in range(3))) for day in range(4)]
    assert asked == [3, 0, 0, 0]


def test_a_transcript_that_is_checked_later_is_asked_for_under_its_token_of_today_with_its_validators(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    begin(rt, podcast, now)
    for day in range(2):
        run(rt, podcast, now + day * MINUTE, *(f"/{n}.vtt?sig={day}" for n in range(3)))
    assert fetch(rt, now + timedelta(days=2)).done == 3
    assert podcast.statuses["/1.vtt"] == [200, 304]


def test_one_transcript_of_many_that_gets_another_parameter_is_requested(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    begin(rt, podcast, now)
    run(rt, podcast, now, *(f"/{n}.vtt?v=1" for n in range(3)))
    podcast.serve("/1.vtt", vtt("hello again"))
    podcast.serve("/2.vtt", vtt("hello again"))
    assert run(rt, podcast, now + MINUTE, "/0.vtt?v=1", "/1.vtt?v=2", "/2.vtt?v=2") == 2


def test_the_only_transcript_of_a_feed_is_requested_until_the_same_text_came_under_another_token(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    begin(rt, podcast, now)
    asked = [run(rt, podcast, now + day * MINUTE, f"/0.vtt?sig={day}") for day in range(4)]
    assert asked == [1, 1, 0, 0]


def test_a_transcript_that_could_not_be_had_is_requested_with_the_token_of_today(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    begin(rt, podcast, now)
    podcast.fail("/1.vtt", 403)
    assert run(rt, podcast, now, *(f"/{n}.vtt?sig=0" for n in range(3))) == 3
    assert run(rt, podcast, now + MINUTE, *(f"/{n}.vtt?sig=1" for n in range(3))) == 1
    assert podcast.statuses["/1.vtt"] == [403, 200]


def test_transcripts_that_only_a_parameter_tells_apart_are_requested_when_it_changes(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    begin(rt, podcast, now)
    run(rt, podcast, now, "/0.vtt?id=1", "/0.vtt?id=2")
    assert run(rt, podcast, now + MINUTE, "/0.vtt?id=3", "/0.vtt?id=4") == 2

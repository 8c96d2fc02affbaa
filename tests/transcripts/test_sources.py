"""Where a transcript is asked for: what the feed names, a page if its owner here has said so, a file dropped in by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from podwatch.errors import HttpError, TranscriptError
from podwatch.line.fetch import fetch, transcript_refs
from podwatch.line.poll import poll
from podwatch.model import Episode, Feed, TranscriptRef, TranscriptRequest
from podwatch.net.robots import RobotsRules
from podwatch.policy.transcript_file_match import EpisodeNames, FileMatch
from podwatch.runtime import Runtime
from podwatch.transcripts.formats import parse_transcript
from podwatch.transcripts.sources import check_template, fill_template, slugify
from tests.support.podcast_host import Podcast, item, rss, vtt
from tests.support.stored_transcripts import list_wanted

PAGE = (Path(__file__).parents[2] / "seeds/sample/missile-crisis.txt").read_text(encoding="utf-8")
TALK = Episode(
    id=1,
    guid="g/1",
    title="The Talk: Part 2 – Ünder",
    link="https://show.example/talk/",
    published_at=datetime(2026, 11, 3, 6, tzinfo=UTC),
    number=12.0,
    language="en",
    note_links=("https://sponsor.example/", "https://www.pages.example/t/1", "https://pages.example/t/2"),
)

TEMPLATES = {
    "https://pages.example/{slug}": "https://pages.example/the-talk-part-2-under",
    "https://pages.example/{year}/{date}": "https://pages.example/2026/2026-11-03",
    "https://pages.example/{number}?g={guid}": "https://pages.example/12?g=g%2F1",
    "{link}/transcript": "https://show.example/talk/transcript",
    "https://pages.example/{season}/x": None,
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_makes_the_address_of_an_episodes_page(template: str) -> None:
    assert fill_template(check_template(template), TALK) == TEMPLATES[template]


BAD = {
    "https://pages.example/{slugg}": "{slugg} is not known - use guid, title",
    "https://pages.example/x": "is the same for every episode",
    "https://pages.example/{slug": "has a brace too many or too few",
    "ftp://pages.example/{slug}": "is not an http(s) address",
    "https://pages.example/{slug!r:>9999999999}": "has a format inside its braces",
    "notes:": "names no site",
    "notes:a/b": "names no site",
}


@pytest.mark.parametrize("template", BAD)
def test_a_template_that_cannot_work_is_one_clear_error(template: str) -> None:
    with pytest.raises(TranscriptError) as e:
        check_template(template)
    assert BAD[template] in e.value.line


def test_the_feeds_own_come_first_in_the_shows_language_and_with_the_finest_times() -> None:
    refs = [
        TranscriptRef(url="html", media_type="text/html"),
        TranscriptRef(url="fr", media_type="text/vtt", language="fr"),
        TranscriptRef(url="txt", media_type="text/plain"),
        TranscriptRef(url="vtt", media_type="text/vtt", language="en-GB"),
    ]
    wanted = TranscriptRequest(
        episode=replace(TALK, transcripts=tuple(refs)), page_template="https://pages.example/{slug}"
    )
    order = [r.url for r in transcript_refs(wanted)]
    assert order[0] == "vtt"
    assert order[-2:] == ["fr", "https://pages.example/the-talk-part-2-under"]


def test_no_page_is_asked_for_unless_somebody_said_where_they_are() -> None:
    assert transcript_refs(TranscriptRequest(episode=TALK)) == []


def test_the_links_of_the_notes_to_one_site_may_be_the_pages() -> None:
    found = transcript_refs(TranscriptRequest(episode=TALK, page_template="notes:pages.example"))
    assert [r.url for r in found] == ["https://www.pages.example/t/1", "https://pages.example/t/2"]


@pytest.mark.parametrize(
    "wanted",
    [
        TranscriptRequest(episode=TALK, page_template="{link}", blocked=True),
        TranscriptRequest(episode=replace(TALK, blocked=True), page_template="{link}"),
    ],
    ids=["the feed", "the episode"],
)
def test_who_asks_to_be_left_out_of_other_places_is(wanted: TranscriptRequest) -> None:
    assert transcript_refs(wanted) == []


def serve(rt: Runtime, podcast: Podcast, now: datetime, robots: str | None = None) -> None:
    """A feed without transcripts, whose pages are on the same host."""
    podcast.serve("/feed.xml", rss(item("one", title="Thirteen days")))
    podcast.serve("/t/thirteen-days", PAGE, "text/html")
    if robots is not None:
        podcast.serve("/robots.txt", robots, "text/plain")
    rt.store.add_feeds([Feed(url=podcast.url("/feed.xml"))], now)
    poll(rt, now)
    assert fetch(rt, now).done == 0
    assert rt.store.set_transcript_page(podcast.url("/feed.xml"), podcast.url("/t/{slug}"), now)


def test_a_page_is_fetched_when_the_template_says_where(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    serve(rt, podcast, now)
    assert fetch(rt, now).new == 1


def test_robots_txt_is_obeyed(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    serve(rt, podcast, now, "User-agent: *\nDisallow: /t/")
    tally = fetch(rt, now)
    assert (tally.new, tally.failed) == (0, 1)
    assert "robots.txt asks podwatch to leave it alone - remove the feed's transcript page" in tally.notes[0]
    assert podcast.statuses["/t/thirteen-days"] == []


def test_a_site_whose_robots_txt_fails_is_left_alone_for_now(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    serve(rt, podcast, now)
    podcast.fail("/robots.txt", 503)
    assert "its robots.txt cannot be read" in fetch(rt, now).notes[0]
    assert fetch(rt, now + timedelta(hours=2)).new == 1


def test_robots_txt_is_asked_once_for_a_site(rt: Runtime, podcast: Podcast) -> None:
    robots = RobotsRules(rt.http)
    for _ in range(3):
        robots.check(podcast.url("/a"))
    assert podcast.statuses["/robots.txt"] == [404]
    podcast.serve("/robots.txt", "User-agent: podwatch\nDisallow: /", "text/plain")
    with pytest.raises(HttpError, match="leave it alone"):
        RobotsRules(rt.http).check(podcast.url("/a"))


def test_what_the_feed_names_is_fetched_whatever_robots_txt_says(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    podcast.serve("/robots.txt", "User-agent: *\nDisallow: /", "text/plain")
    podcast.serve("/feed.xml", rss(item("one", transcript=podcast.serve("/one.vtt", vtt("Hi."), "text/vtt"))))
    rt.store.add_feeds([Feed(url=podcast.url("/feed.xml"))], now)
    poll(rt, now)
    assert fetch(rt, now).new == 1


def test_a_slug_is_what_sites_write() -> None:
    assert slugify("It's Über – 50% (Live!)") == "its-uber-50-live"


OTHERS = (
    TALK,
    Episode(
        id=2,
        guid="g/2",
        title="Headlines",
        published_at=datetime(2026, 11, 3, tzinfo=UTC),
        audio_url="https://a.example/x/ep-77.mp3?t=1",
    ),
    Episode(id=3, guid="g/3", title="Headlines", published_at=datetime(2026, 11, 4, tzinfo=UTC)),
)
# name of the file: (the guid it belongs to, why)
FILES = {
    "the-talk-part-2-under.vtt": ("g/1", FileMatch.TITLE),
    "The Talk: Part 2 – Ünder.srt": ("g/1", FileMatch.TITLE),
    "g_1.json": ("g/1", FileMatch.GUID),
    "ep-77.txt": ("g/2", FileMatch.AUDIO),
    "2026-11-04 Headlines.vtt": ("g/3", FileMatch.DATE_AND_TITLE),
    "12 - The Talk Part 2 Under.vtt": ("g/1", FileMatch.TITLE),
    "Headlines.vtt": (None, FileMatch.SEVERAL),
    "2026-11-04.vtt": ("g/3", FileMatch.DATE),
    "20261104.srt": ("g/3", FileMatch.DATE),
    "2026_11_04.txt": ("g/3", FileMatch.DATE),
    "2026-11-03.vtt": (None, FileMatch.SEVERAL_DATE),
    "2026-11-05.vtt": (None, FileMatch.NONE),
    "2026-11-04 Another title.vtt": (None, FileMatch.NONE),
    "nothing like it.vtt": (None, FileMatch.NONE),
    ".vtt": (None, FileMatch.NONE),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_dropped_in_finds_its_episode_or_says_why_not(name: str) -> None:
    found, why = EpisodeNames(OTHERS).match(name)
    assert ((found.guid if found else None), why) == FILES[name]


def test_a_date_alone_says_too_little_where_another_episode_of_it_has_its_transcript() -> None:
    [first, second] = (
        replace(TALK, id=n, guid=f"g{n}", identity=f"i{n}", show=s) for n, s in ((1, "Hour"), (2, "Day"))
    )
    assert EpisodeNames([first]).match("2026-11-03.vtt") == (first, FileMatch.DATE)
    names = EpisodeNames([first], [second])
    assert names.match("2026-11-03.vtt") == (None, FileMatch.SEVERAL_DATE)
    assert names.match("Hour 2026-11-03.vtt") == (first, FileMatch.DATE), "of this show it is the only one"
    assert names.match("20261103 - hour.vtt") == (first, FileMatch.DATE)
    assert names.match("Day 2026-11-03.vtt") == (None, FileMatch.NONE), "it has its transcript"


FRONT = {
    "---\ntitle: x\ndate: 2026-11-04\n---\nHello there, talk.\n": "Hello there, talk.",
    '+++\ntitle = "x"\ndate = 2026-11-04\n+++\nHello there, talk.\n': "Hello there, talk.",
    "---\nAnn said grain.\n---\nHello there, talk.\n": "Ann said grain.",
}


@pytest.mark.parametrize("text", FRONT, ids=str)
def test_front_matter_of_a_text_that_was_dropped_in_is_not_talk(text: str) -> None:
    read = parse_transcript(text.encode(), name="2026-11-04.txt")[1].transcript(source="x")
    assert FRONT[text] in read.text
    assert "2026" not in read.text
    assert "title" not in read.text


def test_an_episode_whose_host_asks_for_a_pause_was_not_asked_and_stays_due(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    items = [item(f"e{n}", transcript=podcast.fail(f"/{n}.vtt", 429, Retry_After="7200")) for n in range(9)]
    rt.store.add_feeds([Feed(url=podcast.serve("/feed.xml", rss(*items)))], now)
    poll(rt, now)
    tally = fetch(rt, now)
    assert 1 <= tally.failed <= 2, "two requests may have been under way"
    assert len(list_wanted(rt.store, now)) == 9 - tally.failed

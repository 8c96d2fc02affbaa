"""Which items of a feed are new episodes, from poll to poll: what differs beside each other identifies."""

from __future__ import annotations

from datetime import datetime, timedelta
from xml.sax.saxutils import escape

import pytest
from sqlalchemy import select

from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.runtime import Runtime
from podwatch.store import tables
from tests.support.podcast_host import Podcast, rss

DAYS = timedelta(days=1)


def entry(title: str, audio: str, published: str, guid: str = "", page: str = "") -> str:
    linked = f"<link>https://pod.example/{escape(page)}</link>" if page else ""
    named = f"<guid isPermaLink='false'>{escape(guid)}</guid>" if guid else ""
    return (
        f"<item><title>{title}</title>{named}{linked}<pubDate>{published}</pubDate>"
        f"<enclosure url='https://pod.example/{escape(audio)}' type='audio/mpeg' length='1'/></item>"
    )


def at(day: int, hour: int = 6, month: str = "Jun", year: int = 2026) -> str:
    return f"{day:02} {month} {year} {hour:02}:00:00 GMT"


def names(*titles: str) -> list[str]:
    return sorted(titles)


# name: (the documents, one a day, how many episodes are new in each, the titles that are stored in the end)
STORIES: dict[str, tuple[list[str], list[int], list[str]]] = {
    "files that differ only in a parameter, without guids": (
        [rss(*(entry(f"Part {n}", f"listen.mp3?id={n}", at(n)) for n in (3, 2, 1)))],
        [3],
        names("Part 1", "Part 2", "Part 3"),
    ),
    "such files under one title": (
        [rss(*(entry("News", f"get?token={n}", at(3, n)) for n in (3, 2, 1)))],
        [3],
        names("News", "News", "News"),
    ),
    "such files, one at a time": (
        [rss(entry(f"Part {n}", f"play.php?cid={n}", at(n))) for n in (1, 2, 3)],
        [1, 1, 1],
        names("Part 1", "Part 2", "Part 3"),
    ),
    "guids that differ only in a parameter": (
        [rss(entry(f"Part {n}", f"{n}.mp3", at(n), f"https://v.example/watch?v=id{n}")) for n in (1, 2)],
        [1, 1],
        names("Part 1", "Part 2"),
    ),
    "a guid that stays while title, date and file are new": (
        [rss(entry(f"News {n}:00", f"{n}.mp3", at(3, n), "bulletin")) for n in (1, 2, 3)],
        [1, 1, 1],
        names("News 1:00", "News 2:00", "News 3:00"),
    ),
    "a guid that stays, and an edition that comes back": (
        [rss(entry(f"News {n}:00", f"{n}.mp3", at(3, n), "bulletin")) for n in (1, 2, 1, 2)],
        [1, 1, 0, 0],
        names("News 1:00", "News 2:00"),
    ),
    "a guid and a title listed twice, with files a day apart": (
        [
            rss(entry("First", "members.mp3", at(1), "ac-1")),
            rss(entry("First", "public.mp3", at(2), "ac-1"), entry("First", "members.mp3", at(1), "ac-1")),
            rss(entry("First", "public.mp3", at(2), "ac-1")),
        ],
        [1, 0, 0],
        names("First"),
    ),
    "guids that two episodes exchange": (
        [
            rss(entry("Rain", "1.mp3", at(1), "a"), entry("Snow", "2.mp3", at(2), "b")),
            rss(entry("Rain", "1.mp3", at(1), "b"), entry("Snow", "2.mp3", at(2), "a")),
        ],
        [2, 0],
        names("Rain", "Snow"),
    ),
    "guids, files and dates by an hour are new": (
        [
            rss(*(entry(f"Part {n}", f"old{n}.mp3", at(n), f"old-{n}") for n in (3, 2, 1))),
            rss(*(entry(f"Part {n}", f"new{n}.mp3", at(n, 7), f"new-{n}") for n in (3, 2, 1))),
        ],
        [3, 0],
        names("Part 1", "Part 2", "Part 3"),
    ),
    "files of which the tokens change at each poll": (
        [rss(*(entry(f"Part {n}", f"{n}.mp3?sig={n}{day}&exp={day}", at(n)) for n in (3, 2, 1))) for day in range(4)],
        [3, 0, 0, 0],
        names("Part 1", "Part 2", "Part 3"),
    ),
    "guids and files are new, and dates lose their hours": (
        [
            rss(*(entry(f"Part {n}", f"old{n}.mp3", at(n, 14 + n), f"old-{n}") for n in (3, 2, 1))),
            rss(*(entry(f"Part {n}", f"new{n}.mp3", at(n, 0), f"new-{n}") for n in (4, 3, 2, 1))),
        ],
        [3, 1],
        names("Part 1", "Part 2", "Part 3", "Part 4"),
    ),
    "three titles that come again each day, the day before's gone": (
        [
            rss(
                *(
                    entry(t, f"{t}{day}.mp3", at(day, n, "Nov"), f"{t}-{day}")
                    for n, t in enumerate(("Dawn", "Noon", "Dusk"))
                )
            )
            for day in (3, 4)
        ],
        [3, 3],
        names("Dawn", "Noon", "Dusk", "Dawn", "Noon", "Dusk"),
    ),
    "tokens that change at each poll, without guids and dates": (
        [rss(*(entry(f"Part {n}", f"{n}.mp3?sig={n}{day}", "") for n in (3, 2, 1))) for day in range(3)],
        [3, 0, 0],
        names("Part 1", "Part 2", "Part 3"),
    ),
    "one file for all, but pages of their own, without guids": (
        [
            rss(*(entry("News", "live.mp3", at(n), page=f"news/{n}") for n in range(last, 0, -1)))
            for last in (1, 2, 4, 4)
        ],
        [1, 1, 2, 0],
        names("News", "News", "News", "News"),
    ),
    "one file for all, and pages that only a parameter tells apart, one at a time": (
        [rss(entry("News", "live.mp3", at(n), page=f"?p={n}")) for n in (1, 2, 3)],
        [1, 1, 1],
        names("News", "News", "News"),
    ),
    "one file and one page, of which the address changes": (
        [rss(entry("News", "live.mp3", at(1), page=page)) for page in ("2026/news", "news/1", "?p=1")],
        [1, 0, 0],
        names("News"),
    ),
    "such files, of which one gets another title, without guids": (
        [
            rss(*(entry(title, f"listen?id={n}&sig={day}", at(n)) for n, title in enumerate(("Rain", "Snow", last), 1)))
            for day, last in enumerate(("Hail", "Frost and fog"))
        ],
        [3, 0],
        names("Rain", "Snow", "Frost and fog"),
    ),
}


@pytest.mark.parametrize("case", STORIES, ids=str)
def test_each_episode_is_new_once(case: str, rt: Runtime, podcast: Podcast, now: datetime) -> None:
    documents, expected, titles = STORIES[case]
    rt.store.add_feeds([Feed(url=podcast.url("/f.xml"))], now)
    found = []
    for day, document in enumerate(documents):
        podcast.serve("/f.xml", document)
        found.append(poll(rt, now + day * DAYS, force=True).new)
    assert found == expected
    with rt.store.reading() as c:
        stored = list(c.execute(select(tables.episodes.c.title, tables.episodes.c.identity)))
    assert sorted(r.title for r in stored) == titles
    assert len({r.identity for r in stored}) == len(stored), "none suppresses another's alert"


def test_an_archive_that_appears_is_stored_and_no_news(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    recent = [entry("New", "new.mp3", at(2), "new")]
    rt.store.add_feeds([Feed(url=podcast.serve("/f.xml", rss(*recent)))], now)
    poll(rt, now)
    old = [entry(f"Old {n}", f"{n}.mp3", at(n, year=2010), f"old-{n}") for n in range(3, 9)]
    podcast.serve("/f.xml", rss(entry("Newer", "newer.mp3", at(9), "newer"), *recent, *old))
    tally = poll(rt, now + DAYS, force=True)
    assert (tally.new, tally.failed) == (7, 0)
    [note] = tally.notes
    assert "lists 6 old episodes, from 2010-06-03 to 2010-06-08: stored without alerts" in note
    with rt.store.reading() as c:
        e = tables.episodes.c
        assert {r.title for r in c.execute(select(e.title).where(e.backlog.is_(False)))} == {"New", "Newer"}


def show(title: str, *numbers: int, year: int = 2026) -> str:
    return rss(
        *(entry(f"Part {n}", f"{title}/{n}.mp3", at(n, year=year), f"{title}-{n}") for n in numbers), title=title
    )


def named(document: str, title: str) -> str:
    before, _, after = document.partition("</title>")
    return f"{before.rpartition('<title>')[0]}<title>{title}</title>{after}"


def numbered(document: str) -> str:
    guid = "<podcast:guid>917393e3-1b1e-5cef-ace4-edaa54e1f810</podcast:guid>"
    return document.replace("<language>", guid + "<language>")


WIDER = rss(
    entry("Part 1", "Rivers/1.mp3", at(1), "Rivers-1"),
    *(entry(f"Other {n}", f"all/{n}.mp3", at(n), f"all-{n}") for n in range(2, 9)),
    title="Whole site",
)
# name: (what the feed is, where it is redirected for good, whether that is taken)
REDIRECTS = {
    "the same show elsewhere": (show("Rivers", 3, 2, 1), show("Rivers", 4, 3, 2), True),
    "the same show with another name": (
        show("Rivers", 3, 2, 1),
        show("Rivers", 4, 3, 2, 1).replace("<title>Rivers<", "<title>Streams<"),
        True,
    ),
    "another show": (show("Rivers", 3, 2, 1), show("Whole site", 4, 3, 2, year=2020), False),
    "a wider feed that has an episode of it": (show("Rivers", 3, 2, 1), WIDER, False),
    "a wider feed under its name": (show("Rivers", 3, 2, 1), named(WIDER, "Rivers"), False),
    "a wider feed under its name that has all of its episodes": (
        show("Rivers", 7, 5, 2),
        rss(
            *(entry(f"Part {n}", f"Rivers/{n}.mp3", at(n), f"Rivers-{n}") for n in (7, 5, 2)),
            *(entry(f"Other {n}", f"all/{n}.mp3", at(n, 8), f"all-{n}") for n in range(2, 7)),
            title="Rivers",
        ),
        False,
    ),
    "a wider feed under its name and guid that has its only episode": (
        numbered(show("Rivers", 7)),
        numbered(
            named(
                rss(*(entry(f"Part {n}", f"Rivers/{n}.mp3", at(n), f"Rivers-{n}") for n in range(7, 0, -1))), "Rivers"
            )
        ),
        False,
    ),
    "a feed of its name with other episodes of that time": (
        show("Rivers", 3, 2, 1),
        show("All", 3, 2, 1).replace("Part", "Tale").replace("<title>All<", "<title>Rivers<"),
        False,
    ),
    "the same show at a host that gives new guids and files": (
        show("Rivers", 3, 2, 1),
        named(show("New", 4, 3, 2, 1), "Rivers"),
        True,
    ),
    "the same show, which has only new episodes there": (show("Rivers", 3, 2, 1), show("Rivers", 6, 5, 4), True),
    "the same show with its whole archive": (show("Rivers", 9, 8, 7), show("Rivers", *range(9, 0, -1)), True),
}


@pytest.mark.parametrize("case", REDIRECTS, ids=str)
def test_a_permanent_redirect_is_taken_where_the_same_show_answers(
    case: str, rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    before, after, taken = REDIRECTS[case]
    old = podcast.serve("/old.xml", before)
    rt.store.add_feeds([Feed(url=old)], now)
    poll(rt, now)
    known = rt.store.counts()["episodes"]
    new = podcast.serve("/new.xml", after)
    podcast.fail("/old.xml", 301, Location=new)
    tally = poll(rt, now + DAYS, force=True)
    [feed] = rt.store.feeds()
    assert feed.url == (new if taken else old)
    if not taken:
        assert rt.store.counts()["episodes"] == known
        assert tally.notes == (
            f"{old}: is sent on to {new} for good, which is another show - add that one if you want it, and remove this one",
        )

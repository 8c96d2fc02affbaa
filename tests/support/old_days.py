"""A feed with episodes of today and of days long past, and two stores of it: for the tests of backfills in Airflow.

A backfill in Airflow, however it is cut into runs, ends with the rows of one `podwatch backfill` in the second store.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from podwatch import runtime
from podwatch.history.backfill import backfill
from podwatch.line.verbs import LINE
from podwatch.model import Backfill, Feed, Watch
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from podwatch.store.marks import ANNOUNCED
from tests.support.podcast_host import Podcast, item, rss, vtt

FIRST = datetime(2026, 9, 1, tzinfo=UTC)
Row = tuple[str, str, int, str]
ENV = {
    "PODWATCH_CONSOLE": "1",
    "PODWATCH_HOST_PAUSE": "0",
    "PODWATCH_ENTITIES": "off",
    "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
}


def serve_feed(host: Podcast, now: datetime, days: int, late: Sequence[str] = ()) -> None:
    """A feed of two pages: three episodes of today; on the second one a day. late: guids of episodes with an old date."""
    today = [_serve_episode(host, guid, now - timedelta(days=7)) for guid in late]
    today += [_serve_episode(host, f"new{n}", now - timedelta(hours=n)) for n in range(3)]
    older = [_serve_episode(host, f"old{n}", FIRST + timedelta(days=n, hours=5)) for n in range(days)]
    # belongs to the third day, and to no other
    older.append(_serve_episode(host, "midnight", FIRST + timedelta(days=2)))
    link = "<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='/2.xml'/>"
    host.serve("/feed.xml", rss(*today).replace("<language>", f"{link}<language>"))
    host.serve("/2.xml", rss(*older))


def _serve_episode(host: Podcast, guid: str, day: datetime) -> str:
    url = host.serve(f"/{guid}.vtt", vtt(f"This is {guid}.", "The grain came."), "text/vtt")
    return item(guid, transcript=url, published=f"{day:%a, %d %b %Y %H:%M:%S} +0000")


def run_line_once(host: Podcast, settings: Settings, now: datetime) -> None:
    """A podwatch that has watched the feed before, and told of the episodes of today."""
    with runtime.build(settings) as rt:
        rt.store.add_feeds([Feed(url=host.url("/feed.xml"))], now)
        rt.store.sync_watches([Watch(name="grain", query="grain")], now)
        for verb in LINE.values():
            verb(rt, now)
        rt.store.set_mark(ANNOUNCED, now, str(rt.store.newest_mention_id()))  # as after an earlier live run


def backfill_at_once(settings: Settings, days: int, now: datetime) -> list[Row]:
    """The rows that one backfill of all days ends with, without Airflow."""
    with runtime.build(settings) as rt:
        backfill(rt, Backfill(since=FIRST, until=FIRST + timedelta(days=days)), now)
        return mention_rows(rt)


def mention_rows(rt: Runtime) -> list[Row]:
    return sorted((f.episode.guid, f.mention.watch, f.mention.start, f.mention.surface) for f in rt.store.mentions())

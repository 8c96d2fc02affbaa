"""Episodes whose date cannot be read belong to no range: a backfill, the list of feeds and the doctor say how many."""

from __future__ import annotations

from datetime import UTC, datetime

from podwatch.diagnose import doctor
from podwatch.history.backfill import backfill
from podwatch.line.poll import poll
from podwatch.model import Backfill, Feed
from podwatch.runtime import Runtime
from tests.support.command_runner import run_command
from tests.support.podcast_host import Podcast, item, rss

SEPTEMBER = Backfill(since=datetime(2026, 9, 1, tzinfo=UTC), until=datetime(2026, 10, 1, tzinfo=UTC))
NEXT = "<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='/2.xml'/>"


def test_episodes_without_a_date_that_can_be_read_are_reported(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    newest = rss(item("a", published="some day"), item("b"))
    older = rss(*(item(guid, published="some day") for guid in "cd"), item("e", published="Wed, 9 set 2026"))
    url = podcast.serve("/1.xml", newest.replace("<language>", f"{NEXT}<language>"))
    podcast.serve("/2.xml", older)
    rt.store.add_feeds([Feed(url=url)], now)
    poll(rt, now)
    own = f"{url}: 1 episode has no date that can be read: no backfill finds them"
    report = backfill(rt, SEPTEMBER, now)
    assert report.episodes == 1
    assert report.problems == (
        f"{url}: 2 episodes on its older pages have no date that can be read, and are left out",
        own,
    )
    assert own in run_command(rt.settings, "feeds", "list")[2]
    assert own in [f"{f.check.removeprefix('feed ')}: {f.message}" for f in doctor.examine(rt.settings, now)]

"""Two fetch runs at once share the work: no transcript is asked for twice, and a run that dies leaves nothing behind."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from podwatch import runtime
from podwatch.line.fetch import fetch
from podwatch.line.lease import Lease
from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.policy.fetch_schedule import LEASE
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings, parse_networks
from tests.support.podcast_host import Podcast, item, rss, vtt

EPISODES = 10


def settings_for(home: Path, url: str) -> Settings:
    return Settings(home=home, database_url=Secret(url), allow_addresses=parse_networks("127.0.0.0/8"), host_pause=0)


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    url = settings.database_url.reveal()
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    return settings_for(settings.home, url)


def offered(rt: Runtime, podcast: Podcast, now: datetime, count: int = EPISODES) -> None:
    """A feed whose episodes all wait for their transcripts."""
    items = [
        item(f"e{n}", transcript=podcast.serve(f"/{n}.vtt", vtt(f"This is talk number {n}."), "text/vtt"))
        for n in range(count)
    ]
    rt.store.add_feeds([Feed(url=podcast.serve("/feed.xml", rss(*items)))], now)
    poll(rt, now)
    rt.store.set_transcript_page(podcast.url("/feed.xml"), None, now)


def fetch_in_a_process(home: Path, url: str, now: datetime, start: Barrier) -> None:
    with runtime.build(settings_for(home, url)) as rt:
        start.wait(30)
        fetch(rt, now)


def test_two_processes_ask_for_each_transcript_once(both: Settings, podcast: Podcast, now: datetime) -> None:
    with runtime.build(both) as rt:
        offered(rt, podcast, now)
        waiting = len(rt.store.transcripts_wanted(now))
        assert waiting >= 10
        context = multiprocessing.get_context("spawn")
        start = context.Barrier(2)
        crew = [
            context.Process(target=fetch_in_a_process, args=(both.home, both.database_url.reveal(), now, start))
            for _ in range(2)
        ]
        for process in crew:
            process.start()
        for process in crew:
            process.join(120)
        assert [process.exitcode for process in crew] == [0, 0]
        asked = {path: statuses for path, statuses in podcast.statuses.items() if path.endswith(".vtt")}
        assert set(map(len, asked.values())) == {1}
        assert len(asked) == waiting == rt.store.counts()["transcripts"]


def test_what_one_run_has_taken_no_other_gets_until_its_lease_is_over(
    both: Settings, podcast: Podcast, now: datetime
) -> None:
    with runtime.build(both) as rt:
        offered(rt, podcast, now, 5)
        taken = rt.store.claim_wanted(now, now + LEASE)
        assert len(taken) == 5
        assert rt.store.claim_wanted(now, now + LEASE) == []
        assert [w.episode.id for w in rt.store.claim_wanted(now + LEASE, now + 2 * LEASE)] == [
            w.episode.id for w in taken
        ]


def test_a_long_run_keeps_what_it_has_taken(
    both: Settings, podcast: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [0.0]
    monkeypatch.setattr("podwatch.line.lease.monotonic", lambda: at[0])
    with runtime.build(both) as rt:
        offered(rt, podcast, now, 5)
        lease = Lease(rt.store, now)
        [first, *_] = lease.hold(rt.store.claim_wanted(now, lease.until))
        at[0] = LEASE.total_seconds() * 0.8
        lease.release([first.episode.id])
        later = now + 1.5 * LEASE
        assert [w.episode.id for w in rt.store.claim_wanted(later, later + LEASE)] == [first.episode.id]


def test_a_run_that_is_interrupted_gives_back_what_it_did_not_ask_for(
    rt: Runtime, podcast: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> Iterator[None]:
        yield from ()
        raise KeyboardInterrupt

    offered(rt, podcast, now, 5)
    monkeypatch.setattr("podwatch.line.fetch.run_by_host", stopped)
    with pytest.raises(KeyboardInterrupt):
        fetch(rt, now)
    assert len(rt.store.transcripts_wanted(now)) == 5


def test_a_run_that_was_outlived_moves_nothing_that_another_has(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    offered(rt, podcast, now, 5)
    lease = Lease(rt.store, now)
    lease.hold(rt.store.claim_wanted(now, lease.until))
    later = now + LEASE + timedelta(minutes=1)
    assert len(rt.store.claim_wanted(later, later + LEASE)) == 5
    lease.release_all()
    assert rt.store.transcripts_wanted(later) == []

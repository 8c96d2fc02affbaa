"""Two fetch runs at once: no transcript is requested twice, and what a killed run has claimed is due again."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from podwatch import runtime
from podwatch.line.claim_renewal import Lease
from podwatch.line.fetch import fetch
from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.policy.leases import FETCH_LEASE
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings, parse_networks
from tests.support.migrated_database import place_database
from tests.support.podcast_host import Podcast, item, rss, vtt
from tests.support.stored_transcripts import list_wanted

EPISODES = 10


def settings_for(home: Path, url: str) -> Settings:
    return Settings(home=home, database_url=Secret(url), allow_addresses=parse_networks("127.0.0.0/8"), host_pause=0)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings_of_each(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    place_database(settings.home)
    url = settings.database_url.reveal()
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    return settings_for(settings.home, url)


def add_episodes(rt: Runtime, podcast: Podcast, now: datetime, count: int = EPISODES) -> None:
    """Polls a feed whose episodes all have a transcript to fetch."""
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


def test_two_processes_fetch_each_transcript_once(settings_of_each: Settings, podcast: Podcast, now: datetime) -> None:
    with runtime.build(settings_of_each) as rt:
        add_episodes(rt, podcast, now)
        waiting = len(list_wanted(rt.store, now))
        assert waiting >= 10
        context = multiprocessing.get_context("spawn")
        start = context.Barrier(2)
        processes = [
            context.Process(
                target=fetch_in_a_process,
                args=(settings_of_each.home, settings_of_each.database_url.reveal(), now, start),
            )
            for _ in range(2)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0, 0]
        requested = {path: statuses for path, statuses in podcast.statuses.items() if path.endswith(".vtt")}
        assert set(map(len, requested.values())) == {1}
        assert len(requested) == waiting == rt.store.counts()["transcripts"]


def test_what_one_run_has_claimed_no_other_gets_until_its_lease_ends(
    settings_of_each: Settings, podcast: Podcast, now: datetime
) -> None:
    with runtime.build(settings_of_each) as rt:
        add_episodes(rt, podcast, now, 5)
        claimed = rt.store.claim_wanted(now, now + FETCH_LEASE)
        assert len(claimed) == 5
        assert rt.store.claim_wanted(now, now + FETCH_LEASE) == []
        assert [w.episode.id for w in rt.store.claim_wanted(now + FETCH_LEASE, now + 2 * FETCH_LEASE)] == [
            w.episode.id for w in claimed
        ]


def test_a_long_run_extends_its_lease(
    settings_of_each: Settings, podcast: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [0.0]
    monkeypatch.setattr("podwatch.line.claim_renewal.monotonic", lambda: at[0])
    with runtime.build(settings_of_each) as rt:
        add_episodes(rt, podcast, now, 5)
        lease = Lease(rt.store, now)
        [first, *_] = lease.hold(rt.store.claim_wanted(now, lease.until))
        at[0] = FETCH_LEASE.total_seconds() * 0.8
        lease.release([first.episode.id])
        later = now + 1.5 * FETCH_LEASE
        assert [w.episode.id for w in rt.store.claim_wanted(later, later + FETCH_LEASE)] == [first.episode.id]


def test_an_interrupted_run_makes_due_again_what_it_did_not_request(
    rt: Runtime, podcast: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> Iterator[None]:
        yield from ()
        raise KeyboardInterrupt

    add_episodes(rt, podcast, now, 5)
    monkeypatch.setattr("podwatch.line.fetch.run_by_host", stopped)
    with pytest.raises(KeyboardInterrupt):
        fetch(rt, now)
    assert len(list_wanted(rt.store, now)) == 5


def test_a_run_whose_lease_has_ended_releases_nothing_that_another_has_claimed(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    add_episodes(rt, podcast, now, 5)
    lease = Lease(rt.store, now)
    lease.hold(rt.store.claim_wanted(now, lease.until))
    later = now + FETCH_LEASE + timedelta(minutes=1)
    assert len(rt.store.claim_wanted(later, later + FETCH_LEASE)) == 5
    lease.release_all()
    assert list_wanted(rt.store, later) == []

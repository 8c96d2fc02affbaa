"""A mute covers a watch, a show or both until its end, and no longer."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from podwatch.model import Feed, Mute, Watch
from podwatch.store.database import Store

HOUR = timedelta(hours=1)


@pytest.fixture
def ids(store: Store, now: datetime) -> tuple[int, int]:
    store.add_feeds([Feed(url="https://a.example/feed", title="The Show")], now)
    store.sync_watches([Watch(name="grain", query="grain")], now)
    return store.watches()[0].id, store.feeds()[0].id


def test_a_mute_holds_until_its_end_and_stays_readable_afterwards(
    store: Store, ids: tuple[int, int], now: datetime
) -> None:
    watch, feed = ids
    later = store.add_mute(Mute(feed_id=feed, until=now + 2 * HOUR, reason="holidays", by="ann"), now)
    sooner = store.add_mute(Mute(watch_id=watch, feed_id=feed, until=now + HOUR), now)
    assert store.active_mutes(now) == [sooner, later]
    assert (later.watch, later.show, later.reason, later.by, later.created_at) == (
        None,
        "The Show",
        "holidays",
        "ann",
        now,
    )
    assert (sooner.watch, sooner.show) == ("grain", "The Show")
    assert store.active_mutes(now + HOUR) == [later]
    assert store.active_mutes(now + 2 * HOUR) == []
    assert store.mutes() == [sooner, later]


def test_a_mute_ends_early_once(store: Store, ids: tuple[int, int], now: datetime) -> None:
    mute = store.add_mute(Mute(watch_id=ids[0], until=now + 2 * HOUR), now)
    assert store.end_mute(mute.id, now + HOUR)
    assert not store.end_mute(mute.id, now + HOUR)
    assert store.active_mutes(now + HOUR) == []
    assert [m.until for m in store.mutes()] == [now + HOUR]


def test_a_mute_of_nothing_would_silence_everything_and_is_refused(store: Store, now: datetime) -> None:
    with pytest.raises(ValueError, match="needs a watch or a feed"):
        store.add_mute(Mute(until=now + HOUR), now)


def test_a_show_that_is_removed_takes_its_mutes_along(store: Store, ids: tuple[int, int], now: datetime) -> None:
    store.add_mute(Mute(feed_id=ids[1], until=now + HOUR), now)
    store.remove_feed("https://a.example/feed")
    assert store.mutes() == []


# (the mute's watch and feed, the alert's watch and feed, covered)
COVERED = {
    "a watch anywhere": (1, None, 1, 9, True),
    "another watch": (1, None, 2, 9, False),
    "a show, whatever is found": (None, 9, 2, 9, True),
    "another show": (None, 9, 2, 8, False),
    "a watch in a show": (1, 9, 1, 9, True),
    "the watch in another show": (1, 9, 1, 8, False),
    "another watch in the show": (1, 9, 2, 9, False),
}


@pytest.mark.parametrize("case", COVERED, ids=str)
def test_what_a_mute_covers(case: str, now: datetime) -> None:
    muted_watch, muted_feed, watch, feed, covered = COVERED[case]
    assert Mute(until=now, watch_id=muted_watch, feed_id=muted_feed).covers(watch, feed) is covered

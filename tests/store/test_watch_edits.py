"""One watch is changed at a time, whoever edits at once: nothing is overwritten, nothing half saved."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from podwatch.errors import WatchlistError
from podwatch.model import DeliverMode, DeliveryState, Watch
from podwatch.store.database import Store
from podwatch.store.watch_edits import Author, WatchConflict
from tests.support.stored_transcripts import GRAIN

ADA = Author("ada", {"query": "grain"}, {"query": "corn"})
LEE = Watch(name="lee", entity="Ann Lee")


@pytest.fixture
def listed(store: Store, now: datetime) -> Store:
    store.sync_watches([GRAIN, LEE], now)
    return store


def watch(store: Store, name: str) -> Watch:
    [found] = [w for w in store.watches() if w.name == name]
    return found


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """What each job returned or raised; all begin together."""
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
        barrier.wait(20)
        try:
            return job()
        except (WatchConflict, WatchlistError) as e:
            return e

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_of_two_who_save_the_same_watch_at_once_one_is_told(listed: Store, now: datetime) -> None:
    was = watch(listed, "grain")
    jobs = [lambda q=q: listed.save_watch(replace(was, query=q), was, ADA, now) for q in ("a", "b", "c")]
    done = at_once(*jobs)
    saved = [d for d in done if isinstance(d, Watch)]
    assert [type(d) for d in done if not isinstance(d, Watch)] == [WatchConflict, WatchConflict]
    assert watch(listed, "grain") == saved[0]
    assert all(d.present == saved[0] for d in done if isinstance(d, WatchConflict))
    assert len(listed.list_audit()) == 1


def test_different_watches_are_saved_at_once(listed: Store, now: datetime) -> None:
    grain, lee = watch(listed, "grain"), watch(listed, "lee")
    done = at_once(
        lambda: listed.save_watch(replace(grain, query="corn"), grain, ADA, now),
        lambda: listed.save_watch(replace(lee, entity="Bo Lee"), lee, ADA, now),
        lambda: listed.save_watch(Watch(name="one", query="1a"), None, ADA, now),
        lambda: listed.save_watch(Watch(name="two", query="2a"), None, ADA, now),
    )
    assert all(isinstance(d, Watch) for d in done)
    assert {w.name: w.target for w in listed.watches()} == {"grain": "corn", "lee": "Bo Lee", "one": "1a", "two": "2a"}


def test_a_name_belongs_to_one(listed: Store, now: datetime) -> None:
    done = at_once(*[lambda: listed.save_watch(Watch(name="new", query="x"), None, ADA, now)] * 3)
    assert sum(isinstance(d, Watch) for d in done) == 1
    assert sum(isinstance(d, WatchlistError) for d in done) == 2
    grain = watch(listed, "grain")
    with pytest.raises(WatchlistError, match="another watch has this name"):
        listed.save_watch(replace(grain, name="lee"), grain, ADA, now)
    assert watch(listed, "grain") == grain


def test_an_edit_and_a_sync_at_once_leave_a_whole_list(listed: Store, now: datetime) -> None:
    grain = watch(listed, "grain")
    done = at_once(
        lambda: listed.save_watch(replace(grain, query="corn"), grain, ADA, now),
        lambda: listed.sync_watches([replace(GRAIN, query="wheat"), LEE], now),
    )
    assert watch(listed, "grain").query == "wheat"  # the later one, or the one that the edit has not seen
    assert isinstance(done[0], Watch | WatchConflict)
    latest = listed.watches_to_detect()
    assert len({seq for seq, _ in latest.watches}) == 2


def test_what_was_seen_in_every_field_is_compared(listed: Store, now: datetime) -> None:
    was = watch(listed, "grain")
    listed.save_watch(replace(was, channel="#else"), was, ADA, now)  # it finds the same, and keeps its revision
    assert watch(listed, "grain").revision == was.revision
    with pytest.raises(WatchConflict):
        listed.save_watch(replace(was, query="corn"), was, ADA, now)
    with pytest.raises(WatchConflict):
        listed.switch_off(was, ADA, now)
    assert watch(listed, "grain").channel == "#else"


def test_a_watch_that_is_off_says_so_and_comes_back_as_it_was(listed: Store, now: datetime) -> None:
    was = watch(listed, "grain")
    listed.switch_off(was, ADA, now)
    with pytest.raises(WatchConflict) as caught:
        listed.save_watch(replace(was, query="corn"), was, ADA, now)
    assert caught.value.present is None
    with pytest.raises(WatchConflict):
        listed.switch_off(was, ADA, now)
    back = listed.switch_on("grain", ADA, now + timedelta(hours=1))
    assert (back.id, watch(listed, "grain").query) == (was.id, "grain")
    with pytest.raises(WatchConflict):
        listed.switch_on("grain", ADA, now)
    with pytest.raises(WatchConflict):
        listed.switch_on("nobody", ADA, now)


def test_a_watch_that_was_removed_is_offered_no_more_and_may_return(listed: Store, now: datetime) -> None:
    was = watch(listed, "grain")
    listed.switch_off(was, ADA, now)
    assert [w.name for w, _ in listed.retired_watches(removed=False)] == ["grain"]
    listed.switch_off(was, ADA, now, for_good=True)
    assert listed.retired_watches(removed=False) == []
    assert [w.name for w, _ in listed.retired_watches()] == ["grain"]
    listed.sync_watches([GRAIN, LEE], now)
    assert watch(listed, "grain").id == was.id
    listed.switch_off(watch(listed, "grain"), ADA, now)
    assert [w.name for w, _ in listed.retired_watches(removed=False)] == ["grain"]


def test_what_waits_goes_where_the_watch_sends_now(listed: Store, now: datetime) -> None:
    from podwatch.model import Alert
    from podwatch.store.alerts import insert_deliveries
    from tests.support.stored_transcripts import store_episodes

    was = watch(listed, "grain")
    [e] = store_episodes(listed, now, "show", 1.0)
    alert = Alert(key="k", watch=was, episode=e, channel=was.channel, mentions=())
    with listed.writing() as c:
        insert_deliveries(c, [(alert, None)], now)
    listed.save_watch(replace(was, channel="#else", deliver=DeliverMode.EACH), was, ADA, now)
    [row] = listed.list_alerts(states=(DeliveryState.DUE,), watch="grain", limit=10)
    assert row.delivery.channel == "#else"

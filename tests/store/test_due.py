"""Which verbs have something to do: the same as their own to-do lists say, whatever is in the store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as drawn
from hypothesis import strategies as st
from sqlalchemy import update

from podwatch.line.detect import detect
from podwatch.line.fetch import fetch
from podwatch.line.poll import poll
from podwatch.model import ChannelRules, DeliveryState, Feed, Schedule, Watch
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from podwatch.store.database import Store
from podwatch.store.due import DueRows, open_due_rows
from podwatch.store.marks import ANNOUNCED, NAMES_LEFT
from podwatch.store.tables import deliveries, episodes, feeds, transcripts, watches
from tests.support.stored_transcripts import GRAIN, save_text, store_alert, store_episodes

HOUR = timedelta(hours=1)


def due_verbs(store: Store, now: datetime) -> set[str]:
    return set(DueRows(store.engine).find_due_verbs(now))


def settle(store: Store, now: datetime) -> None:
    """One feed, episode, transcript, watch and sent alert, and nothing of them due."""
    store_alert(store, now)
    for table, values in (
        (feeds, {"next_poll_at": now + HOUR}),
        (episodes, {"next_fetch_at": None}),
        (transcripts, {"detected_through": 1000}),
        (deliveries, {"state": "sent", "next_attempt_at": None, "sent_at": now}),
    ):
        store.execute(update(table).values(**values))
    store.set_mark(ANNOUNCED, now, str(store.newest_mention_id()))


def sync_new_watch(store: Store, now: datetime) -> None:
    store.sync_watches([GRAIN, Watch(name="new", query="corn")], now)
    store.execute(update(transcripts).values(detected_through=1))


def plan_reports(store: Store, now: datetime) -> None:
    store.sync_channels([ChannelRules(name="#a", report=Schedule(at=time(9)))], now)


def changes(table: object, **values: object) -> Callable[[Store, datetime], None]:
    """The whole table gets these values; a timedelta is that long after now."""

    def change(store: Store, now: datetime) -> None:
        at = {n: now + v if isinstance(v, timedelta) else v for n, v in values.items()}
        store.execute(update(table).values(**at))  # type: ignore[arg-type]

    return change


ZERO = timedelta()
# What happens to a store in which nothing is due, and the verb that it gives something to do.
HAPPENED: dict[str, tuple[Callable[[Store, datetime], object], str]] = {
    "nothing": (lambda store, now: None, ""),
    "a feed's time has come": (changes(feeds, next_poll_at=ZERO), "poll"),
    "a feed that rests is not asked": (changes(feeds, next_poll_at=ZERO, disabled_at=ZERO), ""),
    "a feed was added": (lambda store, now: store.add_feeds([Feed(url="https://b.example/feed")], now), "poll"),
    "a late transcript is to be asked for": (changes(episodes, next_fetch_at=ZERO), "fetch"),
    "one of the backlog is a backfill's": (changes(episodes, next_fetch_at=ZERO, backlog=True), ""),
    "a watch is new": (sync_new_watch, "detect"),
    "a watch was switched off": (lambda store, now: store.sync_watches([], now), ""),
    "a transcript is new": (changes(transcripts, detected_through=0), "detect"),
    "one that failed waits": (changes(transcripts, detected_through=0, next_detect_at=HOUR), ""),
    "one that failed is tried again": (changes(transcripts, detected_through=0, next_detect_at=ZERO), "detect"),
    "names were left to read": (lambda store, now: store.set_mark(NAMES_LEFT, now, "3"), "detect"),
    "no names are left to read": (lambda store, now: store.set_mark(NAMES_LEFT, now, "0"), ""),
    "mentions were not told to other DAGs": (lambda store, now: store.set_mark(ANNOUNCED, now, "0"), "detect"),
    "a message is to be retried": (changes(deliveries, state="retry", next_attempt_at=ZERO), "deliver"),
    "one that is held until later": (changes(deliveries, state="held", next_attempt_at=HOUR), ""),
    "one that was held until now": (changes(deliveries, state="held", next_attempt_at=ZERO), "deliver"),
    "a claim has run out": (changes(deliveries, state="attempting", next_attempt_at=ZERO), "deliver"),
    "a sent message may have changed": (changes(deliveries, check_at=ZERO), "deliver"),
    "a sent message may be there twice": (changes(deliveries, sweep_at=ZERO), "deliver"),
    "a channel is to have reports": (plan_reports, "deliver"),
}


@pytest.mark.parametrize("happened", HAPPENED)
def test_what_happened_gives_a_verb_something_to_do(store: Store, now: datetime, happened: str) -> None:
    settle(store, now)
    change, verb = HAPPENED[happened]
    change(store, now)
    assert due_verbs(store, now) == ({verb} if verb else set())


def test_a_report_is_due_when_its_time_has_come(store: Store, now: datetime) -> None:
    settle(store, now)
    plan_reports(store, now)
    store.plan_report("#a", None, now + HOUR / 2)
    assert due_verbs(store, now) == set()
    assert due_verbs(store, now + HOUR / 2) == {"deliver"}


def test_deliver_has_something_to_do_when_a_message_is_due_before_it_would_leave(store: Store, now: datetime) -> None:
    settle(store, now)
    store.execute(update(deliveries).values(state="retry", next_attempt_at=now + HOUR))
    assert DueRows(store.engine).find_due_verbs(now, HOUR) == {"deliver"}


moments = st.sampled_from([None, -1, 0, 1])  # hours from now


@drawn(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_the_answer_is_that_of_the_verbs_own_lists(rt: Runtime, now: datetime, data: st.DataObject) -> None:
    store = rt.store
    if not store.feeds():
        settle(store, now)

    def at(name: str) -> datetime | None:
        hours = data.draw(moments, label=name)
        return None if hours is None else now + timedelta(hours=hours)

    change = store.execute
    change(update(feeds).values(next_poll_at=at("poll"), disabled_at=at("rest")))
    change(update(episodes).values(next_fetch_at=at("fetch"), backlog=data.draw(st.booleans(), label="backlog")))
    through = data.draw(st.sampled_from([0, 1, 1000]), label="searched through")
    change(update(transcripts).values(detected_through=through, next_detect_at=at("detect")))
    change(update(watches).values(enabled=data.draw(st.booleans(), label="enabled")))
    state = data.draw(st.sampled_from(list(DeliveryState)), label="state")
    sent = {"next_attempt_at": None} if state is DeliveryState.SENT else {"next_attempt_at": at("attempt")}
    change(update(deliveries).values(state=state.value, check_at=at("check"), sweep_at=at("sweep"), **sent))
    assert due_verbs(store, now) == lists_of_verbs(store, now)


def lists_of_verbs(store: Store, now: datetime) -> set[str]:
    """The verbs whose to-do lists hold something: what the verbs themselves ask for."""
    latest = store.watches_to_detect().latest
    with store.reading() as c:
        wanted = (episodes.c.next_fetch_at <= now, episodes.c.backlog.is_(False))
        requests = store.requests_of(c, *wanted)
    lists = {
        "poll": store.feeds_due(now),
        "fetch": requests,
        "detect": list(store.transcripts_due(latest, now)),
        "deliver": [*store.deliveries_due(now), *store.edits_due(now), *store.duplicate_checks_due(now)],
    }
    return {verb for verb, found in lists.items() if found}


def test_after_the_verbs_ran_there_is_nothing_more_to_do(rt: Runtime, now: datetime) -> None:
    [episode] = store_episodes(rt.store, now, "a", 1)
    rt.store.sync_watches([replace(GRAIN, channel="")], now)
    save_text(rt.store, episode, "The price of wheat.", now)
    rt.store.execute(update(feeds).values(next_poll_at=now + HOUR))
    for verb in (poll, fetch, detect):
        verb(rt, now)
    assert due_verbs(rt.store, now) - {"detect"} == set()  # whose mentions the plugin announces


def test_no_database_is_made_to_look_into_it(settings: Settings) -> None:
    with pytest.raises(Exception, match="of another revision"), closing(open_due_rows(settings)):
        pass

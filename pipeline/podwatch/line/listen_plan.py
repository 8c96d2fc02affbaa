"""What is to be heard, and how much of it today: asked by listen, by its DAG, and by doctor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from podwatch.model import ALL, ListenRequest, Shard, Watch
from podwatch.policy.listen_schedule import (
    ListenPlan,
    ListenRules,
    is_listened_to,
    is_wanted,
    next_day,
    plan_listening,
    seconds_left,
)
from podwatch.policy.scopes import is_in_scope
from podwatch.runtime import Runtime
from podwatch.speech_settings import SpeechSettings
from podwatch.store.database import Store


def is_on(store: Store, speech: SpeechSettings) -> bool:
    """Whether a feed is listened to."""
    return bool(_heard_feeds(store, speech))


def find_wanted(
    store: Store, speech: SpeechSettings, now: datetime, shard: Shard = ALL, ids: Sequence[int] | None = None
) -> list[ListenRequest]:
    """The episodes that are to be heard and due, whatever is left of the day's budget. ids: of these only."""
    heard = store.episodes_to_hear(now, _heard_feeds(store, speech), shard, ids)
    return [r for r in heard if is_wanted(_rules(speech), r, now)]


def plan_day(rt: Runtime, now: datetime, shard: Shard = ALL) -> ListenPlan:
    """Which episodes are listened to now; those beyond the day's budget wait for the next day."""
    s = rt.settings.speech
    wanted = find_wanted(rt.store, s, now, shard)
    if not wanted:
        return ListenPlan((), ())
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    left = seconds_left(s.hours, s.money, s.price, rt.store.seconds_heard(midnight))
    plan = plan_listening(wanted, _count_watches(rt.store.watches(), wanted), left)
    rt.store.postpone_listening([r.episode.id for r in plan.postponed], next_day(now))
    return plan


def _heard_feeds(store: Store, speech: SpeechSettings) -> set[int]:
    rules = _rules(speech)
    return {n for n, listen, tags in store.listen_choices() if is_listened_to(rules, listen, tags)}


def _rules(speech: SpeechSettings) -> ListenRules:
    return ListenRules(default=speech.listen, tags=frozenset(speech.tags), newest=speech.newest)


def _count_watches(watches: Sequence[Watch], wanted: Sequence[ListenRequest]) -> dict[int, int]:
    """By the id of a feed how many watches look at it."""
    return {
        r.episode.feed_id: sum(is_in_scope(w.scope, r.feed_url, r.tags, r.episode.language) for w in watches)
        for r in {r.episode.feed_id: r for r in wanted}.values()
    }

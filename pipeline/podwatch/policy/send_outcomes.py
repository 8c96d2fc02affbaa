"""Decides what a try makes of a delivery and of its channel. Pure: the failure and a moment in, new values out.

Whose fault a failure is decides who waits. The message waits alone when something is wrong with it, or when it may
have arrived and has to settle before anybody looks; its channel rests when the service is busy, so that a cut of ten
minutes costs each message nothing; and a channel that somebody has to mend is paused, with all that waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from podwatch.errors import ChannelError, PodwatchError
from podwatch.model import Delivery, DeliveryTiming, DeliveryState

LOOKUPS = 2  # that find nothing before a message counts as absent: a history may lag


@dataclass(frozen=True, slots=True)
class ChannelPause:
    """What a failure means for the channel, or (service) for every channel of the service.

    until: nothing goes there before. failures: in a row, as they are now. paused: somebody has to mend it.
    """

    until: datetime
    failures: int
    paused: bool = False
    service: bool = False


def after_failure(d: Delivery, error: PodwatchError, at: datetime, pace: DeliveryTiming, *, posted: bool) -> Delivery:
    """The delivery after a failed try that ended at ``at``. posted: it was the post that failed, not a look before it.

    Only what is wrong with the message itself counts towards its end.
    """
    if not isinstance(error, ChannelError):
        error = ChannelError(error.what, where=error.where, todo=error.todo, retryable=error.retryable)
    d = replace(d, state=DeliveryState.RETRY, error=error.line, next_attempt_at=at)
    if posted and error.outcome_unknown:
        waits = pace.settle + (_backoff(pace, d.failures - 1) if d.failures else 0.0)
        unknown = d.attempted_at or d.posted_at or at
        d = replace(d, attempted_at=unknown, looks=0, failures=d.failures + 1, next_attempt_at=_later(at, waits))
        return _or_dead(d, pace)
    if error.route:
        return d
    if not error.retryable:
        return replace(d, state=DeliveryState.DEAD, next_attempt_at=None)
    if error.busy:
        return replace(d, next_attempt_at=_later(at, error.retry_after or 0.0))
    waits = max(_backoff(pace, d.failures), error.retry_after or 0.0)
    return _or_dead(replace(d, failures=d.failures + 1, next_attempt_at=_later(at, waits)), pace)


def channel_pause(error: PodwatchError, failures: int, at: datetime, pace: DeliveryTiming) -> ChannelPause | None:
    """What the failure means for its channel, which has failed ``failures`` times before; None when nothing."""
    if not isinstance(error, ChannelError):
        return None
    service = error.service
    if error.route:
        waits = min(pace.probe_after, pace.probe_after / 15 * (1 << min(failures, 10)))
        return ChannelPause(
            _later(at, max(waits, error.retry_after or 0.0)), failures + 1, paused=True, service=service
        )
    if error.retry_after is not None:
        return ChannelPause(_later(at, error.retry_after), failures + 1, service=service)
    if error.busy:
        waits = min(pace.longest_pause, pace.first_pause * (1 << min(failures, 16)))
        return ChannelPause(_later(at, waits), failures + 1, service=service)
    return None


def must_reconcile(d: Delivery) -> bool:
    """Whether the channel has to be read before the message may be posted (again)."""
    left_behind = d.state is DeliveryState.ATTEMPTING and d.posted_at is not None
    return left_behind or (d.attempted_at is not None and d.looks < LOOKUPS)


def after_not_found(d: Delivery, at: datetime, pace: DeliveryTiming) -> Delivery:
    """The delivery after a look at the channel that did not find it: looked for once more, or posted again."""
    looks = d.looks + 1
    again = at if looks >= LOOKUPS else _later(at, pace.recheck_after)
    return replace(d, state=DeliveryState.RETRY, looks=looks, next_attempt_at=again)


def _or_dead(d: Delivery, pace: DeliveryTiming) -> Delivery:
    return replace(d, state=DeliveryState.DEAD, next_attempt_at=None) if d.failures >= pace.max_attempts else d


def _backoff(pace: DeliveryTiming, failures: int) -> float:
    """Seconds after the failure number ``failures`` (from 0) of a message."""
    return min(pace.longest_retry, pace.first_retry * (1 << min(failures, 16)))


def _later(at: datetime, seconds: float) -> datetime:
    return at + timedelta(seconds=seconds)

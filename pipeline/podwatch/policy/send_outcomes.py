"""Decides what a try makes of a delivery and of its channel: the outcome and a moment in, new values out. Pure.

Whose fault a failure is decides who waits. The message waits alone when something is wrong with it, or when its
outcome is unknown and it has to settle before the channel is read. The channel pauses when the service is busy, so that
ten minutes without network cost no message a try. A channel that somebody has to mend is paused until it is probed,
with all that waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

from podwatch.errors import ChannelError, PodwatchError
from podwatch.model import Delivery, DeliveryKind, DeliveryState, HoldReason
from podwatch.policy.delivery_timing import DeliveryTiming

LOOKUPS = 2  # that find nothing before a message counts as absent: a channel's history may lag


class CallKind(Enum):
    """What was asked of a service: to take a message, whether it has one, or nothing (it failed before)."""

    POST = "post"
    LOOKUP = "lookup"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ChannelPause:
    """What a failure means for the channel, or (service) for every channel of the service.

    until: nothing is sent there before. failures: in a row, this one included. paused: somebody has to mend it.
    """

    until: datetime
    failures: int
    paused: bool = False
    service: bool = False


def after_failure(d: Delivery, error: PodwatchError, at: datetime, timing: DeliveryTiming, call: CallKind) -> Delivery:
    """The delivery after a try that failed at ``at``. call: what failed.

    Only what is wrong with the message itself counts towards its last try. A channel that cannot be read, though it may
    take messages, holds only the one whose outcome is unknown; it is looked up again every ``timing.probe_after``.
    """
    if not isinstance(error, ChannelError):
        error = ChannelError(error.what, where=error.where, todo=error.todo, retryable=error.retryable)
    d = replace(d, state=DeliveryState.RETRY, error=error.line, next_attempt_at=at)
    if call is CallKind.POST and error.outcome_unknown:
        waits = timing.settle + (_backoff(timing, d.failures - 1) if d.failures else 0.0)
        began = d.attempted_at or d.posted_at or at
        d = replace(d, attempted_at=began, looks=0, failures=d.failures + 1, next_attempt_at=_later(at, waits))
        return _dead_after_last_try(d, timing)
    if is_unreadable(error, call):
        why = HoldReason.UNKNOWN_OUTCOME
        reason = why if d.kind is DeliveryKind.ALERT else d.reason  # that of a digest says why its alerts were held
        line = f"{why.value}: {error.line}"
        again = _later(at, timing.probe_after)
        return replace(d, state=DeliveryState.HELD, reason=reason, error=line, next_attempt_at=again)
    if error.route:
        return d
    if not error.retryable:
        return replace(d, state=DeliveryState.DEAD, next_attempt_at=None)
    if error.busy:
        return replace(d, next_attempt_at=_later(at, error.retry_after or 0.0))
    waits = max(_backoff(timing, d.failures), error.retry_after or 0.0)
    return _dead_after_last_try(replace(d, failures=d.failures + 1, next_attempt_at=_later(at, waits)), timing)


def after_not_found(d: Delivery, at: datetime, timing: DeliveryTiming) -> Delivery:
    """The delivery after a lookup that did not find it in its channel: looked up once more, or posted again."""
    looks = d.looks + 1
    again = at if looks >= LOOKUPS else _later(at, timing.recheck_after)
    return replace(d, state=DeliveryState.RETRY, looks=looks, next_attempt_at=again)


def after_success(d: Delivery, notifier: str, channel: str, message: str) -> Delivery:
    """The delivery whose message is there. channel, message: what the service (``notifier``) calls them."""
    return replace(
        d,
        state=DeliveryState.SENT,
        error=None,
        next_attempt_at=None,
        looks=0,
        notifier=notifier,
        remote_channel=channel,
        remote_id=message,
    )


def must_reconcile(d: Delivery, *, in_doubt: bool = False) -> bool:
    """Whether the channel has to be read before the message may be posted (again).

    in_doubt: it may have been posted although its row does not say so, which a restored copy does not know.
    """
    left_behind = d.state is DeliveryState.ATTEMPTING and d.posted_at is not None
    return left_behind or ((in_doubt or d.attempted_at is not None) and d.looks < LOOKUPS)


def is_unreadable(error: ChannelError, call: CallKind) -> bool:
    """Whether the channel could not be read: that says nothing of whether it takes messages."""
    return call is CallKind.LOOKUP and error.route and not error.service


def channel_pause(
    error: PodwatchError, failures: int, at: datetime, timing: DeliveryTiming, call: CallKind = CallKind.POST
) -> ChannelPause | None:
    """What the failure of a call means for its channel, or for the service when ``error.service``; None when nothing.

    failures: how often that failed in a row before.
    """
    if not isinstance(error, ChannelError) or is_unreadable(error, call):
        return None
    if error.route:
        first = timing.probe_after / 15
        waits = max(_doubled(first, failures, timing.probe_after), error.retry_after or 0.0)
    elif error.retry_after is not None:
        waits = error.retry_after
    elif error.busy:
        waits = _doubled(timing.first_pause, failures, timing.longest_pause)
    else:
        return None
    return ChannelPause(_later(at, waits), failures + 1, paused=error.route, service=error.service)


def _dead_after_last_try(d: Delivery, timing: DeliveryTiming) -> Delivery:
    return replace(d, state=DeliveryState.DEAD, next_attempt_at=None) if d.failures >= timing.max_attempts else d


def _backoff(timing: DeliveryTiming, failures: int) -> float:
    """Seconds after the failure number ``failures`` (from 0) of a message."""
    return _doubled(timing.first_retry, failures, timing.longest_retry)


def _doubled(first: float, times: int, most: float) -> float:
    return min(most, first * (1 << min(times, 16)))


def _later(at: datetime, seconds: float) -> datetime:
    return at + timedelta(seconds=seconds)

"""deliver: hands each alert to its channel once, and writes down what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

from pipeline.alerts import held, told
from pipeline.bugs import Bugs
from pipeline.errors import ChannelError, PodwatchError
from pipeline.model import ALL, Delivery, Shard, State, Tally
from pipeline.runtime import Runtime, log

LEASE = timedelta(minutes=5)  # longer than any send; after it the outcome counts as unknown
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
ROUTE_WAIT = timedelta(minutes=15)  # for a channel or a token that somebody has to mend
TRIES = 20  # for anything else; after them the alert is dead


def deliver(rt: Runtime, now: datetime, shard: Shard = ALL) -> Tally:
    """Sends what is due. The attempt is written before the call and its outcome after it.

    An attempt that left no outcome behind (the process died, the answer was lost) is looked up in the channel
    before it is repeated.
    """
    done = new = failed = 0
    notes: list[str] = []
    bugs = Bugs("deliver")
    began = monotonic()
    for due in rt.store.deliveries_due(now, shard):
        at = now + timedelta(seconds=monotonic() - began)
        claimed = rt.store.claim(due, at, at + LEASE)
        if claimed is None:
            continue
        done += 1
        unknown_since = due.attempted_at or (due.next_attempt_at if due.state is State.ATTEMPTING else None)
        try:
            outcome = attempt(rt, claimed, unknown_since, at)
        except PodwatchError as e:
            outcome = after_failure(claimed, e, unknown_since, at)
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            line = bugs.note(f"alert {claimed.key}", e)
            error = ChannelError(line, retryable=True, outcome_unknown=True)
            outcome = after_failure(claimed, error, unknown_since, at)
        rt.store.save_delivery(outcome, now + timedelta(seconds=monotonic() - began))
        new += outcome.state is State.SENT
        if outcome.state in (State.RETRY, State.DEAD):
            failed += 1
            notes.append(outcome.error or "")
            log.warning("deliver: %s", outcome.error)
    bugs.raise_all()
    return Tally("deliver", done, new, failed, tuple(dict.fromkeys(notes)))


def attempt(rt: Runtime, delivery: Delivery, unknown_since: datetime | None, now: datetime) -> Delivery:
    """One try: held back, found to be there already, or sent. Raises ChannelError."""
    alert, enabled = rt.store.alert_of(delivery)
    why = held(alert, enabled, timedelta(days=rt.settings.live_days))
    name, notifier = rt.notifier(delivery.channel)
    receipt = None
    if unknown_since is not None:
        receipt = notifier.find(delivery.key, delivery.channel, unknown_since - 2 * LEASE)
    if receipt is None:
        if why is not None:
            return replace(delivery, state=State.HELD, error=why.value, next_attempt_at=None, attempted_at=None)
        receipt = notifier.send(told(alert))
    return replace(
        delivery,
        state=State.SENT,
        error=None,
        next_attempt_at=None,
        attempted_at=None,
        notifier=name,
        remote_channel=receipt.channel,
        remote_id=receipt.id,
    )


def after_failure(delivery: Delivery, error: PodwatchError, unknown_since: datetime | None, now: datetime) -> Delivery:
    """What a failed try makes of the delivery: tried again with a back-off, or dead with the reason."""
    if getattr(error, "outcome_unknown", False):
        unknown_since = unknown_since or now
    route = getattr(error, "route", False)
    if not error.retryable or (delivery.attempts >= TRIES and not route):
        return replace(delivery, state=State.DEAD, error=error.line, next_attempt_at=None, attempted_at=unknown_since)
    wait = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(delivery.attempts - 1, 12)))
    wait = max(wait, ROUTE_WAIT if route else wait, timedelta(seconds=getattr(error, "retry_after", None) or 0))
    return replace(
        delivery, state=State.RETRY, error=error.line, next_attempt_at=now + wait, attempted_at=unknown_since
    )

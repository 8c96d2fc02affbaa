"""Doctor's checks of what is to be delivered: what waits and where, what is held in doubt, what is dead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from podwatch.diagnose.findings import MAX_LISTED, Finding, Health
from podwatch.model import DeliveryState, HoldReason
from podwatch.notifiers import show_channel
from podwatch.policy.wording import agree, count_of
from podwatch.redaction import redact_text
from podwatch.store.clock import MAX_APART
from podwatch.store.database import Store
from podwatch.store.marks import RESTORED

OVERDUE = timedelta(hours=1)  # after it was due: nobody runs deliver often enough


def check_deliveries(store: Store, shared_now: datetime, now: datetime) -> Iterator[Finding]:
    """shared_now: by the clock that workers share; now: by this machine's."""
    if abs(shared_now - now) > MAX_APART:
        message = f"the workers' clock is {(shared_now - now).total_seconds():+.0f} s from this machine's"
        todo = "let NTP set this machine's clock; deliver corrects the other when Slack's agrees with it"
        yield Finding("clock", Health.WRONG, message, todo)
    yield from _dead(store)
    yield from _waiting(store, shared_now)
    yield from _held(store)
    if (restored := store.mark(RESTORED)) is not None:
        message = f"an older copy of the database was put back, noticed at {restored.at:%Y-%m-%d %H:%M} UTC"
        yield Finding("restore", Health.NOTE, message, "channels are read before what may be there is sent")
    states = store.alert_states()
    held = sum(n for state, n in states.items() if state.startswith("held"))
    due, retry = states.get("due", 0), states.get("retry", 0)
    message = f"{states.get('sent', 0)} sent, {due} due, {retry} to be tried again, {held} held"
    if held:
        message += f" ({_describe_held(states)})"
    yield Finding("deliveries", Health.NOTE if retry else Health.OK, message, "podwatch alerts" if retry else "")


def _describe_held(states: Mapping[str, int]) -> str:
    """Why the held alerts are held, the most frequent reason first."""
    held = {state.removeprefix("held: "): n for state, n in states.items() if state.startswith("held: ")}
    return ", ".join(f"{n} {why}" for why, n in sorted(held.items(), key=lambda item: (-item[1], item[0])))


def _dead(store: Store) -> Iterator[Finding]:
    dead = store.alert_states().get("dead", 0)
    if not dead:
        return
    todo = "podwatch explain KEY says why; when it is mended: podwatch deliver --retry-dead"
    yield Finding("deliveries", Health.WRONG, f"{count_of(dead, 'alert')} {agree(dead, 'is', 'are')} dead", todo)
    for a in store.list_alerts(states=(DeliveryState.DEAD,), limit=MAX_LISTED):
        why = redact_text(a.delivery.error or "no reason was noted")
        yield Finding(f"alert {a.delivery.key[:12]}", Health.WRONG, f"{a.watch} in {a.episode}: {why}")


def _waiting(store: Store, now: datetime) -> Iterator[Finding]:
    states = store.channel_states()
    for waiting in store.waiting_messages(now)[: 4 * MAX_LISTED]:
        state = states.get(waiting.channel)
        error = waiting.error or (state.error if state else None)
        if error is None:
            continue
        count = f"{waiting.count} message{'s wait' if waiting.count > 1 else ' waits'}"
        message = f"{count} since {waiting.since:%Y-%m-%d %H:%M} UTC: {redact_text(error)}"
        yield Finding(f"channel {show_channel(waiting.channel)}", Health.WRONG, message)
    oldest = store.oldest_due(now)
    if oldest is not None and now - oldest > OVERDUE:
        message = f"something is due since {oldest:%Y-%m-%d %H:%M} UTC, and was not tried"
        todo = "run podwatch deliver every five minutes: the DAG podwatch_deliver does, or cron"
        yield Finding("deliveries", Health.WRONG, message, todo)


def _held(store: Store) -> Iterator[Finding]:
    doubtful = store.list_alerts(states=(DeliveryState.HELD,), reasons=(HoldReason.UNKNOWN_OUTCOME,), limit=MAX_LISTED)
    for a in doubtful:
        todo = "mend that, or look yourself: podwatch alerts release --held unknown-outcome sends it (again)"
        message = f"{a.watch} in {a.episode}: {redact_text(a.delivery.error or '')}"
        yield Finding(f"alert {a.delivery.key[:12]}", Health.WRONG, message, todo)

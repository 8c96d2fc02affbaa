"""Delivers the alerts of a backfill when asked to: a few at a time, so that today's are not delayed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from podwatch.history.backfill_scope import range_of
from podwatch.line.verbs import LINE
from podwatch.model import Backfill, DeliverMode, Tally
from podwatch.runtime import Runtime

FEW = 10  # alerts that are released at a time
ASKED_FROM = 50  # messages, beyond which somebody has to say yes


def deliver_backfill(rt: Runtime, b: Backfill, clock: Callable[[], datetime]) -> Tally:
    """Delivers the held alerts of a backfill, oldest episode first.

    Released are so many at a time, and the next when those were tried: a run that is killed leaves no flood behind, and
    an alert of today waits for ten messages at most. In a digest all go together.
    """
    done = new = failed = 0
    for_now = rt.store.held_alert_ids(range_of(rt, b))
    if b.deliver is DeliverMode.DIGEST:
        now = clock()
        rt.store.release_alerts(for_now, now, digest=True)
        return LINE["deliver"](rt, now)
    for i in range(0, len(for_now), FEW):
        now = clock()
        rt.store.release_alerts(for_now[i : i + FEW], now)
        t = LINE["deliver"](rt, now)
        done, new, failed = done + t.done, new + t.new, failed + t.failed
        if not t.done:  # the channel rests, or somebody has to mend it: the others stay where they are
            break
    return Tally("deliver", done, new, failed)

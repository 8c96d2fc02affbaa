"""Prunes what has expired at the end of a line, so much of it in a run that the next one is never late."""

from __future__ import annotations

from datetime import datetime

from podwatch.policy.retention import find_expired
from podwatch.policy.wording import count_of
from podwatch.runtime import Runtime, log

PART = 200  # texts in one transaction, for which other writers wait
MOST = 5000  # texts in a run; what is left is for the next ones


def prune_expired(rt: Runtime, now: datetime, most: int = MOST) -> int:
    """Removes the texts that the settings, or their feeds, let go by now; returns how many."""
    pruned = 0
    for expired in find_expired(rt.settings.keep_days, rt.store.keep_choices(), now):
        while pruned < most and (ids := rt.store.prunable_ids(expired, min(PART, most - pruned))):
            done = rt.store.prune_texts(ids, now)
            pruned += done
            if not done:  # another run has them, or looks for a new watch in them first
                break
    if pruned:
        log.info("retention: the text of %s was pruned", count_of(pruned, "transcript"))
    return pruned

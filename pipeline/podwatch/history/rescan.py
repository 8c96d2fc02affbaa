"""Rescan: everything that is stored is searched once more on all cores, after an upgrade; nothing is fetched.

A new or changed watch needs no rescan: detect looks for it, and for nothing else, in all that is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from podwatch import runtime
from podwatch.errors import PodwatchError
from podwatch.history.parallel_detection import DetectionResult, detect_in_processes
from podwatch.history.process_pool import Follow, choose_process_count, follow_nothing
from podwatch.model import Tally
from podwatch.settings import Settings


@dataclass(frozen=True, slots=True)
class RescanResult:
    """What a rescan changed. gone: mentions no longer found; due: new alerts to be delivered; held: new ones held."""

    tally: Tally
    gone: int
    due: int
    held: int


def rescan(
    settings: Settings,
    now: datetime,
    watches: Sequence[str] = (),
    since: datetime | None = None,
    processes: int | None = None,
    follow: Follow[DetectionResult] = follow_nothing,
) -> RescanResult:
    """Looks for these watches (none named: all) in the episodes published at ``since`` or later.

    processes: None for as many as help. Raises PodwatchError when there is no watch of a name.
    """
    with runtime.build(settings) as rt:
        known = {w.name for w in rt.store.watches()}
        if missing := [name for name in watches if name not in known]:
            raise PodwatchError("is not among the watches", where=missing[0], todo="see podwatch watches list")
        count = rt.store.requeue_watches(watches or None, since)
        before = rt.store.alert_states()
    tally = detect_in_processes(settings, now, processes or choose_process_count(count), follow)
    with runtime.build(settings) as rt:
        after = rt.store.alert_states()
        gone = rt.store.count_gone_since(now)
    due = after.get("due", 0) - before.get("due", 0)
    held = sum(n - before.get(state, 0) for state, n in after.items() if state.startswith("held"))
    return RescanResult(tally, gone, due, held)

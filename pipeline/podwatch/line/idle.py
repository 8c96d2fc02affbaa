"""Which verbs a run has something to do for: asked before what they are made of is loaded.

A run that finds nothing costs little more than Airflow's own part of it. What time alone brings about - a surge, a
watch's silence, a text that has expired, a search index that lags behind - no row says: so once in FULL_EVERY all verbs
run, whatever is due.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from podwatch.settings import Settings
from podwatch.store.due import open_due_rows
from podwatch.store.marks import COMPLETE_LINE, FULL_DELIVER, FULL_LINE

log = logging.getLogger("podwatch")

ALL_VERBS = frozenset(("poll", "fetch", "detect", "deliver"))
FULL_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class DueVerbs:
    """verbs: those that are to run. is_full: all of them, whatever is due."""

    verbs: frozenset[str]
    is_full: bool = False


EVERYTHING = DueVerbs(ALL_VERBS, is_full=True)


def find_due_verbs(settings: Settings, *, deliver_alone: bool = False) -> DueVerbs:
    """What is due now. Where that cannot be told, everything: the verb itself then says what is wrong.

    deliver_alone: only deliver is asked for, and only it has to have run a short while ago.
    """
    marks = (FULL_LINE, FULL_DELIVER) if deliver_alone else (FULL_LINE,)
    try:
        with closing(open_due_rows(settings)) as rows:
            now = rows.clock()
            if is_full_due([m.at for m in map(rows.mark, marks) if m is not None], now):
                return EVERYTHING
            return DueVerbs(rows.find_due_verbs(now, timedelta(seconds=settings.pace.stay)))
    except Exception as e:  # noqa: BLE001 - of a database that is not there, or not migrated yet
        log.debug("what is due cannot be told (%s)", type(e).__name__)
        return EVERYTHING


def is_full_due(full_runs: list[datetime], now: datetime) -> bool:
    """Whether all verbs are to run. full_runs: when they last did."""
    return not any(timedelta(0) <= now - at < FULL_EVERY for at in full_runs)


def finish_idle_line(settings: Settings) -> None:
    """As heartbeat.finish_line, at the end of a line of which nothing was due."""
    if settings.heartbeat_url:
        from podwatch import runtime
        from podwatch.line.heartbeat import finish_line

        with runtime.build(settings) as rt:
            finish_line(rt, rt.store.clock(), is_full=False)
        return
    with closing(open_due_rows(settings)) as rows:
        rows.set_mark(COMPLETE_LINE, rows.clock())

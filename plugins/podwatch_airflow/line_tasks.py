"""The tasks of the line: each runs its verb over what is due, and where nothing is, ends before the verb is loaded.

Airflow loads this with the plugin, in every component and task: the library is imported by the functions that use it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from podwatch_airflow import events
from podwatch_airflow.connections import read_settings, uncover_library
from podwatch_airflow.schedules import default_run_seconds, line_shards

if TYPE_CHECKING:
    from podwatch.line.idle import DueVerbs
    from podwatch.model import Shard, Tally
    from podwatch.settings import Settings

log = logging.getLogger("podwatch")

VERBS = ("poll", "fetch", "detect", "deliver")
MAX_NOTES = 20  # in an XCom; the log and the rows have all of them


def run_verb(verb: str, shard: Mapping[str, Any] | None = None, *, place: str = "") -> dict[str, Any]:
    """Runs one verb over what is due, or over the data interval that Airflow backfills. Returns its tally, for XCom.

    shard: one of plan_line(); None: all. place: of the task in its DAG. "first" of the line: where nothing is due for
    the verbs behind it, it ends the line, and their tasks are skipped. "last" of the line, which Airflow runs only when
    those before it have succeeded. "alone": deliver by itself.

    A live task whose verb has nothing to do ends before that verb is loaded.
    """
    uncover_library()
    from podwatch.line import idle
    from podwatch.model import Tally

    if (interval := backfill_interval()) is not None:
        return _describe(_run_backfilled(verb, interval, shard))
    beats = place in ("first", "last")
    given = read_settings(sends=False, beats=beats, PODWATCH_RUN_SECONDS=str(default_run_seconds()))
    due = idle.find_due_verbs(given, deliver_alone=place == "alone")
    has_run = verb in due.verbs
    found = _describe(_run_live(verb, given, shard, place, due) if has_run else Tally(verb))
    if place == "first" and not (idle.find_due_verbs(given) if has_run else due).verbs - {verb}:
        idle.finish_idle_line(given)
        skip_tasks(VERBS[1:], found)
    if place == "last" and not has_run:
        idle.finish_idle_line(given)
    return found


def plan_line(place: str = "") -> list[dict[str, Any]]:
    """The shards of a run, PODWATCH_SHARDS of them, each as plain values for XCom. place: as of run_verb."""
    uncover_library()
    from podwatch.line import idle

    given = read_settings(sends=False, beats=place == "first")
    if place == "first" and backfill_interval() is None and not idle.find_due_verbs(given).verbs:
        idle.finish_idle_line(given)
        skip_tasks(VERBS, [])
    from podwatch import runtime
    from podwatch.line.shards import plan_shards

    with runtime.build(given) as rt:
        return [asdict(shard) for shard in plan_shards(rt, rt.store.clock(), line_shards())]


def skip_tasks(tasks: Sequence[str], result: Any) -> None:
    """Ends the running task as a success with this result, and has the others of its run skipped. Raises, always."""
    from airflow.sdk import get_current_context
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    log.info("nothing is due for %s", ", ".join(tasks))
    get_current_context()["ti"].xcom_push(key="return_value", value=result)
    raise DownstreamTasksSkipped(tasks=list(tasks))  # type: ignore[no-untyped-call]


def backfill_interval() -> tuple[datetime, datetime] | None:
    """The data interval of the task's run when it is one of an Airflow backfill; None when it is a live run."""
    from airflow.sdk import get_current_context

    context = get_current_context()
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if context["dag_run"].run_type != "backfill" or start is None or end is None:
        return None
    return start, end


def _run_live(verb: str, given: Settings, shard: Mapping[str, Any] | None, place: str, due: DueVerbs) -> Tally:
    from podwatch import runtime
    from podwatch.line.verbs import LINE
    from podwatch.model import ALL
    from podwatch.store.marks import FULL_DELIVER

    if verb == "deliver":  # which alone needs the services' connections
        given = read_settings(PODWATCH_RUN_SECONDS=str(default_run_seconds()))
    with runtime.build(given) as rt:
        if verb == "detect":
            events.begin_announcing(rt.store, rt.store.clock())
        tally = LINE[verb](rt, rt.store.clock(), _shard_of(shard) or ALL)
        if verb == "detect":
            events.announce_mentions(rt.store, rt.store.clock())
        if place == "last":
            from podwatch.line.heartbeat import finish_line
            from podwatch.line.retention import prune_expired

            finish_line(rt, rt.store.clock(), is_full=due.is_full)
            prune_expired(rt, rt.store.clock())
        elif place == "alone" and due.is_full:
            rt.store.set_mark(FULL_DELIVER, rt.store.clock())
    if verb == "detect" and tally.new:
        events.announce_alerts()
    if tally.left:
        events.announce_left()
    return tally


def _run_backfilled(verb: str, interval: tuple[datetime, datetime], shard: Mapping[str, Any] | None) -> Tally:
    from podwatch import runtime
    from podwatch.history import backfill_steps
    from podwatch.model import Tally

    if shard and shard["index"]:
        return Tally(verb)  # the first one does all of the interval
    given = read_settings(sends=verb == "deliver", beats=False, PODWATCH_RUN_SECONDS=str(default_run_seconds()))
    with runtime.build(given) as rt:
        return backfill_steps.run_verb(rt, verb, *interval, rt.store.clock())


def _shard_of(planned: Mapping[str, Any] | None) -> Shard | None:
    from podwatch.model import Shard

    return Shard(planned["index"], planned["count"], tuple(planned["buckets"])) if planned else None


def _describe(tally: Tally) -> dict[str, Any]:
    """A tally as plain values, for XCom; logged."""
    log.info("%s: %s looked at, %s new, %s failed", tally.verb, tally.done, tally.new, tally.failed)
    return {**asdict(tally), "notes": list(tally.notes[:MAX_NOTES])}

"""podwatch backfill: older episodes, as easily as today's, and nobody is told unless somebody asks."""

from __future__ import annotations

import sys
from contextlib import nullcontext, redirect_stdout
from datetime import datetime, timedelta
from typing import Annotated

import typer

from podwatch.commands.output import Json, emit, now, plain, runtime, say, show, tally, utf8
from podwatch.commands.progress import stages
from podwatch.errors import PodwatchError
from podwatch.history.archive_crawl import crawl_archives
from podwatch.history.backfill import backfill, build_report, new_backfill, report_lines, report_values
from podwatch.history.backfill_delivery import ASKED_FROM, deliver_backfill
from podwatch.history.backfill_scope import feeds_of
from podwatch.model import Backfill, BackfillState, DeliverMode, BackfillReport
from podwatch.runtime import Runtime

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day (UTC).")]
LastDay = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day (UTC); today without it.")]
Many = Annotated[list[str] | None, typer.Option(help="Only this one; may be given several times.")]
Number = Annotated[int | None, typer.Option(metavar="ID")]


def backfill_(
    since: Day = None,
    until: LastDay = None,
    feed: Many = None,
    tag: Many = None,
    watch: Many = None,
    deliver: Annotated[DeliverMode, typer.Option(help="Who is told of what is found.")] = DeliverMode.NONE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Says what there is to do, and does nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help=f"Deliver more than {ASKED_FROM} messages, too.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="The backfills there are.")] = False,
    pause: Number = None,
    resume: Number = None,
    cancel: Number = None,
    json: Json = False,
) -> None:
    """Brings in the episodes of a range of days: older pages of feeds, transcripts, mentions; ends in a report."""
    if sum((list_, pause is not None, resume is not None, cancel is not None, since is not None)) != 1:
        raise typer.BadParameter("give one of --since, --list, --pause, --resume and --cancel")
    with runtime() as rt:
        if list_:
            _list(rt, json)
        elif (number := pause if pause is not None else cancel) is not None:
            to = BackfillState.PAUSED if pause is not None else BackfillState.CANCELLED
            _move(rt, number, [BackfillState.RUNNING, BackfillState.PAUSED], to)
            emit({"backfill": number, "state": to.value}) if json else print(f"backfill {number}: {to.value}")
        else:
            if resume is not None:
                b = _resumed(rt, resume)
            else:
                assert since is not None
                names = {name: tuple(utf8(v) for v in given or ()) for name, given in
                         (("feeds", feed), ("tags", tag), ("watches", watch))}  # fmt: skip
                b = new_backfill(since, until, now(), deliver=deliver, **names)
                feeds_of(b, rt.store.feeds(), rt.store.watches())  # names what is not there before anything is begun
                b = b if dry_run else rt.store.add_backfill(b, now())
            _run(rt, b, dry_run, yes, json)


def _run(rt: Runtime, b: Backfill, dry_run: bool, yes: bool, as_json: bool) -> None:
    if dry_run:
        found = crawl_archives(rt, b, now(), keep=False)
        _report(b, build_report(rt, b, found), "to do", as_json)
        return
    if not as_json:
        say(f"backfill {b.id}: from {b.since:%Y-%m-%d} to {b.until - timedelta(days=1):%Y-%m-%d}")
    with stages() as shown:
        report = backfill(rt, b, now(), progress=shown)
    stands = rt.store.backfill(b.id)
    _report(b, report, stands.state.value if stands else "gone", as_json)
    if b.deliver is not DeliverMode.NONE and stands and stands.state is BackfillState.DONE and report.held:
        _tell(rt, b, report.held, yes, as_json)


def _tell(rt: Runtime, b: Backfill, count: int, yes: bool, as_json: bool) -> None:
    if b.deliver is DeliverMode.EACH and count > ASKED_FROM and not yes:
        again = f"podwatch backfill --resume {b.id} --yes"
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise PodwatchError(f"{count} messages are not sent without --yes", todo=again)
        if not typer.confirm(f"Send {count} messages?", err=True):
            say(f"nobody was told; {again} does it later")
            return
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        t = deliver_backfill(rt, b, rt.store.clock)
    tally(t, as_json)


def _resumed(rt: Runtime, number: int) -> Backfill:
    every = [BackfillState.RUNNING, BackfillState.PAUSED, BackfillState.DONE, BackfillState.CANCELLED]
    _move(rt, number, every, BackfillState.RUNNING)
    b = rt.store.backfill(number)
    assert b is not None
    return b


def _move(rt: Runtime, number: int, came: list[BackfillState], to: BackfillState) -> None:
    if rt.store.set_backfill_state(number, came, to, now()):
        return
    b = rt.store.backfill(number)
    what = f"is {b.state.value}" if b else "is not there"
    raise PodwatchError(what, where=f"backfill {number}", todo="see podwatch backfill --list")


def _list(rt: Runtime, as_json: bool) -> None:
    rows = [
        {
            "backfill": b.id,
            "state": b.state.value,
            "since": f"{b.since:%Y-%m-%d}",
            "until": f"{b.until - timedelta(days=1):%Y-%m-%d}",
            "feeds": list(b.feeds),
            "tags": list(b.tags),
            "watches": list(b.watches),
            "deliver": b.deliver.value,
            "episodes": b.counts.get("episodes"),
            "transcripts": b.counts.get("transcripts"),
            "updated": b.updated_at,
        }
        for b in rt.store.backfills()
    ]
    columns = ("backfill", "state", "since", "until", "feeds", "tags", "watches", "episodes", "transcripts", "updated")
    show(rows, columns, as_json, "no backfills yet: podwatch backfill --since DATE")


def _report(b: Backfill, report: BackfillReport, state: str, as_json: bool) -> None:
    if as_json:
        emit({"backfill": b.id or None, "state": state} | report_values(report))
        return
    first, *rest = report_lines(report_values(report))
    print(f"{state}: {first}")
    for line in rest:
        print(f"  {plain(line)}")
    if report.held and b.deliver is DeliverMode.NONE:
        print("  --deliver digest tells them in one message to each channel, --deliver each one by one")

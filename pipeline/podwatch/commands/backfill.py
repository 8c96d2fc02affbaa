"""podwatch backfill: the line over older episodes; alerts are delivered only when that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext, redirect_stdout
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from podwatch.commands import cli
from podwatch.commands.audit_notes import note
from podwatch.commands.options import Json, moment_option, parse_day
from podwatch.commands.output import (
    emit_json,
    open_runtime,
    print_stderr,
    print_tally,
    require_utf8,
    show_rows,
    strip_control,
    utc_now,
)
from podwatch.commands.progress import stage_bars
from podwatch.errors import PodwatchError
from podwatch.model import Backfill, BackfillReport, BackfillState, DeliverMode
from podwatch.policy.backfill_release import CONFIRM_ABOVE, needs_confirmation
from podwatch.policy.wording import count_of
from podwatch.redaction import display_address

if TYPE_CHECKING:
    from podwatch.runtime import Runtime

Day = Annotated[
    datetime | None,
    moment_option(
        parse=parse_day, metavar="DAY", help_="The first day (UTC): 2026-01-31, or so long ago as 30d or 8w says."
    ),
]
LastDay = Annotated[
    datetime | None,
    moment_option(parse=parse_day, metavar="DAY", help_="The last day (UTC); today without it."),
]
Names = Annotated[list[str] | None, cli.Option(help="Only this one; may be given several times.")]
Number = Annotated[int | None, cli.Option(metavar="ID")]


def backfill_(
    since: Day = None,
    until: LastDay = None,
    feed: Names = None,
    tag: Names = None,
    watch: Names = None,
    deliver: Annotated[DeliverMode, cli.Option(help="Who is told of what is found.")] = DeliverMode.NONE,
    dry_run: Annotated[bool, cli.Option("--dry-run", help="Says what there is to do, and does nothing.")] = False,
    listen: Annotated[
        float | None,
        cli.Option("--listen", metavar="HOURS", help="Recognise so many hours of audio that has no transcript, too."),
    ] = None,
    yes: Annotated[bool, cli.Option("--yes", help=f"Deliver more than {CONFIRM_ABOVE} messages, too.")] = False,
    list_: Annotated[bool, cli.Option("--list", help="The backfills there are.")] = False,
    pause: Number = None,
    resume: Number = None,
    cancel: Number = None,
    json: Json = False,
) -> None:
    """Brings in the episodes of a range of days.

    Older pages of feeds, transcripts, mentions; ends in a report. Nobody is told unless --deliver says so.

    Example: podwatch backfill --since 2026-01-01 --until 2026-03-31 --dry-run
    """
    from podwatch.history.backfill import new_backfill
    from podwatch.history.backfill_scope import with_references

    if sum((list_, pause is not None, resume is not None, cancel is not None, since is not None)) != 1:
        raise cli.BadParameter("give one of --since, --list, --pause, --resume and --cancel")
    with open_runtime() as rt:
        if list_:
            _list_backfills(rt, json)
        elif (number := pause if pause is not None else cancel) is not None:
            to = BackfillState.PAUSED if pause is not None else BackfillState.CANCELLED
            _set_state(rt, number, [BackfillState.RUNNING, BackfillState.PAUSED], to)
            emit_json({"backfill": number, "state": to.value}) if json else print(f"backfill {number}: {to.value}")
        else:
            if resume is not None:
                b = _resume(rt, resume)
            else:
                assert since is not None
                names = {name: tuple(require_utf8(v) for v in given or ()) for name, given in
                         (("feeds", feed), ("tags", tag), ("watches", watch))}  # fmt: skip
                b = new_backfill(since, until, utc_now(), deliver=deliver, **names)
                b = with_references(rt, b)  # raises when a feed or watch is not there, before anything is done
                if not dry_run:
                    b = rt.store.add_backfill(b, utc_now())
                    _note(rt, b.id, {"since": f"{b.since:%Y-%m-%d}", "deliver": deliver.value, **names})
            _run(rt, b, dry_run, listen, yes, json)


def _run(rt: Runtime, b: Backfill, dry_run: bool, listen: float | None, yes: bool, as_json: bool) -> None:
    from podwatch.history.archive_crawl import crawl_archives
    from podwatch.history.backfill import backfill, build_report

    if listen is not None and listen <= 0:
        raise cli.BadParameter("--listen takes a number of hours")
    if dry_run:
        found = crawl_archives(rt, b, utc_now(), dry_run=True)
        _print_report(b, build_report(rt, b, found), "to do", as_json)
        if listen:
            _print_audio(rt, b, listen, as_json)
        return
    if not as_json:
        print_stderr(f"backfill {b.id}: from {b.since:%Y-%m-%d} to {b.until - timedelta(days=1):%Y-%m-%d}")
    with stage_bars() as progress:
        report = backfill(rt, b, utc_now(), progress=progress)
    if listen:
        report = _listen(rt, b, listen, as_json)
    stored = rt.store.backfill(b.id)
    _print_report(b, report, stored.state.value if stored else "gone", as_json)
    if b.deliver is not DeliverMode.NONE and stored and stored.state is BackfillState.DONE and report.held:
        _deliver(rt, b, report.held, yes, as_json)


def _listen(rt: Runtime, b: Backfill, hours: float, as_json: bool) -> BackfillReport:
    """Listens to the newest episodes of the range that have no transcript; the report after it."""
    from podwatch.commands.listen import listening_bars
    from podwatch.history.backfill import finish_backfill
    from podwatch.history.backfill_listening import choose_past_audio, listen_to_past
    from podwatch.line.listen import ListenOptions

    audio = choose_past_audio(rt, b, hours, utc_now())
    with listening_bars() as progress:
        tally = listen_to_past(rt, b, audio.chosen, utc_now(), ListenOptions(progress=progress))
    print_tally(tally, as_json)
    return finish_backfill(rt, b, utc_now())


def _print_audio(rt: Runtime, b: Backfill, hours: float, as_json: bool) -> None:
    """What --listen would take: hours of audio, and of a processor, or money at a service."""
    from podwatch.history.backfill_listening import choose_past_audio
    from podwatch.speech.cost import cost_here

    audio, speech = choose_past_audio(rt, b, hours, utc_now()), rt.settings.speech
    row: dict[str, Any] = {"to_hear": len(audio.chosen), "hours": round(audio.hours, 1), "left_out": audio.left}
    if speech.recogniser == "faster-whisper" and audio.chosen:
        cost = cost_here(rt.settings, rt.recogniser())
        each = {"cpu_hours": cost.cpu, "clock_hours": cost.clock}
        row |= {name: round(audio.hours * seconds / 3600, 2) for name, seconds in each.items()}
    elif speech.price:
        row |= {"money": round(audio.hours * speech.price, 2)}
    if as_json:
        emit_json(row)
        return
    said = f"to hear: {count_of(len(audio.chosen), 'episode')}, {audio.hours:.1f} hours of audio"
    if "cpu_hours" in row:
        said += f", {row['cpu_hours']:.1f} hours of a processor ({row['clock_hours']:.1f} by the clock)"
    elif "money" in row:
        said += f", {row['money']:.2f} in the service's currency"
    print(said)
    if audio.left:
        print(f"  {audio.left} more are beyond --listen {hours:g}")


def _deliver(rt: Runtime, b: Backfill, count: int, yes: bool, as_json: bool) -> None:
    from podwatch.history.backfill import deliver_backfill

    if needs_confirmation(b.deliver, count) and not yes:
        again = f"podwatch backfill --resume {b.id} --yes"
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise PodwatchError(f"{count} messages are not sent without --yes", todo=again)
        if not cli.confirm(f"Send {count} messages?", err=True):
            print_stderr(f"nobody was told; {again} does it later")
            return
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        t = deliver_backfill(rt, b, rt.store.clock)
    print_tally(t, as_json)


def _note(rt: Runtime, number: int, after: Mapping[str, object]) -> None:
    from podwatch.store.audit import Action

    note(rt, Action.BACKFILL, f"backfill {number}", None, {k: v for k, v in after.items() if v})


def _resume(rt: Runtime, number: int) -> Backfill:
    _set_state(rt, number, list(BackfillState), BackfillState.RUNNING)
    b = rt.store.backfill(number)
    assert b is not None
    return b


def _set_state(rt: Runtime, number: int, come_from: list[BackfillState], to: BackfillState) -> None:
    if rt.store.set_backfill_state(number, come_from, to, utc_now()):
        _note(rt, number, {"state": to.value})
        return
    b = rt.store.backfill(number)
    what = f"is {b.state.value}" if b else "is not there"
    raise PodwatchError(what, where=f"backfill {number}", todo="see podwatch backfill --list")


def _list_backfills(rt: Runtime, as_json: bool) -> None:
    rows = [
        {
            "backfill": b.id,
            "state": b.state.value,
            "since": f"{b.since:%Y-%m-%d}",
            "until": f"{b.until - timedelta(days=1):%Y-%m-%d}",
            "feeds": [display_address(named) for named in b.feeds],
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
    show_rows(rows, columns, as_json, "no backfills yet: podwatch backfill --since DATE")


def _print_report(b: Backfill, report: BackfillReport, state: str, as_json: bool) -> None:
    from podwatch.history.backfill import report_lines, report_values

    if as_json:
        emit_json({"backfill": b.id or None, "state": state} | report_values(report))
        return
    first, *rest = report_lines(report_values(report))
    print(f"{state}: {first}")
    for line in rest:
        print(f"  {strip_control(line)}")
    if report.held and b.deliver is DeliverMode.NONE:
        print("  --deliver digest tells them in one message to each channel, --deliver each one by one")

"""podwatch backtest: what a changed watchlist would find in what is stored, before anybody is told."""

from __future__ import annotations

import sys
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline import watchlist
from pipeline.backtest import Difference, Outcome, Part, Sample, a_week, backtest, differences, noise, total
from pipeline.commands.mentions import Since
from pipeline.commands.output import Json, emit, moment, plain, runtime, say, settings
from pipeline.commands.progress import followed
from pipeline.processes import cores

FEW = 300  # transcripts that one process looks through sooner than others are started
Processes = Annotated[int | None, typer.Option("--processes", min=1, help="How many cores to use.", show_default="all")]


def backtest_(
    list_file: Annotated[Path, typer.Option("--watchlist", help="The watchlist to try.")],
    since: Since = None,
    processes: Processes = None,
    json: Json = False,
) -> None:
    """Says what a watchlist would gain and lose over the stored transcripts; nothing is stored, nobody is told."""
    wanted = watchlist.read(list_file)
    for watch in wanted:
        if watch.surge is not None:
            say(f"podwatch: watch {watch.name} tells surges, which are not looked for in the past")
    with runtime() as rt:
        different = differences(rt.store.watches(), wanted)
        ids = rt.store.transcript_ids(since.replace(tzinfo=UTC) if since else None) if different else []
    whole = Part()
    count = processes or (1 if len(ids) < FEW else cores())
    parts = backtest(settings(), different, ids, count)
    for part in followed(parts, len(ids), lambda part: part.transcripts):
        whole.add(part)
    failed = False
    for d in different:
        outcome = whole.outcomes.get(d.name, Outcome())
        if outcome.error:
            failed = True
            where = f" in {outcome.failed} transcripts" if outcome.failed else ""
            say(f"podwatch: watch {d.name} cannot be evaluated{where}: {outcome.error}")
        if json:
            emit(row(d, outcome, whole))
        else:
            _lines(d, outcome, whole)
    _summary(different, len(wanted), whole, json)
    if failed:
        raise typer.Exit(1)


def row(d: Difference, o: Outcome, whole: Part) -> dict[str, Any]:
    return {
        "watch": d.name,
        "change": d.change.value,
        "hits": o.hits,
        "gained": o.gained,
        "lost": o.lost,
        "alerts_a_week": a_week(len(o.alerts), whole),
        "alerts_a_week_now": a_week(len(o.alerts_now), whole),
        "terms": [{"surface": t, "hits": n} for t, n in noise(o)],
        "gained_samples": [_sample(s) for s in o.samples_gained],
        "lost_samples": [_sample(s) for s in o.samples_lost],
        "error": o.error or None,
    }


def _sample(s: Sample) -> dict[str, Any]:
    m = s.mention
    seconds = m.seconds if m.seconds == m.seconds else None
    return {
        "show": s.show,
        "title": s.title,
        "published": s.published_at,
        "seconds": seconds,
        "surface": m.surface,
        "snippet": m.snippet,
    }


def _lines(d: Difference, o: Outcome, whole: Part) -> None:
    week, now = a_week(len(o.alerts), whole), a_week(len(o.alerts_now), whole)
    print(
        f"{plain(d.name)} ({d.change.value}): +{o.gained} -{o.lost}, {o.hits} hits, alerts a week {now:g} -> {week:g}"
    )
    if terms := noise(o):
        print("  " + ", ".join(f"{plain(t)} {n}" for t, n in terms))
    for sign, samples in (("+", o.samples_gained), ("-", o.samples_lost)):
        for s in samples:
            print(f"  {sign} {moment(s.mention)}  {plain(s.mention.snippet)}  ({plain(s.show)}: {plain(s.title)})")


def _summary(different: list[Difference], listed: int, whole: Part, as_json: bool) -> None:
    o = total(whole.outcomes)
    if as_json:
        emit(
            {
                "watches": listed,
                "different": len(different),
                "transcripts": whole.transcripts,
                "weeks": round(whole.weeks, 2),
                "gained": o.gained,
                "lost": o.lost,
                "alerts_a_week": a_week(len(o.alerts), whole),
                "alerts_a_week_now": a_week(len(o.alerts_now), whole),
            }
        )
    elif not different:
        print("no watch finds anything else: nothing to look through")
    else:
        week, now = a_week(len(o.alerts), whole), a_week(len(o.alerts_now), whole)
        print(
            f"{len(different)} of {listed} watches differ, {whole.transcripts} transcripts of {whole.weeks:.0f} weeks: "
            f"+{o.gained} -{o.lost} hits; of these watches alerts a week {now:g} -> {week:g}"
        )
    sys.stdout.flush()

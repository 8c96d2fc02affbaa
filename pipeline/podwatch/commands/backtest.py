"""podwatch backtest: what a changed watchlist would find in what is stored, before anybody is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import typer

from podwatch.commands.mentions import Since
from podwatch.commands.output import Json, emit, moment, plain, runtime, say, settings
from podwatch.commands.progress import follow_parts
from podwatch.history.backtest import (
    Difference,
    Outcome,
    Part,
    Sample,
    backtest,
    find_differences,
    most_frequent_surfaces,
    per_week,
    total,
)
from podwatch.history.process_pool import usable_cores
from podwatch.watchlist import loader as watchlist

Line = list[tuple[str, str]]  # (style, text), ...
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
        different = find_differences(rt.store.watches(), wanted)
        ids = rt.store.transcript_ids(since.replace(tzinfo=UTC) if since else None) if different else []
    if different and not ids:
        day = f" of episodes since {since:%Y-%m-%d}" if since else ""
        say(f"podwatch: no transcripts{day} are stored: there is nothing to try the watchlist on")
    whole = Part()
    count = processes or (1 if len(ids) < FEW else usable_cores())
    parts = backtest(settings(), different, ids, count)
    for part in follow_parts(parts, len(ids), lambda part: part.transcripts):
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
        elif whole.transcripts:
            for line in report(d, outcome, whole):
                print_line(line)
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
        "alerts_a_week": per_week(len(o.alerts), whole),
        "alerts_a_week_now": per_week(len(o.alerts_now), whole),
        "terms": [{"surface": t, "hits": n} for t, n in most_frequent_surfaces(o)],
        "gained_samples": [sample_row(s) for s in o.samples_gained],
        "lost_samples": [sample_row(s) for s in o.samples_lost],
        "error": o.error or None,
    }


def sample_row(s: Sample) -> dict[str, Any]:
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


def report(d: Difference, o: Outcome, whole: Part) -> Iterator[Line]:
    """What became of a watch, for people: counts, the words that make the hits, and sentences to judge by."""
    hits = f"{_hits(o.gained)} gained, {o.lost:,} lost, {o.hits:,} in all" if o.gained or o.lost else "the same hits"
    if not o.hits and not o.lost:
        hits = "no hits"
    yield [("bold", plain(d.name)), ("", f" ({d.change.value}): {hits}; {_alerts(o, whole)}")]
    if terms := most_frequent_surfaces(o):
        said = ", ".join(f"{plain(t)} {n:,}" + (f" ({100 * n // o.hits}%)" if n < o.hits else "") for t, n in terms)
        yield [("", f"  found: {said}")]
    yield from sentences(o)


def sentences(o: Outcome) -> Iterator[Line]:
    """Some sentences that are gained, and some that are lost."""
    for sign, style, samples in (("+", "green", o.samples_gained), ("-", "red", o.samples_lost)):
        for s in samples:
            yield [
                ("", "  "),
                (style, sign),
                ("", f" {moment(s.mention)}  "),
                *_sentence(s),
                ("dim", f"  ({_where(s)})"),
            ]


def _alerts(o: Outcome, whole: Part) -> str:
    return f"alerts a week {per_week(len(o.alerts_now), whole):g} -> {per_week(len(o.alerts), whole):g}"


def _hits(n: int) -> str:
    return f"{n:,} hit" if n == 1 else f"{n:,} hits"


def _sentence(s: Sample) -> Line:
    m = s.mention
    end = m.snippet_start + len(m.surface)
    parts = (m.snippet[: m.snippet_start], m.snippet[m.snippet_start : end], m.snippet[end:])
    return list(zip(("", "bold", ""), map(plain, parts), strict=True))


def _where(s: Sample) -> str:
    name = ": ".join(plain(part) for part in (s.show, s.title) if part)
    return f"{name}, {s.published_at:%Y-%m-%d}" if s.published_at else name


def print_line(line: Line) -> None:
    """In colours on a terminal."""
    if not sys.stdout.isatty():
        print("".join(text for _, text in line))
        return
    from rich.console import Console
    from rich.text import Text

    Console(highlight=False, soft_wrap=True).print(Text.assemble(*((text, style) for style, text in line)))


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
                "alerts_a_week": per_week(len(o.alerts), whole),
                "alerts_a_week_now": per_week(len(o.alerts_now), whole),
            }
        )
    elif not different:
        print("no watch finds anything else: nothing to look through")
    else:
        weeks = "1 week" if whole.weeks < 1.5 else f"{whole.weeks:.0f} weeks"
        of = f"{whole.transcripts:,} transcripts of {weeks}"
        print(
            f"{len(different)} watches differ, the new list has {listed}; {of}: "
            f"{_hits(o.gained)} gained, {o.lost:,} lost; {_alerts(o, whole)} from these watches"
        )
    sys.stdout.flush()

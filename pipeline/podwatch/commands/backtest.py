"""podwatch backtest: what a changed watchlist would find in the stored transcripts, before any alert is sent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from podwatch.commands import cli
from podwatch.commands.options import Json, Processes, Since
from podwatch.commands.output import (
    StyledLine,
    emit_json,
    finite_or_none,
    format_moment,
    load_settings,
    open_runtime,
    print_line,
    print_stderr,
    strip_control,
    style_sentence,
)
from podwatch.commands.progress import follow_parts
from podwatch.model import Watch
from podwatch.notifiers.escaping import truncate_middle
from podwatch.policy.wording import agree, count_of

if TYPE_CHECKING:
    from podwatch.history.backtest import BacktestResult, Difference, Outcome, Sample

MAX_SURFACE = 60  # characters of what was found, in the list of the most frequent


def backtest_(
    list_file: Annotated[Path, cli.Option("--watchlist", help="The watchlist to try.")],
    since: Since = None,
    processes: Processes = None,
    json: Json = False,
) -> None:
    """Says what a watchlist would gain and lose.

    It is tried on the stored transcripts; nothing is stored, nobody is told.

    Example: podwatch backtest --watchlist new.yaml --since 2026-10-01
    """
    from podwatch.history.backtest import Outcome, backtest, find_differences, merge_results
    from podwatch.watchlist.loader import read_watches

    proposed = read_watches(list_file)
    for watch in proposed:
        if watch.surge is not None:
            print_stderr(f"podwatch: watch {watch.name} tells surges, which are not looked for in the past")
    with open_runtime() as rt:
        differences = find_differences(rt.store.watches(), proposed)
        ids = rt.store.transcript_ids(since) if differences else []
    if differences and not ids:
        day = f" of episodes since {since:%Y-%m-%d}" if since else ""
        print_stderr(f"podwatch: no transcripts{day} are stored: there is nothing to try the watchlist on")
    parts = backtest(load_settings(), differences, ids, processes)
    result = merge_results(follow_parts(parts, len(ids), lambda part: part.transcripts))
    failed = False
    for d in differences:
        outcome = result.outcomes.get(d.name, Outcome())
        if outcome.error:
            failed = True
            where = f" in {count_of(outcome.failed, 'transcript')}" if outcome.failed else ""
            print_stderr(f"podwatch: watch {d.name} cannot be evaluated{where}: {outcome.error}")
        if json:
            emit_json(difference_row(d, outcome, result))
        elif result.transcripts:
            for line in describe_difference(d, outcome, result):
                print_line(line)
    _print_summary(differences, len(proposed), result, json)
    if failed:
        raise cli.Exit(1)


def difference_row(d: Difference, o: Outcome, result: BacktestResult) -> dict[str, Any]:
    """The JSON line of a watch."""
    from podwatch.history.backtest import most_frequent_surfaces, per_week

    return {
        "watch": d.name,
        "change": d.change.value,
        "hits": o.hits,
        "gained": o.gained,
        "lost": o.lost,
        "alerts_a_week": per_week(len(o.alerts), result),
        "alerts_a_week_now": per_week(len(o.alerts_now), result),
        "terms": [{"surface": t, "hits": n} for t, n in most_frequent_surfaces(o)],
        "gained_samples": [sample_row(s) for s in o.samples_gained],
        "lost_samples": [sample_row(s) for s in o.samples_lost],
        "error": o.error or None,
    }


def sample_row(s: Sample) -> dict[str, Any]:
    m = s.mention
    return {
        "show": s.show,
        "title": s.title,
        "published": s.published_at,
        "seconds": finite_or_none(m.seconds),
        "surface": m.surface,
        "snippet": m.snippet,
    }


def describe_difference(d: Difference, o: Outcome, result: BacktestResult) -> Iterator[StyledLine]:
    """The effect on a watch, for people: counts, the surfaces that make the hits, and sentences to judge by."""
    from podwatch.history.backtest import most_frequent_surfaces

    hits = f"{_hits(o.gained)} gained, {o.lost:,} lost, {o.hits:,} in all" if o.gained or o.lost else "the same hits"
    if not o.hits and not o.lost:
        hits = "no hits"
    yield [("bold", strip_control(d.name)), ("", f" ({d.change.value}): {hits}; {_describe_alerts(o, result)}")]
    if terms := most_frequent_surfaces(o):
        surfaces = ", ".join(
            f"{strip_control(truncate_middle(t, MAX_SURFACE))} {n:,}"
            + (f" ({100 * n // o.hits}%)" if n < o.hits else "")
            for t, n in terms
        )
        yield [("", f"  found: {surfaces}")]
    yield from sample_lines(o, d.present, d.proposed)


def sample_lines(o: Outcome, present: Watch | None, proposed: Watch | None) -> Iterator[StyledLine]:
    """Some sentences that are gained by the proposed watch, and some that are lost with the present one."""
    for sign, style, samples, watch in (
        ("+", "green", o.samples_gained, proposed),
        ("-", "red", o.samples_lost, present),
    ):
        for s in samples:
            time = ("", f" {format_moment(s.mention)}  ")
            sentence = style_sentence(watch or Watch(name=s.mention.watch), s.mention, "bold")
            yield [("", "  "), (style, sign), time, *sentence, ("dim", f"  ({_episode_title(s)})")]


def _describe_alerts(o: Outcome, result: BacktestResult) -> str:
    from podwatch.history.backtest import per_week

    return f"alerts a week {per_week(len(o.alerts_now), result):g} -> {per_week(len(o.alerts), result):g}"


def _hits(n: int) -> str:
    return f"{n:,} hit" if n == 1 else f"{n:,} hits"


def _episode_title(s: Sample) -> str:
    name = ": ".join(strip_control(part) for part in (s.show, s.title) if part)
    return f"{name}, {s.published_at:%Y-%m-%d}" if s.published_at else name


def _print_summary(differences: list[Difference], listed: int, result: BacktestResult, as_json: bool) -> None:
    from podwatch.history.backtest import per_week, sum_outcomes

    o = sum_outcomes(result.outcomes)
    if as_json:
        emit_json(
            {
                "watches": listed,
                "different": len(differences),
                "transcripts": result.transcripts,
                "weeks": round(result.weeks, 2),
                "gained": o.gained,
                "lost": o.lost,
                "alerts_a_week": per_week(len(o.alerts), result),
                "alerts_a_week_now": per_week(len(o.alerts_now), result),
            }
        )
    elif not differences:
        print("no watch finds anything else: nothing to look through")
    else:
        of = f"{count_of(result.transcripts, 'transcript')} of {count_of(round(max(1, result.weeks)), 'week')}"
        watches = f"{count_of(len(differences), 'watch')} {agree(len(differences), 'differs', 'differ')}"
        print(
            f"{watches}, the new list has {listed}; {of}: "
            f"{_hits(o.gained)} gained, {o.lost:,} lost; {_describe_alerts(o, result)} from these watches"
        )
    sys.stdout.flush()

"""podwatch watches check: everything that is wrong with a watchlist, each with its file, line and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from podwatch import notifiers, runtime
from podwatch import query as detectors
from podwatch.commands.output import emit, plain, say, settings
from podwatch.diagnose import match_rates as measure
from podwatch.errors import PodwatchError, WatchlistError
from podwatch.model import Entity, Watch
from podwatch.query.clauses import Clause
from podwatch.query.lint import Finding, Level, MatchRate, common, lint, sounding
from podwatch.store import database as store
from podwatch.store.detect import TranscriptSource
from podwatch.watchlist import loader as watchlist
from podwatch.watchlist.scalar_positions import position_within


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding and where it stands in the file; line and column from 1, 0 when not known."""

    finding: Finding
    line: int = 0
    column: int = 0


def run(file: Path, strict: bool, json: bool) -> None:
    """Prints the findings; raises typer.Exit(1) when one is an error, or, when strict, a warning."""
    count = 0
    levels: set[Level] = set()
    try:
        text = watchlist.read_text(file)
        watches = watchlist.parse(text, str(file))
    except* WatchlistError as group:
        placed = [_mistake(e) for e in _leaves(group)]
    else:
        count = len(watches)
        placed = list(_examine(watches, text))
    for p in placed:
        levels.add(p.finding.level)
        _print(file, p, json)
    failed = Level.ERROR in levels or (strict and Level.WARNING in levels)
    if json:
        emit({"file": file, "watches": count})
    elif Level.ERROR not in levels:
        warnings = sum(p.finding.level is Level.WARNING for p in placed)
        said = "no mistakes" if not warnings else f"{warnings} warning{'s' if warnings > 1 else ''}"
        print(f"{plain(str(file))}: {count} watches, {said}")
    if failed:
        raise typer.Exit(1)


def _examine(watches: list[Watch], text: str) -> Iterator[PlacedFinding]:
    engine = detectors.build(watches)
    sought = [w for w in watches if w.surge is None]
    clauses = {w.name: c for w in sought if isinstance(c := detectors.clause_of(w), Clause)}
    by_name = {w.name: w for w in watches}
    findings = [*lint(watches, clauses, engine.broken), *_channels(watches)]
    shares, note = _measure(engine, sought)
    findings += [*common(sought, shares), *sounding(clauses)]
    for finding in sorted(findings, key=lambda f: by_name[f.watch].line):
        watch = by_name[finding.watch]
        if finding.column:
            yield PlacedFinding(finding, *position_within(text, watch.value_at, finding.column))
        else:
            yield PlacedFinding(finding, watch.line, watch.column)
    if note:
        yield PlacedFinding(Finding(Level.NOTE, "", 0, note))


def _channels(watches: Sequence[Watch]) -> Iterator[Finding]:
    """Channels whose address cannot be one, each told of the first watch that has it."""
    for watch in {w.channel: w for w in reversed(watches)}.values():
        wrong = notifiers.find_channel_mistake(watch.channel)
        if wrong is not None:
            yield Finding(Level.ERROR, watch.name, 0, f"channel {wrong.where}: {wrong.what}", wrong.todo)


def _measure(engine: detectors.Engine, watches: list[Watch]) -> tuple[Mapping[str, MatchRate], str]:
    """(the shares of the watches, "") or, when nothing could be measured, ({}, why)."""
    why = "how common the watches are was not measured"
    try:
        s = settings()
        if not store.database_exists(s):
            return {}, f"{why}: there is no database yet"
        with runtime.build(s) as rt:
            shares = measure.measure_match_rates(engine, watches, _sources(rt.store, engine.asks_for_entities))
    except PodwatchError as e:
        return {}, f"{why}: {e.line}"
    except store.FAILURES as e:
        if (known := store.explain_failure(e)) is None:
            raise
        return {}, f"{why}: {known.line}"
    if not any(share.of for share in shares.values()):
        return {}, f"{why}: there are no transcripts yet"
    return shares, ""


def _sources(stored: store.Store, named: bool) -> Iterator[tuple[TranscriptSource, Sequence[Entity] | None]]:
    for source in stored.newest_sources(measure.NEWEST):
        n = source.transcript.id
        yield source, stored.entities_of([n]).get(n) if named else None


def _mistake(e: WatchlistError) -> PlacedFinding:
    return PlacedFinding(Finding(Level.ERROR, e.watch, 0, e.what, e.todo), *e.at)


def _leaves(group: BaseException) -> Iterator[WatchlistError]:
    if isinstance(group, BaseExceptionGroup):
        for inner in group.exceptions:
            yield from _leaves(inner)
    elif isinstance(group, WatchlistError):
        yield group


def _print(file: Path, p: PlacedFinding, json: bool) -> None:
    f = p.finding
    row = {"level": f.level.value, "file": file, "line": p.line or None, "column": p.column or None}
    if json:
        emit(row | {"watch": f.watch or None, "message": f.message, "todo": f.todo})
    where = ":".join(str(part) for part in (file, p.line, p.column) if part)
    level = "" if f.level is Level.ERROR else f"{f.level.value}: "
    watch = f"watch {f.watch}: " if f.watch else ""
    line = " ".join(f"{where}: {watch}{level}{f.message}{f' - {f.todo}' if f.todo else ''}".split())
    if f.level is Level.ERROR:
        say(f"podwatch: {line}")
    elif not json:
        print(plain(line))

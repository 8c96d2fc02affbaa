"""podwatch watches check: everything that is wrong with a watchlist, with its file, line and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podwatch import query
from podwatch.commands import cli
from podwatch.commands.output import emit_json, load_settings, print_stderr, strip_control
from podwatch.diagnose.watch_checks import check_channels, clauses_of, compare_with_store, examine_watches
from podwatch.errors import PodwatchError, WatchlistError
from podwatch.model import Entity, Feed, Watch
from podwatch.policy.wording import count_of
from podwatch.query.check_warnings import Finding, Level, MatchRate, find_unused_rules, find_warnings
from podwatch.query.clauses import Clause
from podwatch.watchlist.loader import parse_watchlist, read_text
from podwatch.watchlist.warnings import find_list_warnings, find_lost_values, find_scope_warnings
from podwatch.watchlist.yaml_positions import find_position, load_yaml, position_within

if TYPE_CHECKING:
    from podwatch.settings import Settings
    from podwatch.store.database import Store
    from podwatch.store.detect import TranscriptSource


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding and where it stands in the file; line and column from 1, 0 when not known."""

    finding: Finding
    line: int = 0
    column: int = 0


def check_watchlist(file: Path, strict: bool, json: bool) -> None:
    """Prints the findings; raises cli.Exit(1) when one is an error, or, when strict, a warning."""
    count = 0
    levels: set[Level] = set()
    text = ""
    try:
        text = read_text(file)
        watches, rules = parse_watchlist(text, str(file))
    except* WatchlistError as group:
        placed = [_place_error(e) for e in _flatten(group)]
    else:
        count = len(watches)
        placed = [*_examine(watches, text), *_check_rules([r.name for r in rules], watches, text)]
    placed += _find_lost(text)
    for p in placed:
        levels.add(p.finding.level)
        print_finding(file, p, json)
    failed = Level.ERROR in levels or (strict and Level.WARNING in levels)
    if json:
        emit_json({"file": file, "watches": count})
    elif Level.ERROR not in levels:
        warnings = sum(p.finding.level is Level.WARNING for p in placed)
        verdict = "no mistakes" if not warnings else count_of(warnings, "warning")
        print(f"{strip_control(str(file))}: {count_of(count, 'watch')}, {verdict}")
    if failed:
        raise cli.Exit(1)


def find_errors(watches: list[Watch], text: str) -> Iterator[PlacedFinding]:
    """What makes a list unfit for use, though its form is right: watches that cannot be looked for, or told of."""
    engine = query.build_engine(watches)
    found = [*find_warnings(watches, clauses_of(watches), engine.broken), *check_channels(watches)]
    yield from _place([f for f in found if f.level is Level.ERROR], watches, text)


def find_silent_mistakes(watches: list[Watch], text: str, feeds: Sequence[Feed]) -> Iterator[PlacedFinding]:
    """The warnings that a list in use should not go without: what is read without a word, and likely not meant so."""
    clauses = {w.name: c for w in watches if w.query is not None and isinstance(c := query.clause_of(w), Clause)}
    found = [*find_list_warnings(watches, clauses), *_find_scope_warnings(watches, feeds)]
    yield from _place(found, watches, text)
    yield from _find_lost(text)


def _find_scope_warnings(watches: Sequence[Watch], feeds: Sequence[Feed]) -> Iterator[Finding]:
    tags = {t for f in feeds for t in f.tags}
    return find_scope_warnings(watches, tags, {f.url for f in feeds})


def _find_lost(text: str) -> list[PlacedFinding]:
    return [PlacedFinding(finding, line, column) for line, column, finding in find_lost_values(text)]


def _examine(watches: list[Watch], text: str) -> Iterator[PlacedFinding]:
    engine = query.build_engine(watches)
    findings = examine_watches(watches, engine.broken)
    rates, feeds, costs, note = _measure(engine, [w for w in watches if w.surge is None])
    findings += [*compare_with_store(watches, feeds, rates), *costs]
    yield from _place(findings, watches, text)
    if note:
        yield PlacedFinding(Finding(Level.NOTE, "", 0, note))


def _place(findings: list[Finding], watches: list[Watch], text: str) -> Iterator[PlacedFinding]:
    """The findings with their lines, in the order of the file."""
    by_name = {w.name: w for w in watches}
    for finding in sorted(findings, key=lambda f: by_name[f.watch].line):
        watch = by_name[finding.watch]
        if finding.column:
            yield PlacedFinding(finding, *position_within(text, watch.value_at, finding.column))
        else:
            yield PlacedFinding(finding, watch.line, watch.column)


def _check_rules(channels: Sequence[str], watches: Sequence[Watch], text: str) -> Iterator[PlacedFinding]:
    """Warnings of the rules of channels that hold for nothing."""
    tree = load_yaml(text, "") if channels else {}
    for channel, finding in find_unused_rules(channels, watches):
        yield PlacedFinding(finding, *find_position(tree, ("channels", channel), (0, 0)))


def _measure(
    engine: query.Engine, watches: list[Watch]
) -> tuple[Mapping[str, MatchRate], Sequence[Feed], Sequence[Finding], str]:
    """(rates by the names of the watches, the feeds, what hearing names again costs, "") or, when nothing could be
    measured, the last says why."""
    why = "how common the watches are was not measured"
    try:
        s = load_settings()
        if not _has_database(s):
            return {}, (), (), f"{why}: there is no database yet"
        rates, feeds, costs = _measure_stored(s, engine, watches)
    except PodwatchError as e:
        return {}, (), (), f"{why}: {e.line}"
    if not any(rate.of for rate in rates.values()):
        return {}, feeds, (), f"{why}: there are no transcripts yet"
    return rates, feeds, costs, ""


def _has_database(s: Settings) -> bool:
    """Whether there is a database already; that of the data folder is looked for without loading SQLAlchemy."""
    from podwatch.settings import DATABASE

    own = s.home / DATABASE
    if s.database_url.reveal() == f"sqlite:///{own}" and not own.is_file():
        return False
    from podwatch.store.database import database_exists

    return database_exists(s)


def _measure_stored(
    s: Settings, engine: query.Engine, watches: list[Watch]
) -> tuple[Mapping[str, MatchRate], Sequence[Feed], Sequence[Finding]]:
    """(the rates in the newest transcripts of the database, its feeds, what hearing again costs).

    Raises PodwatchError when it fails.
    """
    from podwatch import runtime
    from podwatch.diagnose.hearing_costs import MAX_TRANSCRIPTS, find_hearing_costs
    from podwatch.diagnose.match_rates import measure_match_rates
    from podwatch.store.database import explaining_failures

    with explaining_failures(), runtime.build(s) as rt:
        rates = measure_match_rates(engine, watches, _sources(rt.store, engine.asks_for_entities))
        asks = s.speech.again and engine.goes_by_sound
        newest = rt.store.newest_sources(MAX_TRANSCRIPTS) if asks else ()
        costs = list(find_hearing_costs(engine, watches, newest, widely=s.speech.again_widely))
        return rates, rt.store.feeds(), costs


def _sources(store: Store, with_entities: bool) -> Iterator[tuple[TranscriptSource, Sequence[Entity] | None]]:
    from podwatch.diagnose.match_rates import MAX_TRANSCRIPTS

    for source in store.newest_sources(MAX_TRANSCRIPTS):
        n = source.transcript.id
        yield source, store.entities_of([n]).get(n) if with_entities else None


def _place_error(e: WatchlistError) -> PlacedFinding:
    return PlacedFinding(Finding(Level.ERROR, e.watch, 0, e.what, e.todo), *e.at)


def _flatten(group: BaseException) -> Iterator[WatchlistError]:
    if isinstance(group, BaseExceptionGroup):
        for inner in group.exceptions:
            yield from _flatten(inner)
    elif isinstance(group, WatchlistError):
        yield group


def print_finding(file: Path, p: PlacedFinding, json: bool, *, on_stderr: bool = False) -> None:
    """Prints it as JSON, or as a line: errors on stderr; on_stderr: a line there, whatever it is."""
    f = p.finding
    row = {"level": f.level.value, "file": file, "line": p.line or None, "column": p.column or None}
    if json and not on_stderr:
        emit_json(row | {"watch": f.watch or None, "message": f.message, "todo": f.todo})
    where = ":".join(str(part) for part in (file, p.line, p.column) if part)
    level = "" if f.level is Level.ERROR else f"{f.level.value}: "
    watch = f"watch {f.watch}: " if f.watch else ""
    line = " ".join(f"{where}: {watch}{level}{f.message}{f' - {f.todo}' if f.todo else ''}".split())
    if f.level is Level.ERROR or on_stderr:
        print_stderr(f"podwatch: {line}")
    elif not json:
        print(strip_control(line))

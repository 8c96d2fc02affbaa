"""What is wrong with the watches of a list, beyond its form: what finds nothing, what finds everything, what is double.

Pure: watches in, findings out. Only what is certain is an error; where a finding is a guess or a measure it says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from podwatch.errors import PodwatchError
from podwatch.model import Scope, Watch
from podwatch.query import satisfiability as truth
from podwatch.query.clauses import Clause, Or, SoundsLike
from podwatch.query.equivalence import Key, equivalence_key
from podwatch.query.parser import QueryError, find_hints

COMMON = 0.3  # share of the transcripts in its scope above which a watch says nothing any more
FEWEST = 10  # transcripts; of fewer a share says nothing
SHOWN = 60  # characters of a query in a message


class Level(StrEnum):
    """error: the watch cannot work. warning: it is likely not meant so. note: good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """column: in the watch's query, from 1; 0 when it is about the whole watch. watch: "" when about the whole list."""

    level: Level
    watch: str
    column: int
    message: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class MatchRate:
    """In how many of the transcripts that are in its scope a watch was found."""

    found: int
    of: int


def lint(
    watches: Sequence[Watch], clauses: Mapping[str, Clause], broken: Mapping[str, PodwatchError]
) -> Iterator[Finding]:
    """What can be said without a transcript. clauses: by their watch's name; broken: those that cannot be built."""
    known: dict[tuple[Key, Scope, frozenset[str]], Watch] = {}
    for watch in watches:
        if (error := broken.get(watch.name)) is not None:
            column = error.column if isinstance(error, QueryError) else 0
            yield Finding(Level.ERROR, watch.name, column, error.what, error.todo)
            continue
        if watch.surge is not None:
            looked_for: Key = ("surge", *watch.surge)
        else:
            clause = clauses[watch.name]
            if watch.query is not None:
                yield from _query(watch, clause)
            looked_for = equivalence_key(clause)
        same = known.setdefault((looked_for, watch.scope, frozenset(watch.exclude)), watch)
        if same is not watch:
            yield _twice(watch, same)


def common(watches: Sequence[Watch], shares: Mapping[str, MatchRate]) -> Iterator[Finding]:
    """The watches that were found in most of what there is."""
    for watch in watches:
        share = shares.get(watch.name)
        if share is not None and share.of >= FEWEST and share.found > COMMON * share.of:
            percent = round(100 * share.found / share.of)
            what = f"is said in {share.found} of {share.of} transcripts looked at ({percent}%)"
            yield Finding(Level.WARNING, watch.name, 0, what, "narrow it down with AND, NEAR/n or a scope")


def sounding(clauses: Mapping[str, Clause]) -> Iterator[Finding]:
    """The names that are too short, or too much of a word, to go by their sound alone."""
    asked = [(name, p) for name, clause in clauses.items() for p in clause.walk() if isinstance(p, SoundsLike)]
    if not asked:
        return
    from podwatch.phonetics import NameMatcher, WatchedName

    ear = NameMatcher([WatchedName(p.text, p.aliases, p.type, p.threshold, p.refused) for _, p in asked])
    for i, (watch, part) in enumerate(asked):
        if advice := ear.advise(i):
            clause = clauses[watch]
            is_entity = isinstance(clause, Or) and clause.longest
            yield Finding(Level.NOTE, watch, 0 if is_entity else part.column, advice)


def _query(watch: Watch, clause: Clause) -> Iterator[Finding]:
    for part in truth.find_contradictions(clause):
        if part is clause:
            what = "can never be true: what it wants and what it excludes contradict each other"
            yield Finding(Level.ERROR, watch.name, part.column, what, "take one of the two out")
        else:
            what = f"{_short(part.source)} can never be true, so only the rest of the OR finds anything"
            yield Finding(Level.WARNING, watch.name, part.column, what, "take it out, or what contradicts it")
    if named := truth.conflicting_languages(clause):
        what = f"wants the languages {' and '.join(named)} at once, and a transcript has one"
        todo = f'write lang:({" OR ".join(named)}) for any of them, lang:"{" ".join(named[:2])}" for a region'
        column = next((p.column for p in clause.walk() if p.source.lower().startswith("lang:")), 0)
        yield Finding(Level.WARNING, watch.name, column, what, todo)
    for hint in find_hints(clause):
        yield Finding(Level.WARNING, watch.name, hint.column, hint.text, 'put it in "quotes" when the word is meant')


def _twice(watch: Watch, same: Watch) -> Finding:
    if watch.channel != same.channel:
        what = f"looks for the same as {same.name}, for another channel"
        return Finding(Level.NOTE, watch.name, 0, what)
    what = f"looks for the same as {same.name} in the same feeds"
    return Finding(Level.WARNING, watch.name, 0, what, f"remove {watch.name} or {same.name}")


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."

"""The warnings of watches check: what in a list, right in form, matches nothing, everything, or the same.

Pure: watches in, findings out. Only what is certain is an error; a guess or a measurement says that it is one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from podwatch.errors import PodwatchError
from podwatch.model import DeliverMode, Scope, Watch
from podwatch.query.clauses import Clause, Not, Or, SoundsLike, Term
from podwatch.query.equivalence import Key, equivalence_key
from podwatch.query.folding import is_without_blanks
from podwatch.query.parser import QueryError
from podwatch.query.satisfiability import conflicting_languages, find_contradictions

COMMON_SHARE = 0.3  # of the transcripts in its scope; a watch that matches more says nothing any more
MIN_TRANSCRIPTS = 10  # of fewer a share says nothing
MAX_COMPARED = 200  # names that are compared with the well-known ones; of a longer list nobody reads a line for each
SHOWN_CHARACTERS = 60  # of a query in a message
_DASHES = frozenset("‐‑‒–—―−")
_OPERATORS = {"and": "AND", "or": "OR", "not": "NOT", "near": "NEAR/5"}
_ACRONYMS_LIKE_WORDS = frozenset(
    ("AID", "AIM", "ALL", "AM", "ARE", "CAN", "COP", "HE", "IT", "MAY", "OUR", "PM", "US", "WHO")
)


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
    """In how many transcripts a watch was found, of those that are in its scope."""

    found: int
    of: int


def find_warnings(
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
            key: Key = ("surge", *watch.surge)
        else:
            clause = clauses[watch.name]
            if watch.query is not None:
                yield from _lint_query(watch, clause)
            key = equivalence_key(clause)
        first = known.setdefault((key, watch.scope, frozenset(watch.exclude)), watch)
        if first is not watch:
            yield _report_duplicate(watch, first)


def find_unused_rules(channels: Sequence[str], watches: Sequence[Watch]) -> Iterator[tuple[str, Finding]]:
    """(channel, warning) of each channel that has rules, and no alert. channels: those with rules.

    Rules hold for a channel as it is written; another case, or no #, is another channel.
    """
    used = sorted({w.channel for w in watches if w.deliver is not DeliverMode.NONE})
    silent = {w.channel for w in watches} - set(used)
    for channel in channels:
        if channel in used:
            continue
        same = [c for c in used if _fold_channel(c) == _fold_channel(channel)]
        near = same or difflib.get_close_matches(channel, used, 1, 0.75)
        if channel in silent:
            what, todo = "every watch of it has deliver: none", "take the rules out, or let a watch deliver"
        else:
            what = "no watch has this channel, so its rules hold for nothing"
            todo = f"write {near[0]}, as the watches do" if near else "take them out, or correct the name"
        yield channel, Finding(Level.WARNING, "", 0, f"channel {_shorten(channel)}: {what}", todo)


def _fold_channel(channel: str) -> str:
    """What stays of a channel's name when its case, a # and blanks do not count."""
    return "".join(channel.casefold().split()).removeprefix("#")


def find_hints(clause: Clause) -> Iterator[tuple[int, str]]:
    """(column, text) of each term in a valid query that may not be meant so."""
    for part in clause.walk():
        if isinstance(part, Not) and part.source[:1] in _DASHES:
            yield (
                part.column,
                f"{part.source[0]} in front of a word is read as -, so {_shorten(part.source[1:])} must not be said",
            )
        if not isinstance(part, Term):
            continue
        word = part.text
        if word in _ACRONYMS_LIKE_WORDS and not part.case:
            yield part.column, f"{word} finds {word.lower()} too; write ={word} for the capitals alone"
        if len(word) == 1 and is_without_blanks(word):
            yield part.column, f"{word} is found within longer words, too"
        if word in _OPERATORS and not part.source.startswith('"'):
            yield part.column, f"{word} is looked for as a word; the operator is {_OPERATORS[word]}"


def find_common_watches(watches: Sequence[Watch], rates: Mapping[str, MatchRate]) -> Iterator[Finding]:
    """The watches that were found in many of the transcripts. rates: by the name of a watch."""
    for watch in watches:
        rate = rates.get(watch.name)
        if rate is not None and rate.of >= MIN_TRANSCRIPTS and rate.found > COMMON_SHARE * rate.of:
            percent = round(100 * rate.found / rate.of)
            what = f"is said in {rate.found} of {rate.of} transcripts looked at ({percent}%)"
            yield Finding(Level.WARNING, watch.name, 0, what, "narrow it down with AND, NEAR/n or a scope")


def advise_on_names(clauses: Mapping[str, Clause]) -> Iterator[Finding]:
    """The names that are too short or too much of a word to go by their sound alone, and what each competes with."""
    names = [(watch, p) for watch, clause in clauses.items() for p in clause.walk() if isinstance(p, SoundsLike)]
    if not names:
        return
    from podwatch.phonetics import NameMatcher, WatchedName

    matcher = NameMatcher([WatchedName(p.text, p.aliases, p.type, p.threshold, p.excluded) for _, p in names])
    for i, (watch, part) in enumerate(names):
        clause = clauses[watch]
        column = 0 if isinstance(clause, Or) and clause.longest else part.column
        for line in (matcher.advise(i), matcher.describe_competition(i) if len(names) <= MAX_COMPARED else ""):
            if line:
                yield Finding(Level.NOTE, watch, column, line)


def _lint_query(watch: Watch, clause: Clause) -> Iterator[Finding]:
    for part in find_contradictions(clause):
        if part is clause:
            what = "can never be true: what it wants and what it excludes contradict each other"
            yield Finding(Level.ERROR, watch.name, part.column, what, "take one of the two out")
        else:
            what = f"{_shorten(part.source)} can never be true, so only the rest of the OR finds anything"
            yield Finding(Level.WARNING, watch.name, part.column, what, "take it out, or what contradicts it")
    if languages := conflicting_languages(clause):
        what = f"wants the languages {' and '.join(languages)} at once, and a transcript has one"
        todo = f'write lang:({" OR ".join(languages)}) for any of them, lang:"{" ".join(languages[:2])}" for a region'
        column = next((p.column for p in clause.walk() if p.source.lower().startswith("lang:")), 0)
        yield Finding(Level.WARNING, watch.name, column, what, todo)
    for column, hint in find_hints(clause):
        yield Finding(Level.WARNING, watch.name, column, hint, 'put it in "quotes" when the word is meant')


def _report_duplicate(watch: Watch, first: Watch) -> Finding:
    if watch.channel != first.channel:
        return Finding(Level.NOTE, watch.name, 0, f"looks for the same as {first.name}, for another channel")
    what = f"looks for the same as {first.name} in the same feeds"
    return Finding(Level.WARNING, watch.name, 0, what, f"remove {watch.name} or {first.name}")


def _shorten(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 3]}..."

"""The figures of the second hearing as they were asked for: each with an interval, bootstrapped over names.

Told apart: of the doubtful places the right ones where WRONG_PASS of the wrong ones pass, by kind of wrong one, by form
and by condition. Misspelt names found: bare ones at a precision, full ones at a rate of false ones, by each way to find
them. Found of all that is said, misspelt or not, at that precision.

What is said in the set is dense: a name every five seconds. A precision is that of the set, with as many names
tried that nobody says as are said. False ones are counted for hours of talk and name: the thousand names of
benchmarks/sounds_like that are not in the set, and all names of the set in the files that do not say them.
"""

from __future__ import annotations

import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.listen.hearing_rows import Row
from benchmarks.listen.hearing_scores import NEVER, RESAMPLES, Scored, Scores, is_wide
from podwatch.phonetics.name_parts import spoken_words
from podwatch.query.place_proposals import FEATURES
from podwatch.query.second_hearing import FLOOR, SURE, spellings_of
from podwatch.query.wide_doubts import LEAST

PRECISION = 0.95
FALSE_IN_100_HOURS = 0.1  # and name
LEAST_ODDS = math.log(LEAST / (1 - LEAST))
Mention = tuple[str, int]  # file, number
Interval = tuple[float, float, float]  # the figure, and the 95% around it
Odds = NDArray[np.float64]
Told = Sequence[tuple[Row, float]]


@dataclass(slots=True)
class Finds:
    """Of one name, what a way has found. right: of each mention its odds, NEVER where it is not found; wrong: of each
    place that is none; unsaid: of those, and of places of names that nobody says in the file."""

    right: list[float] = field(default_factory=list)
    wrong: list[float] = field(default_factory=list)
    unsaid: list[float] = field(default_factory=list)

    @property
    def right_odds(self) -> Odds:
        return np.array(self.right)

    @property
    def wrong_odds(self) -> Odds:
        return np.array(self.wrong)

    @property
    def unsaid_odds(self) -> Odds:
        return np.array(self.unsaid)


@dataclass(frozen=True, slots=True)
class Exposure:
    """How much talk there was for false ones. names: that are watched and not said in a file, the mean."""

    hours: float
    names: float

    @property
    def name_hours(self) -> float:
        return self.hours * self.names

    @property
    def allowed(self) -> int:
        """How many false ones are FALSE_IN_100_HOURS."""
        return int(self.name_hours / 100 * FALSE_IN_100_HOURS)


def form_of(row: Row) -> str:
    """full, or surname: of a right one what was said, of a wrong one what it was taken for."""
    if row.form:
        return row.form
    if is_wide(row):
        return "surname" if dict(zip(FEATURES, row.features, strict=True))["is_surname"] else "full"
    has_surname = len(spellings_of(row.name)) > 1
    return "surname" if has_surname and len(spoken_words(row.surface)) == 1 else "full"


def find_mentions(rows: Iterable[Row]) -> dict[Mention, Row]:
    """The mentions that were heard as anything, each with a row of it."""
    return {(r.file, i): r for r in rows if r.kind == "right" and r.source in ("text", "missed") for i in r.said}


def find_spelt_right(rows: Iterable[Row]) -> set[Mention]:
    """The mentions that the text has as they are written."""
    return {(r.file, i) for r in rows if r.source == "text" and r.match not in ("sounds_like", "none") for i in r.said}


def list_ways(scored: Scored) -> dict[str, Told]:
    """What each way tells, with the odds: places of the text, of the net, or of both."""
    text = [(r, s.text if r.score >= FLOOR else NEVER) for r, s in scored if r.source in ("text", "absent")]
    heard = [(r, s.both if r.likelihoods and r.score < SURE else odds) for (r, s), (_, odds) in _pairs(scored, text)]
    net = list(_list_net(scored))
    return {
        "the text alone": text,
        "with the second hearing": heard,
        "the wider net alone": net,
        "with the wider net": [*heard, *net],
    }


def _pairs(scored: Scored, text: Told) -> Iterable[tuple[tuple[Row, Scores], tuple[Row, float]]]:
    return zip([(r, s) for r, s in scored if r.source in ("text", "absent")], text, strict=True)


def _list_net(scored: Scored) -> Iterator[tuple[Row, float]]:
    """Of what overlaps the likeliest, of the places that the net would ask about."""
    for source in ("wide", "stranger"):
        mine = [(r, s) for r, s in scored if r.source == source and r.likelihoods and s.text >= LEAST_ODDS]
        yield from ((r, s.both) for r, s in likeliest(mine))


def likeliest(wide: Scored) -> Scored:
    """Of what overlaps the likeliest, as podwatch has it."""
    kept: dict[str, list[tuple[Row, Scores]]] = defaultdict(list)
    for r, s in sorted(wide, key=lambda x: (-x[1].both, x[0].start)):
        if not any(r.start < k.end and k.start < r.end for k, _ in kept[r.file]):
            kept[r.file].append((r, s))
    return [pair for mine in kept.values() for pair in mine]


def measure_exposure(rows: Sequence[Row], hours: float, watched: int) -> Exposure:
    """hours: of the files; watched: how many names. In each file those that are said there do not count."""
    said = {(r.file, r.name) for r in find_mentions(rows).values()}
    files = {r.file for r in rows}
    return Exposure(hours, watched - len(said) / max(1, len(files)))


def gather_finds(mentions: Mapping[Mention, Row], form: str, told: Told) -> dict[str, Finds]:
    """By name, what a way tells of these mentions; told: its places with their odds."""
    best: dict[Mention, float] = {m: NEVER for m, r in mentions.items() if r.form == form}
    finds: dict[str, Finds] = defaultdict(Finds)
    for row, odds in told:
        mine = [(row.file, i) for i in row.said if (row.file, i) in best]
        for m in mine:
            best[m] = max(best[m], odds)
        if row.kind != "right" and form_of(row) == form:
            if row.source in ("text", "wide", "stranger"):
                finds[row.name].wrong.append(odds)
            finds[row.name].unsaid.append(odds)
    for m, odds in best.items():
        finds[mentions[m].name].right.append(odds)
    return finds


def recall_at_precision(right: Odds, wrong: Odds, least: float = PRECISION) -> float:
    """The largest share found at a threshold where so many of those that are told are right."""
    told = np.sort(right[right > NEVER])[::-1]
    if not len(right) or not len(told):
        return 0.0
    above = len(wrong) - np.searchsorted(np.sort(wrong), told, side="left")
    reached = np.searchsorted(-told, -told, side="right")  # right ones at or above each threshold
    holds = reached / (reached + above) >= least
    return float(reached[holds].max(initial=0) / len(right))


def recall_at_false(right: Odds, wrong: Odds, allowed: int) -> float:
    """The share found above all wrong ones but so many."""
    cut = np.sort(wrong)[::-1][allowed] if len(wrong) > allowed else NEVER
    return float((right > cut).mean()) if len(right) else float("nan")


def resample(finds: Mapping[str, Finds], figure: Callable[[Finds], float]) -> Interval:
    """A figure of all names, and its interval: names drawn with all that is theirs."""
    groups, dice = list(finds.values()), random.Random(1)
    values = sorted(figure(_merge(dice.choices(groups, k=len(groups)))) for _ in range(RESAMPLES))
    cuts = statistics.quantiles(values, n=40)
    return figure(_merge(groups)), cuts[0], cuts[-1]


def _merge(groups: Sequence[Finds]) -> Finds:
    return Finds(
        [x for g in groups for x in g.right],
        [x for g in groups for x in g.wrong],
        [x for g in groups for x in g.unsaid],
    )

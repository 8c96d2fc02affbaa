"""Which spots keep their place: of those that overlap the best of a name, and of several names the likeliest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podwatch.phonetics.candidates import Spot
from podwatch.phonetics.features import Company

RIVAL = 2.0  # times the odds: so much likelier another name must be to have a place for itself


@dataclass(frozen=True, slots=True)
class Scored:
    """A spot with its score, and what the rest of the episode says of its name."""

    spot: Spot
    company: Company


def apart(spots: Sequence[Spot]) -> list[Spot]:
    """The best of spots that overlap."""
    kept: list[Spot] = []
    taken: set[int] = set()
    for spot in sorted(spots, key=_rank):
        places = range(spot.first, spot.last)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(spot)
    return kept


def only_the_likeliest(spots: Sequence[Spot], same: Mapping[int, frozenset[int]]) -> None:
    """Takes from a place that may be several names those that are far less likely than another: one was meant.

    ``same``: for each name those that are the same one, and no rivals.
    """
    taken: dict[int, list[Spot]] = {}
    for spot in sorted((s for s in spots if not s.exact and s.score > 0), key=_rank):
        here = range(spot.first, spot.last)
        odds = spot.score / (1.000001 - spot.score)
        rivals = {id(r): r for i in here for r in taken.get(i, ()) if r.form.name not in same[spot.form.name]}
        if any(r.score / (1.000001 - r.score) > RIVAL * odds for r in rivals.values()):
            spot.score = 0.0
            continue
        for i in here:
            taken.setdefault(i, []).append(spot)


def best(scored: Sequence[Scored]) -> list[Scored]:
    """For each name the best of what overlaps, in the order of the text."""
    of: dict[int, list[Spot]] = {}
    for s in scored:
        of.setdefault(s.spot.form.name, []).append(s.spot)
    kept = {id(spot) for spots in of.values() for spot in apart(spots)}
    return sorted(
        (s for s in scored if id(s.spot) in kept), key=lambda s: (s.spot.first, s.spot.last, s.spot.form.name)
    )


def _rank(spot: Spot) -> tuple[float, int, int, float, tuple[str, ...]]:
    return (
        -round(spot.score + 0.1 * spot.exact, 3),
        spot.first - spot.last,
        spot.first,
        spot.distance,
        spot.form.words,
    )

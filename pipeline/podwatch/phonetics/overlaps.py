"""Which spots keep their place: of those that overlap the best of a name, and of several names the likeliest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podwatch.phonetics.candidates import Candidate
from podwatch.phonetics.features import EpisodeContext

RIVAL_ODDS = 2.0  # times the odds: so much likelier another name must be to have a place for itself


@dataclass(frozen=True, slots=True)
class ScoredCandidate:
    """A spot with its score, and what the rest of the episode says of its name."""

    candidate: Candidate
    context: EpisodeContext


def drop_overlapping(spots: Sequence[Candidate]) -> list[Candidate]:
    """The best of spots that overlap."""
    kept: list[Candidate] = []
    taken: set[int] = set()
    for spot in sorted(spots, key=_rank):
        places = range(spot.first, spot.last)
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(spot)
    return kept


def drop_unlikely_rivals(spots: Sequence[Candidate], same: Mapping[int, frozenset[int]]) -> None:
    """Takes from a place that may be several names those that are far less likely than another: one was meant.

    ``same``: for each name those that are the same one, and no rivals.
    """
    taken: dict[int, list[Candidate]] = {}
    for spot in sorted((s for s in spots if not s.is_exact and s.score > 0), key=_rank):
        here = range(spot.first, spot.last)
        odds = spot.score / (1.000001 - spot.score)
        rivals = {id(r): r for i in here for r in taken.get(i, ()) if r.form.name not in same[spot.form.name]}
        if any(r.score / (1.000001 - r.score) > RIVAL_ODDS * odds for r in rivals.values()):
            spot.score = 0.0
            continue
        for i in here:
            taken.setdefault(i, []).append(spot)


def best_per_name(scored: Sequence[ScoredCandidate]) -> list[ScoredCandidate]:
    """For each name the best of what overlaps, in the order of the text."""
    of: dict[int, list[Candidate]] = {}
    for s in scored:
        of.setdefault(s.candidate.form.name, []).append(s.candidate)
    kept = {id(spot) for spots in of.values() for spot in drop_overlapping(spots)}
    return sorted(
        (s for s in scored if id(s.candidate) in kept),
        key=lambda s: (s.candidate.first, s.candidate.last, s.candidate.form.name),
    )


def _rank(spot: Candidate) -> tuple[float, int, int, float, tuple[str, ...]]:
    return (
        -round(spot.score + 0.1 * spot.is_exact, 3),
        spot.first - spot.last,
        spot.first,
        spot.distance,
        spot.form.words,
    )

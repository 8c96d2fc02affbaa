"""Which candidates keep their place: of those that overlap the best of a name, and of several names the likeliest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from podwatch.phonetics.candidates import Candidate

RIVAL_ODDS = 2.0  # times the odds: so much likelier another name must be to have a place for itself


def drop_overlapping(candidates: Iterable[Candidate]) -> dict[int, list[Candidate]]:
    """For each name, by its index, the best of its candidates that overlap, the best first."""
    kept: dict[int, list[Candidate]] = {}
    taken: set[tuple[int, int]] = set()
    for candidate in sorted(candidates, key=_rank):
        name = candidate.form.name
        places = {(name, i) for i in candidate.positions}
        if taken.isdisjoint(places):
            taken |= places
            kept.setdefault(name, []).append(candidate)
    return kept


def drop_unlikely_rivals(candidates: Sequence[Candidate], same: Mapping[int, frozenset[int]]) -> None:
    """Sets the score of those to 0 in whose place another name is far likelier: one was meant.

    ``same``: for each name those that are the same one, and no rivals.
    """
    taken: dict[int, list[Candidate]] = {}
    for candidate in sorted((c for c in candidates if not c.is_exact and c.score > 0), key=_rank):
        own = same[candidate.form.name]
        rivals = [r for i in candidate.positions for r in taken.get(i, ()) if r.form.name not in own]
        if any(_odds(rival) > RIVAL_ODDS * _odds(candidate) for rival in rivals):
            candidate.score = 0.0
            continue
        for i in candidate.positions:
            taken.setdefault(i, []).append(candidate)


def best_per_name(candidates: Sequence[Candidate]) -> list[Candidate]:
    """For each name the best of what overlaps, in the order of the text."""
    kept = {id(c) for best in drop_overlapping(candidates).values() for c in best}
    return sorted((c for c in candidates if id(c) in kept), key=lambda c: (c.first, c.last, c.form.name))


def _odds(candidate: Candidate) -> float:
    return candidate.score / (1.000001 - candidate.score)


def _rank(candidate: Candidate) -> tuple[float, int, int, float, tuple[str, ...]]:
    score = round(candidate.score + 0.1 * candidate.is_exact, 3)
    return -score, candidate.first - candidate.last, candidate.first, candidate.distance, candidate.form.words

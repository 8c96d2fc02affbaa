"""What the rest of an episode says of a name: from its surest places, what else may be it, and who else is there."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set

from podwatch.phonetics.candidates import Candidate, TextContext, surface_words
from podwatch.phonetics.duplicate_names import count_distinct
from podwatch.phonetics.features import EpisodeContext
from podwatch.phonetics.lexicon import UNKNOWN_COST
from podwatch.phonetics.overlaps import drop_overlapping

LIKELY_SCORE = 0.1  # a spot as good as this counts for what else its name is spelt as
SURE_SCORE = 0.6  # a spot this good makes its name one that the episode is about


def context_lookup(
    spots: Sequence[Candidate], scene: TextContext, noted: Set[int], same: Mapping[int, frozenset[int]], many: int
) -> Callable[[Candidate], EpisodeContext]:
    """What to say of a spot's name, from the spots as they were scored on their own.

    ``noted``: the names that title or notes name. ``same``: for each name those that are the same one; ``many``: how
    many different ones are listened for.
    """
    good: dict[int, list[Candidate]] = {}
    likely: dict[int, list[Candidate]] = {}
    for spot in spots:
        if spot.score >= SURE_SCORE:
            good.setdefault(spot.form.name, []).append(spot)
        if not spot.is_exact and spot.score >= LIKELY_SCORE:
            likely.setdefault(spot.form.name, []).append(spot)
    ways = {name: _odd_spellings(drop_overlapping(found), scene) for name, found in likely.items()}
    sure = {name: drop_overlapping(found) for name, found in good.items()}
    owner = {name: {i: s for s in found for i in range(s.first, s.last)} for name, found in sure.items()}
    alike = {
        name: Counter(_surname_words(s, scene) for s in found if not _confirms_name(s)) for name, found in sure.items()
    }
    whole = {name: sum(_is_full_name(s) for s in found) for name, found in sure.items()}
    forms = {name: Counter(s.form.part for s in found) for name, found in sure.items()}
    present = set(sure) | noted
    kin = dict.fromkeys(same, _list_presence(count_distinct(present, same), many))
    for name in {n for p in present for n in same[p]}:
        kin[name] = _list_presence(count_distinct(present - same[name], same), many)

    def company(spot: Candidate) -> EpisodeContext:
        name = spot.form.name
        here = range(spot.first, spot.last)
        spellings = min(3.0, sum(score for score, where in ways.get(name, ()) if where.isdisjoint(here)))
        if name not in sure:
            return EpisodeContext(is_in_notes=name in noted, other_spellings=spellings, list_presence=kin[name])
        mine = {id(s): s for i in here if (s := owner[name].get(i)) is not None}
        wholes = whole[name] - sum(_is_full_name(s) for s in mine.values())
        # The same spelling again is no further evidence: talk repeats its own rare words, too.
        others = len(sure[name]) - alike[name][_surname_words(spot, scene)]
        others -= sum(
            _confirms_name(s) or _surname_words(s, scene) != _surname_words(spot, scene) for s in mine.values()
        )
        times = forms[name][spot.form.part] + (not mine)
        return EpisodeContext(others, wholes > 0, name in noted, spellings, kin[name], times)

    return company


def _list_presence(present: int, many: int) -> float:
    """How far an episode is about the list, by how many others of it are there; of a long one some always are."""
    return math.log1p(present) * present / (present + 0.05 * many) if present > 0 else 0.0


def _surname_words(spot: Candidate, scene: TextContext) -> tuple[str, ...]:
    """The words heard, without the first name where one is told apart."""
    return tuple(surface_words(spot, scene.tokens)[max(0, spot.surname_at - spot.first) :])


def _confirms_name(spot: Candidate) -> bool:
    """Whether it speaks for the name by more than an odd spelling: spelt right, or with all its words."""
    return spot.is_exact or _is_full_name(spot)


def _is_full_name(spot: Candidate) -> bool:
    """Whether it is the whole of a name of several words; a surname of two (de Meo) may still be one odd word."""
    return len(spot.form.words) > 1 and spot.form.part != "surname"


def _odd_spellings(spots: Sequence[Candidate], scene: TextContext) -> list[tuple[float, set[int]]]:
    """Of each odd way a name's surname seems to be written in: how likely it is, and the words where it stands."""
    found: dict[tuple[str, ...], tuple[float, set[int]]] = {}
    for spot in spots:
        heard = _surname_words(spot, scene)
        if any(scene.entries[w].cost >= UNKNOWN_COST for w in heard):  # a word that somebody knows is rather that word
            score, where = found.get(heard, (0.0, set()))
            found[heard] = max(score, spot.score), where | set(range(spot.first, spot.last))
    return list(found.values())

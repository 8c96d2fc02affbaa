"""What the rest of an episode says of a name: from its surest places, what else may be it, and who else is there."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set

from podwatch.phonetics.candidates import Scene, Spot, heard_words
from podwatch.phonetics.duplicate_names import distinct
from podwatch.phonetics.features import Company
from podwatch.phonetics.lexicon import UNKNOWN
from podwatch.phonetics.overlaps import apart

LIKELY = 0.1  # a spot as good as this counts for what else its name is spelt as
SURE = 0.6  # a spot this good makes its name one that the episode is about


def companies(
    spots: Sequence[Spot], scene: Scene, noted: Set[int], same: Mapping[int, frozenset[int]], many: int
) -> Callable[[Spot], Company]:
    """What to say of a spot's name, from the spots as they were scored on their own.

    ``noted``: the names that title or notes name. ``same``: for each name those that are the same one; ``many``: how
    many different ones are listened for.
    """
    good: dict[int, list[Spot]] = {}
    likely: dict[int, list[Spot]] = {}
    for spot in spots:
        if spot.score >= SURE:
            good.setdefault(spot.form.name, []).append(spot)
        if not spot.exact and spot.score >= LIKELY:
            likely.setdefault(spot.form.name, []).append(spot)
    ways = {name: _ways(apart(found), scene) for name, found in likely.items()}
    sure = {name: apart(found) for name, found in good.items()}
    owner = {name: {i: s for s in found for i in range(s.first, s.last)} for name, found in sure.items()}
    alike = {name: Counter(_surname(s, scene) for s in found if not _named(s)) for name, found in sure.items()}
    whole = {name: sum(_whole(s) for s in found) for name, found in sure.items()}
    forms = {name: Counter(s.form.part for s in found) for name, found in sure.items()}
    present = set(sure) | noted
    kin = dict.fromkeys(same, _kin(distinct(present, same), many))
    for name in {n for p in present for n in same[p]}:
        kin[name] = _kin(distinct(present - same[name], same), many)

    def company(spot: Spot) -> Company:
        name = spot.form.name
        here = range(spot.first, spot.last)
        spellings = min(3.0, sum(score for score, where in ways.get(name, ()) if where.isdisjoint(here)))
        if name not in sure:
            return Company(notes=name in noted, spellings=spellings, kin=kin[name])
        mine = {id(s): s for i in here if (s := owner[name].get(i)) is not None}
        wholes = whole[name] - sum(_whole(s) for s in mine.values())
        # The same spelling again is no further evidence: talk repeats its own rare words, too.
        others = len(sure[name]) - alike[name][_surname(spot, scene)]
        others -= sum(_named(s) or _surname(s, scene) != _surname(spot, scene) for s in mine.values())
        times = forms[name][spot.form.part] + (not mine)
        return Company(others, wholes > 0, name in noted, spellings, kin[name], times)

    return company


def _kin(present: int, many: int) -> float:
    """How far an episode is about the list, by how many others of it are there; of a long one some always are."""
    return math.log1p(present) * present / (present + 0.05 * many) if present > 0 else 0.0


def _surname(spot: Spot, scene: Scene) -> tuple[str, ...]:
    """The words heard, without the first name where one is told apart."""
    return tuple(heard_words(spot, scene.words)[max(0, spot.at - spot.first) :])


def _named(spot: Spot) -> bool:
    """Whether it speaks for the name by more than an odd spelling: spelt right, or with all its words."""
    return spot.exact or _whole(spot)


def _whole(spot: Spot) -> bool:
    """Whether it is the whole of a name of several words; a surname of two (de Meo) may still be one odd word."""
    return len(spot.form.words) > 1 and spot.form.part != "surname"


def _ways(spots: Sequence[Spot], scene: Scene) -> list[tuple[float, set[int]]]:
    """Of each odd way a name's surname seems to be written in: how likely it is, and the words where it stands."""
    found: dict[tuple[str, ...], tuple[float, set[int]]] = {}
    for spot in spots:
        heard = _surname(spot, scene)
        if any(scene.known[w].cost >= UNKNOWN for w in heard):  # a word that somebody knows is rather that word
            score, where = found.get(heard, (0.0, set()))
            found[heard] = max(score, spot.score), where | set(range(spot.first, spot.last))
    return list(found.values())

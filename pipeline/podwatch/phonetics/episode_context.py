"""What the rest of an episode says of a candidate's name.

It says where else the name surely is, what else may be a spelling of it, how often a spelling stands in the text and
whether it is somebody else's there, and which other watched names the episode has.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.duplicate_names import count_distinct
from podwatch.phonetics.lexicon import UNKNOWN_COST
from podwatch.phonetics.namesakes import OTHER_NAME_COST, score_namesake
from podwatch.phonetics.ngram_windows import NGram
from podwatch.phonetics.overlaps import drop_overlapping

LIKELY_SCORE = 0.1  # a candidate as good as this counts for what else its name is spelt as
SURE_SCORE = 0.6  # a candidate this good makes its name one that the episode is about
LIST_PRESENT = 0.7  # of list_presence: two other names of a short list, or more of a longer one
OFTEN_REPEATED = 4  # of occurrences
MAX_OTHER_SPELLINGS = 3.0
NEAR_WORDS = 250  # a minute and a half of talk


@dataclass(slots=True)
class EpisodeContext:
    """What the rest of the episode says of a name.

    ``other_mentions``: how many other sure candidates it has. ``has_full_name``: one of them is of the full name.
    ``is_in_notes``: title or notes name it. ``other_spellings``: in how many other ways it seems to be misspelt, each
    counted as far as it is likely: speech recognition writes a name that it does not know in many ways, one that it
    knows in one. ``list_presence``: how far the episode is about the other watched names. ``form_count``: how often
    the form is found, for people; no evidence. ``is_near_full_name``: the full name is within NEAR_WORDS of it.
    ``is_confirmed``: title or notes name it, or the text does elsewhere in another spelling or as it is spelt.
    """

    other_mentions: int = 0
    has_full_name: bool = False
    is_in_notes: bool = False
    other_spellings: float = 0.0
    list_presence: float = 0.0
    form_count: int = 1
    is_near_full_name: bool = False
    is_confirmed: bool = False


def context_lookup(
    candidates: Sequence[Candidate],
    context: TextContext,
    noted: Set[int],
    same: Mapping[int, frozenset[int]],
    watched: int,
) -> Callable[[Candidate], EpisodeContext]:
    """A function from a candidate to what the rest of the episode says of its name.

    ``candidates``: with the scores that they have on their own. ``noted``: the names that title or notes name.
    ``same``: for each name those that are the same one. ``watched``: how many different names are watched.
    """
    tokens = context.tokens
    sure = drop_overlapping(c for c in candidates if c.score >= SURE_SCORE)
    likely = drop_overlapping(c for c in candidates if not c.is_exact and c.score >= LIKELY_SCORE)
    odd_spellings = {name: _odd_spellings(found, context) for name, found in likely.items()}
    at_word = {(name, i): c for name, found in sure.items() for c in found for i in c.positions}
    odd = {n: Counter(c.surname_words(tokens) for c in found if not _confirms_name(c)) for n, found in sure.items()}
    full_names = {name: sum(map(_is_full_name, found)) for name, found in sure.items()}
    full_places = {name: [c.first for c in found if _is_full_name(c)] for name, found in sure.items()}
    forms = {name: Counter(c.form.part for c in found) for name, found in sure.items()}
    present = set(sure) | noted
    list_presence = dict.fromkeys(same, _list_presence(count_distinct(present, same), watched))
    for name in {other for p in present for other in same[p]}:
        list_presence[name] = _list_presence(count_distinct(present - same[name], same), watched)

    def look_up(candidate: Candidate) -> EpisodeContext:
        name, positions = candidate.form.name, candidate.positions
        elsewhere = (score for score, where in odd_spellings.get(name, ()) if where.isdisjoint(positions))
        spellings = min(MAX_OTHER_SPELLINGS, sum(elsewhere))
        found = EpisodeContext(is_in_notes=name in noted, other_spellings=spellings, list_presence=list_presence[name])
        found.is_confirmed = name in noted
        if name not in sure:
            return found
        here = list({id(c): c for i in positions if (c := at_word.get((name, i))) is not None}.values())
        found.has_full_name = full_names[name] > sum(map(_is_full_name, here))
        near = [at for at in full_places[name] if 0 < abs(at - candidate.first) <= NEAR_WORDS and at not in positions]
        found.is_near_full_name = bool(near)
        here_ids = set(map(id, here))
        others = (c for c in sure[name] if id(c) not in here_ids)
        words = candidate.surname_words(tokens)
        found.is_confirmed = name in noted or any(c.is_exact or c.surname_words(tokens) != words for c in others)
        # The same odd spelling again is no further evidence: talk repeats its own rare words, too.
        found.other_mentions = len(sure[name]) - odd[name][words]
        found.other_mentions -= sum(_confirms_name(c) or c.surname_words(tokens) != words for c in here)
        found.form_count = forms[name][candidate.form.part] + (not here)
        return found

    return look_up


def count_repetitions(candidates: Sequence[Candidate], context: TextContext) -> None:
    """Sets how often a candidate's spelling stands in the text, and whether it is somebody else's name elsewhere."""
    spellings: dict[tuple[int, NGram], dict[int, list[Candidate]]] = {}
    own: set[tuple[int, int]] = set()  # the words behind what may be the first name
    for candidate in candidates:
        spelling = (candidate.form.name, candidate.surface_words(context.tokens))
        spellings.setdefault(spelling, {}).setdefault(candidate.first, []).append(candidate)
        if candidate.form.given_count and candidate.given_cost is not None and candidate.given_cost < OTHER_NAME_COST:
            own |= {(candidate.form.name, i) for i in range(candidate.surname_at, candidate.last)}
    for (name, _), places in spellings.items():
        scores = {
            first: max((score_namesake(c, context) for c in here if not c.is_exact), default=0.0)
            for first, here in places.items()
            if len(places) > 1 and (name, first) not in own
        }
        highest, second = (*sorted(scores.values(), reverse=True), 0.0, 0.0)[:2]
        for first, here in places.items():
            for candidate in here:
                candidate.occurrences = len(places)
                candidate.elsewhere = second if scores.get(first) == highest else highest


def _list_presence(present: int, watched: int) -> float:
    """How far an episode is about the list, by how many others of it are there; of a long one some always are."""
    return math.log1p(present) * present / (present + 0.05 * watched) if present > 0 else 0.0


def _confirms_name(candidate: Candidate) -> bool:
    """Whether it speaks for the name by more than an odd spelling: spelt right, or with all its words."""
    return candidate.is_exact or _is_full_name(candidate)


def _is_full_name(candidate: Candidate) -> bool:
    """Whether it is the whole of a name of several words; a surname of two (de Meo) may still be one odd word."""
    return len(candidate.form.words) > 1 and candidate.form.part != "surname"


def _odd_spellings(candidates: Sequence[Candidate], context: TextContext) -> list[tuple[float, set[int]]]:
    """For each odd spelling of a name's surname how likely it is, and the indices of the words where it stands."""
    found: dict[NGram, tuple[float, set[int]]] = {}
    for candidate in candidates:
        words = candidate.surname_words(context.tokens)
        if any(context.entries[w].cost >= UNKNOWN_COST for w in words):  # a word of the lists is rather that word
            score, where = found.get(words, (0.0, set()))
            found[words] = max(score, candidate.score), where | set(candidate.positions)
    return list(found.values())

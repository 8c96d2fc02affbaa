"""The wider net: places where the text has hardly a trace of a watched name, and yet the audio may be asked about one.

Which names: the few that are likely in the episode, since its title or notes have them, or they are said elsewhere in
it, or hardly any are watched. Which places: words that ordinary talk has seldom, or with a capital, that sound remotely
like such a name. That is too little to count by itself - the search by sound has passed it over - but it tells where to
listen (data/hearing.json, "places", learnt by ``python -m benchmarks.listen.second_hearing``).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podwatch.phonetics.lexicon import GIVEN, PLACE, SURNAME, UNKNOWN_COST, Entry, look_up_words
from podwatch.phonetics.name_forms import Form, build_forms
from podwatch.phonetics.name_parts import spoken_words
from podwatch.phonetics.ngram_windows import TextNGrams, find_rare_words
from podwatch.phonetics.noisy_channel import Costs, measure_costs
from podwatch.phonetics.tokenizer import Tokens, split_chunks, tokenize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from podwatch.phonetics.watched_names import NameMatch, WatchedName

MAX_NAMES = 12  # that are tried in one episode
MAX_COST = 2.0  # nats per symbol: what is farther from a name is hardly ever it
GAP_COST = 0.8  # for each phone of the form that the words have too few or too many: they are to be all of the name
MIN_PHONES = 4  # of a form: a shorter one is near to too many words
OTHER_NAME = GIVEN | SURNAME | PLACE


@dataclass(frozen=True, slots=True)
class ProposedPlace:
    """Words that may be a name. name: its index. start, end: characters. features: of FEATURES, in their order."""

    name: int
    start: int
    end: int
    features: tuple[float, ...]


FEATURES = (
    "cost",
    "other_cost",
    "length_gap",
    "phones",
    "words",
    "is_surname",
    "is_unknown",
    "is_capitalised",
    "is_other_name",
)
Span = tuple[float, int, int, Form, Costs, float]  # how far, first word, the word behind, form, its costs, its gap


class PlaceProposer:
    """Proposes places of some names. Pure: the same text and finds give the same places."""

    def __init__(self, names: Sequence[WatchedName]) -> None:
        self._forms: dict[int, list[Form]] = defaultdict(list)
        for form in build_forms(names):
            if not form.is_spelt_only and len(form.sound) >= MIN_PHONES:
                self._forms[form.name].append(form)
        self.names = tuple(names)

    def likely_names(self, title: str, notes: str, found: Sequence[NameMatch], wanted: Sequence[int]) -> list[int]:
        """The wanted names that are likely in an episode, the likeliest first; found: what the text has for sure.

        Those that title and notes have come first, as they spell them right; then those that are said most.
        """
        forms = {n: self._forms[n] for n in wanted if n in self._forms}
        noted = set(spoken_words(title)).union(*map(spoken_words, notes.split()))
        written = [n for n, mine in forms.items() if any(noted.issuperset(f.words) for f in mine)]
        said = Counter(match.name for match in found if match.name in forms)
        others = sorted(said, key=lambda n: (-said[n], n))
        few = forms if len(forms) <= MAX_NAMES else ()
        return list(dict.fromkeys((*written, *others, *few)))[:MAX_NAMES]

    def propose(self, text: str, names: Sequence[int], taken: Sequence[tuple[int, int]]) -> Iterator[ProposedPlace]:
        """Where one of these names may be said; taken: spans in which the text has found something already."""
        forms = [form for name in names for form in self._forms[name]]
        if not forms:
            return
        for offset, chunk in split_chunks(text):
            inside = [(a - offset, b - offset) for a, b in taken if a < offset + len(chunk) and offset < b]
            for place in _propose_in_chunk(chunk, forms, inside):
                yield ProposedPlace(place.name, place.start + offset, place.end + offset, place.features)


def _propose_in_chunk(text: str, forms: Sequence[Form], taken: Sequence[tuple[int, int]]) -> Iterator[ProposedPlace]:

    tokens = tokenize(text)
    entries = look_up_words({w for word in tokens.plain if word for w in (word, word.removesuffix("'s"))})
    is_free = _free_words(tokens, taken)
    wanted = find_rare_words(tokens, entries) & is_free
    if not wanted.any():
        return
    windows = TextNGrams(tokens, entries).windows_with(wanted)
    encoded = [windows.encoded_ngram(k) for k in range(len(windows))]
    costs = measure_costs([(form.encoded, heard) for heard in encoded for form in forms])
    near: dict[int, list[Span]] = defaultdict(list)
    for k in range(len(windows)):
        mine = costs[k * len(forms) : (k + 1) * len(forms)]
        words = int(windows.sizes[k])
        for form, cost in zip(forms, mine, strict=True):
            gap = abs(len(encoded[k][0]) - len(form.sound)) / len(form.sound)
            if min(cost) < MAX_COST:
                near[form.name] += [
                    (min(cost) + GAP_COST * gap, at, at + words, form, cost, gap)
                    for at in windows.positions(k)
                    if is_free[at : at + words].all()
                ]
    for name, spans in near.items():
        for first, last, form, cost, gap in _choose_spans(spans):
            features = _features(tokens, entries, first, last, form, cost, gap)
            yield ProposedPlace(name, tokens.starts[first], tokens.ends[last - 1], features)


def _choose_spans(spans: Sequence[Span]) -> Iterator[tuple[int, int, Form, Costs, float]]:
    """The nearest spans of one name that do not overlap, each with the nearest one that holds it.

    (Of "light long way" the nearest may be "light long": which one it is only the audio tells.)
    """
    chosen: list[tuple[int, int]] = []
    widened: set[tuple[int, int]] = set()
    for _, first, last, form, cost, gap in sorted(spans, key=lambda s: (s[0], s[1], s[2], s[3].words)):
        over = [(a, b) for a, b in chosen if a < last and first < b]
        if not over:
            chosen.append((first, last))
        elif len(over) == 1 and over[0] not in widened and first <= over[0][0] and over[0][1] <= last:
            if (first, last) == over[0]:
                continue
            widened.add(over[0])
        else:
            continue
        yield first, last, form, cost, gap


def _free_words(tokens: Tokens, taken: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """A flag for each word: whether it is in none of these spans."""
    import numpy as np

    starts, ends = np.array(tokens.starts, dtype=np.int64), np.array(tokens.ends, dtype=np.int64)
    is_free = np.ones(len(starts), dtype=bool)
    for a, b in taken:
        is_free[np.searchsorted(ends, a, side="right") : np.searchsorted(starts, b, side="left")] = False
    return is_free


def _features(
    tokens: Tokens, entries: dict[str, Entry], first: int, last: int, form: Form, cost: Costs, gap: float
) -> tuple[float, ...]:
    words = [entries[w] for w in tokens.plain[first:last] if w]
    capitals = [tokens.is_capitalised[i] and not tokens.starts_sentence[i] for i in range(first, last)]
    return (
        min(cost),
        max(cost),
        gap,
        math.log(len(form.sound)),
        float(last - first),
        float(form.part == "surname"),
        float(any(e.cost >= UNKNOWN_COST for e in words)),
        float(any(capitals) or not tokens.has_case),  # captions of machines: each word may be a name
        float(any(e.flags & OTHER_NAME for e in words)),
    )

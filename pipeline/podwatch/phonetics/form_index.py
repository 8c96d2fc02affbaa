"""Finds which forms of names an n-gram may be, without comparing each with each.

Three filters: n-grams and forms meet under the keys of consonant_keys.py; a lower bound of the cost is worked out that
ignores the order of the symbols; only what is left is compared in order. For a few forms the bound comes first, of all
n-grams at once: it is a sum of what each word costs at least, so it is worked out for the words of a text. The keys may
lose a few (tests/phonetics/test_form_index.py says how many), the bound loses nothing.

A pair of an n-gram and a form is one number, n-gram * number of forms + form; arrays of pairs are ascending.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from podwatch.phonetics.consonant_keys import letter_classes, phone_classes
from podwatch.phonetics.noisy_channel import Channel, Costs, Encoded, load_channels, measure_joint_costs
from podwatch.phonetics.symbol_index import SymbolIndex, sorted_distinct
from podwatch.phonetics.symbol_strings import EncodedNGrams, NGramStrings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Floats = NDArray[np.float32]

NearPair = tuple[int, int, float, float]  # n-gram, form, cost per phone, cost per letter
_VERY_SHORT = 2  # symbols; such a form must be three times as near
_FEW_PAIRS = 600  # which are compared in both alphabets at once


class FormIndex:
    """The forms in phones and in letters together: a pair is near where it is near in either.

    ``limits``: for each form, the costs per phone and per letter up to which an n-gram is near.
    """

    def __init__(self, forms: Sequence[Encoded], limits: Sequence[Costs]) -> None:
        phones, letters = load_channels()
        self.by_sound = _index(phones, [s for s, _ in forms], [most for most, _ in limits], phone_classes)
        self.by_spelling = _index(letters, [s for _, s in forms], [most for _, most in limits], letter_classes)

    def find_near(self, ngrams: EncodedNGrams, factors: Floats | None = None) -> list[NearPair]:
        """The pairs that share a key and are near, in the order of n-grams and forms.

        ``factors``: for each n-gram, what part of a form's limit counts for it.
        """
        likely = [index.likely_pairs(strings, factors) for index, strings in self._sides(ngrams)]
        return self._select_near(ngrams, likely, factors)

    def find_near_without_key(self, ngrams: EncodedNGrams) -> list[NearPair]:
        """All pairs that are near, for a few forms."""
        return self._select_near(ngrams, [index.likely_pairs_without_key(s) for index, s in self._sides(ngrams)])

    def find_near_among(self, ngrams: EncodedNGrams, pairs: Numbers) -> list[NearPair]:
        """Those of the pairs that are near."""
        return self._select_near(ngrams, [index.likely_pairs_among(s, pairs) for index, s in self._sides(ngrams)])

    def _sides(self, ngrams: EncodedNGrams) -> tuple[tuple[SymbolIndex, NGramStrings], ...]:
        """Both alphabets; neither where there is nothing to find."""
        if not len(self.by_sound.lengths) or not len(ngrams):
            return ()
        return (self.by_sound, ngrams.by_sound), (self.by_spelling, ngrams.by_spelling)

    def _select_near(
        self, ngrams: EncodedNGrams, likely: Sequence[Numbers], factors: Floats | None = None
    ) -> list[NearPair]:
        """Those that are near in an alphabet of those that are likely in it."""
        import numpy as np

        sides, found = self._sides(ngrams), []
        if sum(map(len, likely)) <= _FEW_PAIRS:
            return self._select_near_of_few(sides, likely, factors)
        for (index, strings), own in zip(sides, likely, strict=True):
            costs = index.costs_within(strings, own, factors)
            is_near = index.are_within(costs, own, factors)
            found.append((own[is_near], costs[is_near]))
        pairs = sorted_distinct(np.concatenate([near for near, _ in found]))
        columns = [(pairs // len(self.by_sound.lengths)).tolist(), (pairs % len(self.by_sound.lengths)).tolist()]
        for (index, strings), (near, known) in zip(sides, found, strict=True):
            costs = np.empty(len(pairs), dtype=np.float32)
            at = np.searchsorted(pairs, near)
            costs[at] = known
            is_new = np.ones(len(pairs), dtype=bool)
            is_new[at] = False
            costs[is_new] = index.costs(strings, pairs[is_new])
            columns.append(costs.tolist())
        return list(zip(*columns, strict=True))

    def _select_near_of_few(
        self, sides: Sequence[tuple[SymbolIndex, NGramStrings]], likely: Sequence[Numbers], factors: Floats | None
    ) -> list[NearPair]:
        """The same by the costs of all pairs in both alphabets at once."""
        import numpy as np

        if not any(map(len, likely)):
            return []
        pairs = sorted_distinct(np.concatenate(likely))
        said, heard = zip(*(index.take_pairs(strings, pairs) for index, strings in sides), strict=True)
        is_near, every_cost = np.zeros(len(pairs), dtype=bool), []
        for (index, _), own, costs in zip(sides, likely, measure_joint_costs(said, heard), strict=True):
            every_cost.append(index.per_symbol(costs, pairs))
            at = np.searchsorted(pairs, own)
            is_near[at] |= index.are_within(every_cost[-1][at], own, factors)
        pairs, n = pairs[is_near], len(self.by_sound.lengths)
        columns = [(pairs // n).tolist(), (pairs % n).tolist(), *(costs[is_near].tolist() for costs in every_cost)]
        return list(zip(*columns, strict=True))


def _index(
    channel: Channel, forms: Sequence[bytes], limits: Sequence[float], classes: Callable[[bytes], bytes]
) -> SymbolIndex:
    limits = [most if len(s) > _VERY_SHORT else most / 3 for s, most in zip(forms, limits, strict=True)]
    return SymbolIndex(channel, forms, limits, classes)

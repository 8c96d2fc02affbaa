"""Finds which forms of names an n-gram may be, without comparing each with each.

Three filters, each finer and dearer than the one before: n-grams and forms meet under the keys of consonant_keys.py;
then a lower bound of the cost is worked out, which ignores the order of the symbols; only what is left is compared in
order. The first filter may lose a few (tests/phonetics/test_form_index.py says how many), the second loses nothing.

A pair of an n-gram and a form is one number, n-gram * number of forms + form; arrays of pairs are ascending.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from podwatch.phonetics.consonant_keys import deletion_keys, letter_classes, phone_classes
from podwatch.phonetics.noisy_channel import Channel, Costs, Encoded, load_channels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from podwatch.phonetics.noisy_channel import SymbolRows

    Numbers = NDArray[np.int64]
    Floats = NDArray[np.float32]

NearPair = tuple[int, int, float, float]  # n-gram, form, cost per phone, cost per letter
_VERY_SHORT = 2  # symbols; such a form must be three times as near


class SymbolIndex:
    """The forms in one alphabet, phones or letters, indexed by their consonants.

    ``limits``: for each form, the cost per symbol up to which an n-gram is near. ``consonant_classes``: the skeleton
    of a string in this alphabet.
    """

    def __init__(
        self,
        channel: Channel,
        forms: Sequence[bytes],
        limits: Sequence[float],
        consonant_classes: Callable[[bytes], bytes],
    ) -> None:
        import numpy as np

        self.channel = channel
        self.padded_forms = channel.pad(forms)
        self.lengths = np.array([len(s) for s in forms], dtype=np.int64)
        self.limits = (self.lengths * np.array(limits)).astype(np.float32)
        self._consonant_classes = consonant_classes
        owners, keys = deletion_keys([consonant_classes(form) for form in forms])
        order = np.lexsort((owners, keys))
        self._keys, starts = np.unique(keys[order], return_index=True)
        self._starts = np.append(starts, len(keys)).astype(np.int64)
        self._forms_by_key = owners[order]

    def pairs_sharing_key(self, ngrams: Sequence[bytes]) -> Numbers:
        """The pairs that share a key."""
        import numpy as np

        owners, keys = deletion_keys([self._consonant_classes(ngram) for ngram in ngrams])
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        shared = self._keys[at] == keys
        at, owners = at[shared], owners[shared]
        begin, end = self._starts[at], self._starts[at + 1]
        forms = self._forms_by_key[_concatenate_ranges(begin, end)]
        return sorted_distinct(np.repeat(owners, end - begin) * len(self.lengths) + forms)

    def filter_by_lower_bound(self, ngrams: Sequence[bytes], pairs: Numbers, factors: Floats | None = None) -> Numbers:
        """Those of the pairs whose cost may be within their limit, judged without the order of symbols."""
        import numpy as np

        if not len(pairs):
            return pairs
        channel, n = self.channel, len(self.lengths)
        g, f = np.divmod(pairs, n)
        limits = self._pair_limits(g, f, factors)
        ngram_lengths = np.fromiter(map(len, ngrams), dtype=np.int64, count=len(ngrams))
        # As many symbols as the one is longer were inserted at least, or deleted: no part of the bounds below.
        more = (ngram_lengths[g] - self.lengths[f]).astype(np.float32)
        inserted = np.maximum(more * channel.insertion[:-1].min(), 0)
        deleted = np.maximum(more * -channel.deletion[:-1].min(), 0)
        # Of an hour's n-grams few are in a pair: the others need no bounds.
        in_pairs = np.zeros(len(ngrams), dtype=bool)
        in_pairs[g] = True
        of = (np.cumsum(in_pairs) - 1)[g]
        heard = channel.pad([ngrams[i] for i in np.flatnonzero(in_pairs).tolist()])
        least = _add_bounds(inserted, channel.said_lower_bounds(heard), of, self.padded_forms, f)
        keep = least <= limits
        g, f, of, deleted, limits = g[keep], f[keep], of[keep], deleted[keep], limits[keep]
        # The other way round, too: without it finding what is near takes 1.3 times as long for 3,000 names.
        mine, rows = np.unique(f, return_inverse=True)
        least = _add_bounds(deleted, channel.heard_lower_bounds(self.padded_forms[mine]), rows, heard, of)
        keep = least <= limits
        return g[keep] * n + f[keep]

    def _pair_limits(self, g: Numbers, f: Numbers, factors: Floats | None) -> Floats:
        limits: Floats = self.limits[f]
        return limits if factors is None else limits * factors[g]

    def costs(self, ngrams: Sequence[bytes], pairs: Numbers) -> Floats:
        """For each pair its cost per symbol of the form."""
        import numpy as np

        g, f = np.divmod(pairs, len(self.lengths))
        used, rows = np.unique(g, return_inverse=True)
        heard = self.channel.pad([ngrams[i] for i in used.tolist()])
        cost = self.channel.costs(self.padded_forms[f], heard[rows])
        return (cost / np.maximum(self.lengths[f], 1)).astype(np.float32)

    def filter_within_limit(self, ngrams: Sequence[bytes], pairs: Numbers, factors: Floats | None = None) -> Numbers:
        """Those of the pairs that are within the limit of their form; ``factors``: of each n-gram, times this."""
        import numpy as np

        kept = self.filter_by_lower_bound(ngrams, pairs, factors)
        g, f = np.divmod(kept, len(self.lengths))
        near: Numbers = kept[self.costs(ngrams, kept) * self.lengths[f] <= self._pair_limits(g, f, factors)]
        return near


def sorted_distinct(numbers: Numbers) -> Numbers:
    """The distinct ones of numbers that are not negative, ascending.

    np.unique hashes them, which takes 100 times as long for a million.
    """
    import numpy as np

    ascending = np.sort(numbers)
    distinct: Numbers = ascending[np.diff(ascending, prepend=-1) > 0]
    return distinct


def _add_bounds(total: Floats, bounds: Floats, rows: Numbers, strings: SymbolRows, which: Numbers) -> Floats:
    """For each pair ``total`` and the bounds, in its row, of all symbols of its string: ``which`` of ``strings``."""
    offsets, flat = rows * bounds.shape[1], bounds.ravel()
    total = total.copy()
    for symbols in strings.T:
        total += flat.take(offsets + symbols[which])
    return total


def _concatenate_ranges(begin: Numbers, end: Numbers) -> Numbers:
    """All numbers of [begin, end) of the first, then of the second, and so on."""
    import numpy as np

    sizes = end - begin
    behind = np.cumsum(sizes)
    total = int(behind[-1]) if len(behind) else 0
    found: Numbers = np.arange(total, dtype=np.int64) + np.repeat(begin - behind + sizes, sizes)
    return found


class FormIndex:
    """The forms in phones and in letters together: a pair is near where it is near in either.

    ``limits``: for each form, the costs per phone and per letter up to which an n-gram is near.
    """

    def __init__(self, forms: Sequence[Encoded], limits: Sequence[Costs]) -> None:
        phones, letters = load_channels()
        self.by_sound = _index(phones, [s for s, _ in forms], [most for most, _ in limits], phone_classes)
        self.by_spelling = _index(letters, [s for _, s in forms], [most for _, most in limits], letter_classes)

    def all_pairs(self, ngrams: int) -> Numbers:
        """All pairs of so many n-grams and the forms, for a few forms."""
        import numpy as np

        return np.arange(ngrams * len(self.by_sound.lengths), dtype=np.int64)

    def find_near(
        self, ngrams: Sequence[Encoded], *, pairs: Numbers | None = None, factors: Sequence[float] | None = None
    ) -> list[NearPair]:
        """The pairs that are near, in the order of n-grams and forms.

        ``pairs``: the only ones that are compared, else those that share a key. ``factors``: for each n-gram, what
        part of a form's limit counts for it.
        """
        import numpy as np

        n = len(self.by_sound.lengths)
        if not n or not ngrams:
            return []
        part = None if factors is None else np.array(factors, dtype=np.float32)
        sides = [(self.by_sound, [s for s, _ in ngrams]), (self.by_spelling, [s for _, s in ngrams])]
        found = [
            index.filter_within_limit(strings, index.pairs_sharing_key(strings) if pairs is None else pairs, part)
            for index, strings in sides
        ]
        near = sorted_distinct(np.concatenate(found))
        costs = [index.costs(strings, near).tolist() for index, strings in sides]
        return list(zip((near // n).tolist(), (near % n).tolist(), *costs, strict=True))


def _index(
    channel: Channel, forms: Sequence[bytes], limits: Sequence[float], classes: Callable[[bytes], bytes]
) -> SymbolIndex:
    limits = [most if len(s) > _VERY_SHORT else most / 3 for s, most in zip(forms, limits, strict=True)]
    return SymbolIndex(channel, forms, limits, classes)

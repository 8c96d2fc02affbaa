"""Tells, in one alphabet, which n-grams may be near to which forms of names: keys, bounds, and what is left in order.

The filters are those that form_index.py names. Bounds are worked out for pairs that share a key, or, of a few forms,
for all n-grams before that: then a bound is counted in bytes, and whether two share a key is told without keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from podwatch.phonetics.consonant_keys import (
    MAX_LENGTH,
    RunTable,
    SkeletonNumbers,
    may_share_key,
    number_keys,
    number_skeletons,
    share_key,
)
from podwatch.phonetics.cost_filter import ROUNDING, may_cost_within
from podwatch.phonetics.key_table import KeyTable
from podwatch.phonetics.noisy_channel import Channel
from podwatch.phonetics.symbol_strings import NGramStrings, concatenate_ranges, pack_strings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from podwatch.phonetics.noisy_channel import SymbolRows

    Numbers = NDArray[np.int64]
    Floats = NDArray[np.float32]
    Flags = NDArray[np.bool_]

_FEW_FORMS = 200  # of which bounds for all n-grams cost less than keys
_BLOCK_PAIRS = 400_000  # whose bounds are worked out at once
_LIMIT_PARTS = 50  # of a limit, in which bounds are counted
_CHECKED_SYMBOLS = 4  # of a form, after which pairs over their limit are given up
_MANY_PAIRS = 1000  # of one form, which are worth a search of their own


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
        self._forms = forms
        self.padded_forms = channel.pad(forms)
        self.lengths = np.array([len(s) for s in forms], dtype=np.int64)
        self.limits = (self.lengths * np.array(limits)).astype(np.float32)
        self._consonant_classes = consonant_classes
        self._heard_bounds = channel.heard_lower_bounds(self.padded_forms)
        self._packed_skeletons = pack_strings([consonant_classes(form) for form in forms])
        self._skeletons = number_skeletons(self._packed_skeletons)

    def find_pairs(self, ngrams: NGramStrings) -> Numbers:
        """The pairs that share a key and are within the limit of their form."""
        pairs = self.likely_pairs(ngrams)
        near: Numbers = pairs[self.are_within(self.costs(ngrams, pairs), pairs)]
        return near

    def likely_pairs(self, ngrams: NGramStrings, factors: Floats | None = None) -> Numbers:
        """Those that share a key and are within the limit of their form, and some more that share one.

        ``factors``: of each n-gram, times this.
        """

        if len(self.lengths) > _FEW_FORMS:
            return self.likely_pairs_among(ngrams, self._pairs_sharing_key(ngrams), factors)
        skeletons = self._number_skeletons(ngrams)
        pairs = self._bounded_pairs(ngrams, factors, skeletons)
        pairs = pairs[self._share_key(skeletons, pairs)]
        return self._filter_by_said_bound(ngrams, pairs, factors)

    def likely_pairs_without_key(self, ngrams: NGramStrings) -> Numbers:
        """All that are within the limit of their form, and some more."""
        return self._drop_far_pairs(ngrams, self._bounded_pairs(ngrams, None, None), None)

    def likely_pairs_among(self, ngrams: NGramStrings, pairs: Numbers, factors: Floats | None = None) -> Numbers:
        """Those of the pairs that are within the limit of their form, and some more."""
        return self._filter_by_bound(ngrams, pairs, factors)

    def are_within(self, costs: Floats, pairs: Numbers, factors: Floats | None = None) -> Flags:
        """Whether each pair, of such a cost per symbol, is within the limit of its form."""
        import numpy as np

        g, f = np.divmod(pairs, len(self.lengths))
        within: Flags = costs * self.lengths[f] <= self._pair_limits(g, f, factors)
        return within

    def costs(self, ngrams: NGramStrings, pairs: Numbers) -> Floats:
        """For each pair its cost per symbol of the form."""
        return self.per_symbol(self.channel.costs(*self.take_pairs(ngrams, pairs)), pairs)

    def costs_within(self, ngrams: NGramStrings, pairs: Numbers, factors: Floats | None) -> Floats:
        """The same, infinite for some pairs that are over the limit of their form."""
        import numpy as np

        g, f = np.divmod(pairs, len(self.lengths))
        used, rows = _distinct(g)
        heard, limits = ngrams.join(used).pad(self.channel.padding), self._pair_limits(g, f, factors) + ROUNDING
        return self.per_symbol(self.channel.costs_within(self.padded_forms[f], heard, rows, limits), pairs)

    def take_pairs(self, ngrams: NGramStrings, pairs: Numbers) -> tuple[SymbolRows, SymbolRows]:
        """The padded symbols of the form and of the n-gram of each pair."""
        import numpy as np

        g, f = np.divmod(pairs, len(self.lengths))
        used, rows = _distinct(g)
        return self.padded_forms[f], ngrams.join(used).pad(self.channel.padding)[rows]

    def per_symbol(self, costs: Floats, pairs: Numbers) -> Floats:
        """The costs of pairs, divided by the lengths of their forms."""
        import numpy as np

        found: Floats = (costs / np.maximum(self.lengths[pairs % len(self.lengths)], 1)).astype(np.float32)
        return found

    def _drop_far_pairs(self, ngrams: NGramStrings, pairs: Numbers, factors: Floats | None) -> Numbers:
        """The pairs without most of those that are not near, of forms that are in very many."""
        import numpy as np

        g, f = np.divmod(pairs, len(self.lengths))
        is_kept = np.ones(len(pairs), dtype=bool)
        for form in np.flatnonzero(np.bincount(f, minlength=len(self.lengths)) > _MANY_PAIRS).tolist():
            mine = np.flatnonzero(f == form)
            heard = ngrams.join(g[mine]).pad(self.channel.padding)
            limits = self._pair_limits(g[mine], f[mine], factors)
            is_kept[mine] = may_cost_within(self.channel, self._forms[form], heard, limits)
        return pairs[is_kept]

    def _number_skeletons(self, ngrams: NGramStrings) -> SkeletonNumbers:
        return number_skeletons(ngrams.words.skeletons(self._consonant_classes)).join(ngrams.rows)

    def _pairs_sharing_key(self, ngrams: NGramStrings) -> Numbers:
        """The pairs that share a key."""
        import numpy as np

        owners, keys = number_keys(self._number_skeletons(ngrams))
        begin, end, owners = self._key_table.look_up(keys, owners)
        forms = self._key_table.forms[concatenate_ranges(begin, end)]
        return sorted_distinct(np.repeat(owners, end - begin) * len(self.lengths) + forms)

    def _share_key(self, skeletons: SkeletonNumbers, pairs: Numbers) -> Flags:
        """Whether each pair shares a key; ``skeletons``: those of the n-grams."""
        import numpy as np

        g, f = np.divmod(pairs, len(self.lengths))
        shared = share_key(skeletons.take(g), self._skeletons.take(f))
        shared |= self._run_table.share_run(skeletons, g, f)
        return shared

    @cached_property
    def _key_table(self) -> KeyTable:
        return KeyTable(self._packed_skeletons)

    @cached_property
    def _run_table(self) -> RunTable:
        return RunTable(self._skeletons)

    def _bounded_pairs(
        self, ngrams: NGramStrings, factors: Floats | None, skeletons: SkeletonNumbers | None
    ) -> Numbers:
        """The pairs whose cost may be within their limit, of all of them, judged without the order of symbols.

        ``skeletons``: those of the n-grams; where they are given, only pairs that by their lengths may share a key.
        """
        import numpy as np

        n, block_size = len(self.lengths), max(1, _BLOCK_PAIRS // len(self.lengths))
        # In bytes: parts of each form's own limit, rounded down, so that no bound is higher than it is. What is over
        # the limit by itself stays over it, and the sum of five below 256.
        unit = (self.limits + np.float32(ROUNDING)) / np.float32(_LIMIT_PARTS)
        by_word = _count_parts(ngrams.words.symbol_counts @ self._heard_bounds.T, unit)
        deleted = _count_parts(self._deleted(self.lengths, np.arange(int(self.lengths.max()) + 1)[:, None]), unit)
        kinds = np.minimum(ngrams.lengths, self.lengths.max())
        if skeletons is not None:
            may_share = may_share_key(np.arange(MAX_LENGTH + 1)[:, None], self._skeletons.lengths)
            deleted = np.where(may_share, deleted[:, None, :], np.uint8(_LIMIT_PARTS + 1)).reshape(-1, n)
            kinds = kinds * (MAX_LENGTH + 1) + skeletons.lengths
        most = np.full(len(ngrams), _LIMIT_PARTS, dtype=np.uint8)
        if factors is not None:
            least_limit = self.limits.min()
            shares = (least_limit * factors + np.float32(ROUNDING)) / (least_limit + np.float32(ROUNDING))
            most = np.minimum(np.ceil(shares * np.float32(_LIMIT_PARTS)), _LIMIT_PARTS).astype(np.uint8)
        kept = [np.zeros(0, dtype=np.int64)]
        for begin in range(0, len(ngrams), block_size):
            block = slice(begin, begin + block_size)
            least = deleted.take(kinds[block], axis=0)
            for column in ngrams.rows[block].T:
                least += by_word.take(column, axis=0)
            kept.append(np.flatnonzero(least <= most[block, None]) + begin * n)
        return np.concatenate(kept)

    def _filter_by_bound(self, ngrams: NGramStrings, pairs: Numbers, factors: Floats | None) -> Numbers:
        """Those of the pairs whose cost may be within their limit, judged without the order of symbols."""
        import numpy as np

        pairs = self._filter_by_said_bound(ngrams, pairs, factors)
        # The other way round, too: without it finding what is near takes 1.3 times as long for 3,000 names.
        g, f = np.divmod(pairs, len(self.lengths))
        used, of = _distinct(g)
        heard = ngrams.join(used).pad(self.channel.padding)
        least = _add_bounds(self._deleted(self.lengths[f], ngrams.lengths[g]), self._heard_bounds, f, heard, of)
        kept: Numbers = pairs[least <= self._pair_limits(g, f, factors) + ROUNDING]
        return kept

    def _filter_by_said_bound(self, ngrams: NGramStrings, pairs: Numbers, factors: Floats | None) -> Numbers:
        """Those whose cost may be within their limit, by what each symbol of the form is heard as at least."""
        import numpy as np

        g, f = np.divmod(pairs, len(self.lengths))
        used, of = _distinct(g)
        bounds = np.minimum.reduce([ngrams.words.said_bounds[column] for column in ngrams.rows[used].T])
        # As many symbols as the n-gram is longer were inserted at least: no part of the other bound.
        more = (ngrams.lengths[g] - self.lengths[f]).astype(np.float32)
        total = np.maximum(more * self.channel.insertion[:-1].min(), 0)
        limits, offsets, flat = self._pair_limits(g, f, factors) + ROUNDING, of * bounds.shape[1], bounds.ravel()
        for i, symbols in enumerate(np.ascontiguousarray(self.padded_forms.T)):
            if i % _CHECKED_SYMBOLS == 0:
                going = np.flatnonzero(total <= limits)
                total, limits, offsets, f, pairs = total[going], limits[going], offsets[going], f[going], pairs[going]
            total += flat.take(offsets + symbols.take(f))
        kept: Numbers = pairs[total <= limits]
        return kept

    def _deleted(self, said: Numbers, heard: Numbers) -> Floats:
        """What is deleted at least, by the lengths: as many symbols as the form is longer."""
        import numpy as np

        least: Floats = np.maximum((said - heard).astype(np.float32) * self.channel.deletion[:-1].min(), 0)
        return least

    def _pair_limits(self, g: Numbers, f: Numbers, factors: Floats | None) -> Floats:
        limits: Floats = self.limits[f]
        return limits if factors is None else limits * factors[g]


def _count_parts(costs: Floats, unit: Floats) -> NDArray[np.uint8]:
    """The costs of forms, a column each, in whole units of the form; all above the limit are one above it."""
    import numpy as np

    parts: NDArray[np.uint8] = np.minimum(costs / unit, np.float32(_LIMIT_PARTS + 1)).astype(np.uint8)
    return parts


def sorted_distinct(numbers: Numbers) -> Numbers:
    """The distinct ones of numbers that are not negative, ascending.

    np.unique hashes them, which takes 100 times as long for a million.
    """
    import numpy as np

    ascending = np.sort(numbers)
    distinct: Numbers = ascending[np.diff(ascending, prepend=-1) > 0]
    return distinct


def _distinct(ascending: Numbers) -> tuple[Numbers, Numbers]:
    """The distinct ones of ascending numbers, and for each number which of them it is."""
    import numpy as np

    is_new = np.diff(ascending, prepend=-1) > 0
    return ascending[is_new], np.cumsum(is_new) - 1


def _add_bounds(total: Floats, bounds: Floats, rows: Numbers, strings: SymbolRows, which: Numbers) -> Floats:
    """For each pair ``total`` and the bounds, in its row, of all symbols of its string: ``which`` of ``strings``."""
    import numpy as np

    offsets, flat = rows * bounds.shape[1], bounds.ravel()
    total = total.copy()
    for symbols in np.ascontiguousarray(strings.T):
        total += flat.take(offsets + symbols.take(which))
    return total

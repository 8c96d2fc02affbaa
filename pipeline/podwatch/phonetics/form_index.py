"""Finds which forms a window may be, without comparing each with each.

Three sieves, each finer and dearer: windows and forms meet under the keys of skeleton.py; then each phone of a form
is given the least it can cost in that window, whatever the order; only what is left is compared in order.
tests/sounds holds the first sieve against comparing all with all; the second loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from podwatch.phonetics import consonant_keys as skeleton
from podwatch.phonetics.noisy_channel import Channel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Floats = NDArray[np.float32]

NearPairs = tuple[list[int], list[int], list[float], list[float]]


class SymbolIndex:
    """The spellings of some forms in one alphabet, phones or letters.

    ``limits``: for each form, the cost for each of its symbols up to which a window is near.
    """

    def __init__(
        self,
        channel: Channel,
        strings: Sequence[bytes],
        limits: Sequence[float],
        consonant_classes: Callable[[bytes], bytes],
    ) -> None:
        import numpy as np

        self.channel = channel
        self.padded_forms = channel.pad(strings)
        self.lengths = np.array([len(s) for s in strings], dtype=np.int64)
        self.limits = (self.lengths * np.array(limits)).astype(np.float32)
        self._consonant_classes = consonant_classes
        owners, keys = skeleton.deletion_keys([consonant_classes(string) for string in strings])
        order = np.lexsort((owners, keys))
        self._keys, starts = np.unique(keys[order], return_index=True)
        self._starts = np.append(starts, len(keys)).astype(np.int64)
        self._forms_by_key = owners[order]

    def pairs_sharing_key(self, windows: Sequence[bytes]) -> Numbers:
        """The pairs that share a key, as window * forms + form, ascending."""
        import numpy as np

        numbers: dict[bytes, int] = {}  # windows with the same skeleton meet the same forms
        of = self._consonant_classes
        which = [numbers.setdefault(of(window), len(numbers)) for window in windows]
        owners, keys = skeleton.deletion_keys(list(numbers))
        at = np.minimum(np.searchsorted(self._keys, keys), max(0, len(self._keys) - 1))
        shared = self._keys[at] == keys if len(self._keys) else np.zeros(0, dtype=bool)
        if not shared.any():
            return np.zeros(0, dtype=np.int64)
        n = len(self.lengths)
        at, owners = at[shared], owners[shared]
        met = self._forms_by_key[_concatenate_ranges(self._starts[at], self._starts[at + 1])]
        pairs = np.repeat(owners * n, self._starts[at + 1] - self._starts[at]) + met
        pairs.sort()
        pairs = pairs[np.concatenate(([True], pairs[1:] != pairs[:-1]))]
        # From skeletons to windows: the forms of each, one after the other.
        starts = np.searchsorted(pairs, np.arange(len(numbers) + 1, dtype=np.int64) * n)
        mine = np.array(which, dtype=np.int64)
        begin, end = starts[mine], starts[mine + 1]
        windows_of = np.repeat(np.arange(len(mine), dtype=np.int64), end - begin)
        found: Numbers = windows_of * n + pairs[_concatenate_ranges(begin, end)] % n
        return found

    def filter_by_lower_bound(
        self, windows: Sequence[bytes], pairs: Numbers, limit_factors: Floats | None = None
    ) -> Numbers:
        """Those of the pairs whose cost may be within their limit, judged without the order of symbols."""
        import numpy as np

        channel, n = self.channel, len(self.lengths)
        w, f = np.divmod(pairs, n)
        limits = self._pair_limits(w, f, limit_factors)
        heard_lengths = np.fromiter(map(len, windows), dtype=np.int64, count=len(windows))
        # As many symbols as the one is longer were added at least, or dropped: the floors below have no part in that.
        more = (heard_lengths[w] - self.lengths[f]).astype(np.float32)
        added, dropped = more * channel.insertion[:-1].min(), more * -channel.deletion[:-1].min()
        close = np.maximum(added, dropped) <= limits
        w, f, limits = w[close], f[close], limits[close]
        added, dropped = np.maximum(added[close], 0), np.maximum(dropped[close], 0)
        heard = channel.pad(windows)
        floors = channel.said_lower_bounds(heard).ravel()
        width = channel.padding + 1
        least = added + floors[w * width + self.padded_forms[f, 0]]
        for column in range(1, self.padded_forms.shape[1]):
            least += floors[w * width + self.padded_forms[f, column]]
            if column in (2, 4, 6, 9):  # most are out after a few symbols
                keep = least <= limits
                w, f, least, dropped, limits = w[keep], f[keep], least[keep], dropped[keep], limits[keep]
        keep = least <= limits
        w, f, dropped, limits = w[keep], f[keep], dropped[keep], limits[keep]
        if not len(w):
            return pairs[:0]
        # And the other way round: the least that each symbol of the window can cost, given the symbols of the form.
        mine, rows = np.unique(f, return_inverse=True)
        floors = channel.heard_lower_bounds(self.padded_forms[mine]).ravel()
        least = dropped + floors[rows * width + heard[w, 0]]
        for column in range(1, heard.shape[1]):
            least += floors[rows * width + heard[w, column]]
        keep = least <= limits
        sifted: Numbers = w[keep] * n + f[keep]
        return sifted

    def _pair_limits(self, w: Numbers, f: Numbers, limit_factors: Floats | None) -> Floats:
        found: Floats = self.limits[f] if limit_factors is None else self.limits[f] * limit_factors[w]
        return found

    def costs(self, windows: Sequence[bytes], pairs: Numbers, max_costs: Floats | None = None) -> Floats:
        """For each pair its cost by symbol of the form; ``most``: of each, the whole cost over which it is any."""
        import numpy as np

        if not len(pairs):
            return np.zeros(0, dtype=np.float32)
        w, f = np.divmod(pairs, len(self.lengths))
        used, rows = np.unique(w, return_inverse=True)
        heard = self.channel.pad([windows[i] for i in used.tolist()])
        cost = self.channel.costs(self.padded_forms[f], heard[rows], max_costs)
        return (cost / np.maximum(self.lengths[f], 1)).astype(np.float32)

    def filter_within_limit(
        self, windows: Sequence[bytes], pairs: Numbers, limit_factors: Floats | None = None
    ) -> Numbers:
        """Those of the pairs that are within the limit of their form, times the ``reach`` of their window."""
        import numpy as np

        kept = self.filter_by_lower_bound(windows, pairs, limit_factors)
        w, f = np.divmod(kept, len(self.lengths))
        limits = self._pair_limits(w, f, limit_factors)
        near: Numbers = kept[self.costs(windows, kept, limits) * self.lengths[f] <= limits]
        return near


def _concatenate_ranges(begin: Numbers, end: Numbers) -> Numbers:
    """All numbers of [begin, end) of the first, then of the second, and so on."""
    import numpy as np

    sizes = end - begin
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    found: Numbers = np.arange(total, dtype=np.int64) + np.repeat(begin - ends + sizes, sizes)
    return found


class FormIndex:
    """Phones and letters together: a pair is near when it is in either."""

    def __init__(self, sound: SymbolIndex, spelling: SymbolIndex) -> None:
        self.by_sound, self.by_spelling = sound, spelling

    def find_near(
        self,
        sounds: Sequence[bytes],
        letters: Sequence[bytes],
        *,
        all_pairs: bool = False,
        limit_factors: Sequence[float] | None = None,
    ) -> NearPairs:
        """Columns: window, form, cost by phone, cost by letter; in the order of windows and forms.

        ``all_pairs``: without the sieve of keys, for a few forms. ``reach``: of each window, what part of a form's
        limit counts for it.
        """
        import numpy as np

        if not len(self.by_sound.lengths) or not sounds:
            return [], [], [], []
        if all_pairs:
            every = np.arange(len(sounds) * len(self.by_sound.lengths), dtype=np.int64)
            return self._find_near(sounds, letters, every, every, limit_factors)
        return self._find_near(
            sounds,
            letters,
            self.by_sound.pairs_sharing_key(sounds),
            self.by_spelling.pairs_sharing_key(letters),
            limit_factors,
        )

    def find_near_among(self, sounds: Sequence[bytes], letters: Sequence[bytes], pairs: Numbers) -> NearPairs:
        """The same for some pairs only, each window * forms + form, ascending."""
        return self._find_near(sounds, letters, pairs, pairs)

    def _find_near(
        self,
        sounds: Sequence[bytes],
        letters: Sequence[bytes],
        by_sound: Numbers,
        by_letter: Numbers,
        limit_factors: Sequence[float] | None = None,
    ) -> NearPairs:
        import numpy as np

        part = None if limit_factors is None else np.array(limit_factors, dtype=np.float32)

        n = len(self.by_sound.lengths)
        near = np.union1d(
            self.by_sound.filter_within_limit(sounds, by_sound, part),
            self.by_spelling.filter_within_limit(letters, by_letter, part),
        )
        phone, letter = self.by_sound.costs(sounds, near), self.by_spelling.costs(letters, near)
        return (near // n).tolist(), (near % n).tolist(), phone.tolist(), letter.tolist()

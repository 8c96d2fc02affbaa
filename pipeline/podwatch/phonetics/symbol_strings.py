"""Many strings over an alphabet in arrays, and n-grams as the numbers of their words.

An hour of talk has 30,000 n-grams of 2,000 words: what is known of each word (its symbols, what a form costs at least
beside it) is worked out once, and taken together by arrays for the n-grams that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from podwatch.phonetics.noisy_channel import Channel, Encoded, load_channels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Numbers = NDArray[np.int64]
    Symbols = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SymbolStrings:
    """Strings one behind the other: string i is ``lengths[i]`` of the symbols, from ``starts[i]`` on."""

    symbols: Symbols
    starts: Numbers
    lengths: Numbers

    def __len__(self) -> int:
        return len(self.lengths)

    def join(self, rows: Numbers) -> SymbolStrings:
        """A string for each row: those that it numbers, put together."""
        import numpy as np

        starts, lengths = self.starts[rows].ravel(), self.lengths[rows]
        symbols = self.symbols[concatenate_ranges(starts, starts + lengths.ravel())]
        return _from_lengths(symbols, lengths.sum(axis=1, dtype=np.int64))

    def pad(self, padding: int, width: int | None = None) -> Symbols:
        """The strings as rows of one width, filled up with the padding; cut off at ``width`` where it is given."""
        import numpy as np

        longest = int(self.lengths.max(initial=0))
        columns = np.arange(longest if width is None else min(width, longest))
        rows = np.full((len(self), len(columns)), padding, dtype=np.uint8)
        is_symbol = columns < self.lengths[:, None]
        rows[is_symbol] = self.symbols[(self.starts[:, None] + columns)[is_symbol]]
        return rows


def pack_strings(strings: Sequence[bytes]) -> SymbolStrings:
    """The strings in arrays."""
    import numpy as np

    lengths = np.fromiter(map(len, strings), dtype=np.int64, count=len(strings))
    return _from_lengths(np.frombuffer(b"".join(strings), dtype=np.uint8), lengths)


def _from_lengths(symbols: Symbols, lengths: Numbers) -> SymbolStrings:
    import numpy as np

    return SymbolStrings(symbols, np.cumsum(lengths) - lengths, lengths)


def _map_symbols(strings: SymbolStrings, mapping: Callable[[bytes], bytes]) -> SymbolStrings:
    """The strings as ``mapping`` makes them, which drops or replaces symbols, each by itself: all at once."""
    import numpy as np

    mapped = np.frombuffer(mapping(strings.symbols.tobytes()), dtype=np.uint8)
    before = np.concatenate(([0], np.cumsum(_kept_symbols(mapping)[strings.symbols])))
    return _from_lengths(mapped, before[strings.starts + strings.lengths] - before[strings.starts])


@lru_cache(maxsize=4)
def _kept_symbols(mapping: Callable[[bytes], bytes]) -> NDArray[np.bool_]:
    import numpy as np

    return np.array([bool(mapping(bytes([symbol]))) for symbol in range(256)])


def concatenate_ranges(begin: Numbers, end: Numbers) -> Numbers:
    """All numbers of [begin, end) of the first, then of the second, and so on."""
    import numpy as np

    sizes = end - begin
    behind = np.cumsum(sizes)
    total = int(behind[-1]) if len(behind) else 0
    found: Numbers = np.arange(total, dtype=np.int64) + np.repeat(begin - behind + sizes, sizes)
    return found


class WordStrings:
    """Words in one alphabet, and what its channel says of each of them, worked out when it is first needed."""

    def __init__(self, strings: Sequence[bytes], channel: Channel) -> None:
        self.strings, self.channel = strings, channel
        self._skeletons: dict[Callable[[bytes], bytes], SymbolStrings] = {}

    @cached_property
    def packed(self) -> SymbolStrings:
        return pack_strings(self.strings)

    @cached_property
    def said_bounds(self) -> Floats:
        """For each word and each symbol: the least that it can cost, whatever of the word it is heard as."""
        return self.channel.said_lower_bounds(self.packed.pad(self.channel.padding))

    @cached_property
    def symbol_counts(self) -> Floats:
        """For each word how often it has each symbol."""
        import numpy as np

        size = len(self.channel.deletion)
        cells = np.repeat(np.arange(len(self.strings)) * size, self.packed.lengths) + self.packed.symbols
        counts = np.bincount(cells, minlength=len(self.strings) * size)
        return counts.reshape(len(self.strings), size).astype(np.float32)

    def skeletons(self, classes: Callable[[bytes], bytes]) -> SymbolStrings:
        """The words as ``classes`` makes them."""
        if classes not in self._skeletons:
            self._skeletons[classes] = _map_symbols(self.packed, classes)
        return self._skeletons[classes]


class NGramStrings:
    """N-grams in one alphabet. ``rows``: the numbers of their words, of an empty word where one has fewer."""

    def __init__(self, words: WordStrings, rows: Numbers) -> None:
        self.words, self.rows = words, rows

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def lengths(self) -> Numbers:
        """How many symbols each has."""
        found: Numbers = sum_columns(self.words.packed.lengths, self.rows)
        return found

    def join(self, which: Numbers) -> SymbolStrings:
        """The symbols of these n-grams, by number."""
        return self.words.packed.join(self.rows[which])

    def join_skeletons(self, which: Numbers, classes: Callable[[bytes], bytes]) -> SymbolStrings:
        """The same with each word as ``classes`` makes it."""
        return self.words.skeletons(classes).join(self.rows[which])

    def take(self, which: Numbers) -> NGramStrings:
        """These n-grams, by number, alone."""
        return NGramStrings(self.words, self.rows[which])


def sum_columns(values: NDArray[Any], rows: Numbers) -> NDArray[Any]:
    """For each row the sum of the values that its numbers name."""
    total: NDArray[Any] = values[rows[:, 0]]
    for column in rows.T[1:]:
        total += values[column]
    return total


def whole_strings(strings: Sequence[bytes], channel: Channel) -> NGramStrings:
    """Strings of which nothing is known but their symbols, each as an n-gram of one word."""
    import numpy as np

    return NGramStrings(WordStrings(strings, channel), np.arange(len(strings), dtype=np.int64)[:, None])


@dataclass(frozen=True, slots=True)
class EncodedNGrams:
    """The same n-grams in both alphabets: phones and letters."""

    by_sound: NGramStrings
    by_spelling: NGramStrings

    def __len__(self) -> int:
        return len(self.by_sound)

    def take(self, which: Numbers) -> EncodedNGrams:
        """These n-grams, by number, alone."""
        return EncodedNGrams(self.by_sound.take(which), self.by_spelling.take(which))


def whole_ngrams(encoded: Sequence[Encoded]) -> EncodedNGrams:
    """Each as an n-gram of one word."""
    phones, letters = load_channels()
    return EncodedNGrams(
        whole_strings([s for s, _ in encoded], phones), whole_strings([s for _, s in encoded], letters)
    )

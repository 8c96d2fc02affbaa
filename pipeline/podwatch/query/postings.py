"""Where words occur in a text, for many words in turn: a 64-bit hash of every word, all computed at once.

The hash of characters c0 c1 ... is c0 + c1*B + c2*B**2 + ... modulo 2**64 (Rabin and Karp, 1987). From one running sum
over the text the hash of any stretch follows by a subtraction, so numpy makes those of 10,000 words in the time in
which a loop would make a few hundred. The caller compares what a hash finds with the text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse
_MASK = (1 << 64) - 1
CHUNK = 1 << 18  # characters hashed at once: the sums of a text of any size need no more memory than this


class WordPostings:
    """The words of a normalised text and where each begins; what follows an apostrophe is a word of its own here."""

    def __init__(self, text: str) -> None:
        import numpy as np

        starts: list[Array] = []
        hashes: list[Array] = []
        at = 0
        while at < len(text):
            cut = len(text) if len(text) - at <= CHUNK else text.rfind(" ", at + 1, at + CHUNK)
            cut = at + CHUNK if cut < 0 else cut
            where, values = _hashes(text[at:cut])
            starts.append(where + at)
            hashes.append(values)
            at = cut
        self._starts = np.concatenate(starts) if starts else np.zeros(0, dtype=np.int64)
        self._hashes = np.concatenate(hashes) if hashes else np.zeros(0, dtype=np.uint64)

    def starts_of(self, word: str) -> list[int]:
        """Where a word probably begins, ascending; another word may have the same hash."""
        found: list[int] = self._starts[self._hashes == _hash(word)].tolist()
        return found


def _hashes(text: str) -> tuple[Array, Array]:
    """(where each word begins, its hash)."""
    import numpy as np

    raw = text.encode("utf-32-le", "surrogatepass") if not text.isascii() else text.encode()
    codes = np.frombuffer(raw, dtype=np.uint8 if text.isascii() else np.uint32)
    letters = np.concatenate(([False], (codes != 32) & (codes != 39), [False]))
    edges = np.flatnonzero(letters[1:] != letters[:-1])
    starts, ends = edges[0::2], edges[1::2]
    powers, inverses = _powers(1 << max(10, (len(codes) - 1).bit_length()))
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(codes * powers[: len(codes)], out=sums[1:])
    return starts, (sums[ends] - sums[starts]) * inverses[starts]


@lru_cache(maxsize=32)
def _powers(count: int) -> tuple[Array, Array]:
    """The powers of the base and those of its inverse, from 0 on."""
    import numpy as np

    def series(factor: int) -> Array:
        steps = np.full(count, factor, dtype=np.uint64)
        steps[0] = 1
        return np.cumprod(steps)

    return series(_BASE), series(pow(_BASE, -1, 1 << 64))


@lru_cache(maxsize=65536)
def _hash(word: str) -> Any:
    import numpy as np

    value = 0
    for character in reversed(word):
        value = (value * _BASE + ord(character)) & _MASK
    return np.uint64(value)

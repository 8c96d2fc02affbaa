"""Where each word of a normalised text stands, and a 64-bit hash of it, all computed at once by arrays.

A word of up to 24 bytes is read as three numbers of 8, of which each is multiplied and all are combined: so numpy makes
the hashes of an hour of talk in the time in which a loop would make a hundred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

READ = 24  # bytes of a word that its hash is of; of a longer one the first 16 and the last 8
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)  # odd
BLANK, APOSTROPHE = 32, 39


class WordPostings:
    """The words of a normalised text; what follows an apostrophe is a word of its own here.

    starts, ends, hashes: of each word, in the order of the text. codes: the text in UTF-8; first, last: where the word
    begins and ends in it.
    """

    def __init__(self, text: str) -> None:
        import numpy as np

        raw = text.encode("utf-8", "surrogatepass")
        self.text = text
        self.codes: Array = np.frombuffer(raw, dtype=np.uint8)
        parting = np.flatnonzero((self.codes == BLANK) | (self.codes == APOSTROPHE))
        first, last = parting[:-1] + 1, parting[1:]
        lengths = last - first
        if not lengths.all():
            is_word = lengths > 0
            first, last, lengths = first[is_word], last[is_word], lengths[is_word]
        self.first, self.last = first, last
        self.hashes = _hash(raw, first, last, lengths)
        self.starts, self.ends = first, last
        if not text.isascii():
            following = ((self.codes & 0xC0) == 0x80).cumsum()  # bytes that begin no character
            self.starts, self.ends = first - following[first - 1], last - following[last - 1]

    def count_blanks(self) -> Array:
        """Of each word how many words that blanks part stand before it, so that distances are differences."""
        numbers: Array = (self.codes[self.first - 1] == BLANK).cumsum()
        return numbers


def _hash(raw: bytes, first: Array, last: Array, lengths: Array) -> Array:
    import numpy as np

    numbers: Array = np.ndarray((len(raw) + 1,), dtype="<u8", buffer=raw + bytes(8), strides=(1,))  # from each byte on
    masks = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)
    one, two, three = (np.uint64(factor) for factor in _FACTORS)
    hashes: Array = (numbers[first] & masks[np.minimum(lengths, 8)]) * one
    long = np.flatnonzero(lengths > 8)
    hashes[long] ^= (numbers[first[long] + 8] & masks[np.minimum(lengths[long] - 8, 8)]) * two
    longer = long[lengths[long] > 16]
    if len(longer):
        hashes[longer] ^= (numbers[last[longer] - 8] + lengths[longer].astype(np.uint64)) * three
    return hashes


def join_hashes(first: Array, second: Array) -> Array:
    """The hashes of pairs of words."""
    import numpy as np

    joined: Array = first * np.uint64(_FACTORS[1]) + second * np.uint64(_FACTORS[2])
    return joined

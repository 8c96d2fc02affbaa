"""Tells talk that returns in other episodes of a feed by a few hundred numbers (Schleimer, Wilkerson, Aiken, 2003).

Every eight words in a row are hashed, and of the hashes within a window only the smallest is kept: two transcripts
that share a passage longer than window and shingle share a number. At both ends of an episode, where what is repeated
mostly stands, the window is small. The smallest of a large window is also that of each small one around it, so what
moves from the end to the middle still matches.

All of it is done on columns of numbers: word by word it took half of the time that a transcript costs.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from podwatch.model import Transcript

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[np.uint64]
    Places: TypeAlias = NDArray[np.int64]

SHINGLE_WORDS = 8  # in a shingle
EDGE_WORDS = 500  # words at either end
EDGE_WINDOW, MIDDLE_WINDOW = 12, 40  # shingles in a window, at the ends and between them
HASH_BITS = 40  # of a hash: enough for thousands of episodes of a feed, in five bytes
MIN_OTHER_EPISODES = 3  # other episodes of the feed that have to hold a shingle before it counts as repeated
MIN_SHINGLES = 3  # different shingles in a row that return make a passage
MAX_GAP = 1  # between them: a number that is said differently each time
MAX_WORDS = 200_000  # words are looked at, twenty hours of talk: what is longer is no episode
MAX_CHARACTERS = 10 * MAX_WORDS  # characters

_STEP = 0x9E3779B97F4A7C15
_MIX = 0xD6E8FEB86659FD93
_LETTER = 0xBF58476D1CE4E5B9  # odd, so that it has an inverse modulo 2**64
_INVERSE = pow(_LETTER, -1, 1 << 64)
_APOSTROPHE = 0x27
MAX_CODE_POINT = 0x40000  # of Unicode: there are no letters beyond
_RUN = re.compile(r"[^\W_]+")


def select_shingles(transcript: Transcript) -> array[int]:
    """The numbers that stand for this talk, ascending, each once; equal for equal words whatever the segments."""
    import numpy as np  # 0.1 s, for whoever looks at repetition only

    hashes = hash_shingles(hash_words(transcript.text)[2])
    numbers = array("Q")
    numbers.frombytes(np.unique(hashes[winnow(hashes)]).tobytes())
    return numbers


def repeated_spans(text: str, repeated: Collection[int]) -> Iterator[tuple[int, int, int, int]]:
    """(start, end, shingles that return, shingles in all) of the passages that are in ``repeated``."""
    known = repeated if isinstance(repeated, (set, frozenset)) else frozenset(repeated)
    if len(known) < MIN_SHINGLES:
        return
    starts, ends, said = hash_words(text)
    hashes = hash_shingles(said)
    places = winnow(hashes)
    run: list[int] = []  # words at which a shingle begins that returns
    which: set[int] = set()
    total = missed = 0
    for at, value in [*zip(places.tolist(), hashes[places].tolist(), strict=True), (-1, -1)]:
        if at >= 0 and value in known:
            total += missed + 1 if run else 1
            missed = 0
            run.append(at)
            which.add(value)
        elif run:
            missed += 1
            if at < 0 or missed > MAX_GAP:
                if len(which) >= MIN_SHINGLES:
                    yield int(starts[run[0]]), int(ends[run[-1] + SHINGLE_WORDS - 1]), len(run), total
                run, which, total, missed = [], set(), 0, 0


def hash_words(text: str) -> tuple[Places, Places, Numbers]:
    """Where each word begins and ends, and its hash; upper and lower case are one, and so are both apostrophes.

    A word is letters and digits, with apostrophes between them. Its hash is a polynomial over its characters, as the
    difference of two sums over the text before it (Karp, Rabin, 1987), so that no word is looked at by itself.
    """
    import numpy as np

    text = text[:MAX_CHARACTERS].replace("’", "'").replace("İ", "i").lower()
    native = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"
    codes = np.frombuffer(text.encode(native, "surrogatepass"), np.uint32)
    table = _word_characters()
    spoken = table[np.minimum(codes, len(table) - 1)]
    between = np.flatnonzero(codes == _APOSTROPHE)
    between = between[(between > 0) & (between < len(codes) - 1)]
    between = between[spoken[between - 1] & spoken[between + 1]]
    spoken[between] = True
    borders = np.flatnonzero(np.diff(spoken, prepend=False, append=False))
    starts, ends = borders[::2][:MAX_WORDS], borders[1::2][:MAX_WORDS]
    forth, back = _powers(1 << max(16, len(codes).bit_length()))
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum((codes.astype(np.uint64) ^ np.uint64(_MIX)) * forth[: len(codes)], out=sums[1:])
    return starts, ends, (sums[ends] - sums[starts]) * back[starts]


def hash_shingles(hashes: Numbers) -> Numbers:
    """The hash of each shingle: a polynomial over the hashes of its words, modulo 2**64."""
    import numpy as np

    count = max(0, len(hashes) - SHINGLE_WORDS + 1)
    values = np.zeros(count, np.uint64)
    for k in range(SHINGLE_WORDS):
        values *= np.uint64(_STEP)
        values += hashes[k : k + count]
    # The upper bits of a product: the lower ones of the polynomial depend on few words.
    values = (values ^ (values >> np.uint64(32))) * np.uint64(_MIX)
    return values >> np.uint64(64 - HASH_BITS)


def winnow(hashes: Numbers) -> Places:
    """The indices, ascending, of those that are the smallest of some window around them; the last one when several."""
    import numpy as np

    edge = min(EDGE_WORDS, len(hashes))
    back = max(edge, len(hashes) - EDGE_WORDS)
    kept = np.zeros(len(hashes), bool)
    for start, stop, window in ((0, edge, EDGE_WINDOW), (edge, back, MIDDLE_WINDOW), (back, len(hashes), EDGE_WINDOW)):
        if start < stop:
            kept[start + _window_minima(hashes[start:stop], min(window, stop - start))] = True
    return np.flatnonzero(kept)


def _window_minima(hashes: Numbers, window: int) -> Places:
    """The index of the smallest in each window: minima of twice as many each time, the index in the lower bits."""
    import numpy as np

    index = np.arange(len(hashes), dtype=np.uint64)
    lower = np.uint64((1 << (64 - HASH_BITS)) - 1)
    least = (hashes << np.uint64(64 - HASH_BITS)) | (lower - index)  # so that the last of equal ones is the smallest
    have = 1
    while have < window:
        step = min(have, window - have)
        least = np.minimum(least[:-step], least[step:])
        have += step
    return (lower - (least & lower)).astype(np.int64)


@lru_cache(maxsize=1)
def _word_characters() -> NDArray[np.bool_]:
    """Of each character whether words are made of it; looked up at once for a whole text."""
    import numpy as np

    table = np.zeros(MAX_CODE_POINT, bool)
    for run in _RUN.finditer("".join(map(chr, range(MAX_CODE_POINT - 1)))):
        table[run.start() : run.end()] = True
    return table


@lru_cache(maxsize=1)
def _powers(count: int) -> tuple[Numbers, Numbers]:
    """The first powers of the step from one character to the next, and of its inverse."""
    import numpy as np

    ones = np.ones(1, np.uint64)
    return tuple(  # type: ignore[return-value]
        np.concatenate([ones, np.cumprod(np.full(count - 1, step, np.uint64))]) for step in (_LETTER, _INVERSE)
    )

"""Tells talk that returns in other episodes of a feed by a few hundred numbers (Schleimer, Wilkerson, Aiken, 2003).

Every eight words in a row are hashed, and of the hashes within a window only the smallest is kept: two transcripts
that share a passage longer than window and shingle share a number. At both ends of an episode, where what is repeated
mostly stands, the window is small. The smallest of a large window is also that of each small one around it, so what
moves from the end to the middle still matches.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from xxhash import xxh3_64_intdigest

from pipeline.model import Transcript

WORDS = 8  # in a shingle
EDGE = 500  # words at either end
NEAR, FAR = 12, 40  # shingles in a window, at the ends and between them
BITS = 40  # of a hash: enough for thousands of episodes of a feed, in five bytes
OTHERS = 3  # other episodes of the feed that have to hold a shingle before it counts as repeated
ENOUGH = 3  # shingles in a row that return make a passage
MAY_MISS = 1  # between them: a number that is said differently each time
MOST = 200_000  # words are looked at, twenty hours of talk: what is longer is no episode

_STEP = 0x9E3779B97F4A7C15
_MIX = 0xD6E8FEB86659FD93
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def shingles(transcript: Transcript) -> array[int]:
    """The numbers that stand for this talk, ascending, each once; equal for equal words whatever the segments."""
    words = islice(_WORD.finditer(transcript.text.replace("’", "'")), MOST)
    hashes = every([_hash(match[0]) for match in words])
    return array("Q", sorted({value for _, value in winnowed(hashes)}))


def repeated_spans(text: str, repeated: Collection[int]) -> Iterator[tuple[int, int, int, int]]:
    """(start, end, shingles that return, shingles in all) of the passages that are in ``repeated``."""
    known = repeated if isinstance(repeated, (set, frozenset)) else frozenset(repeated)
    spans, hashes = _words(text)
    run: list[int] = []  # words at which a shingle begins that returns
    total = missed = 0
    for at, value in [*winnowed(hashes), (-1, -1)]:
        if at >= 0 and value in known:
            total += missed + 1 if run else 1
            missed = 0
            run.append(at)
        elif run:
            missed += 1
            if at < 0 or missed > MAY_MISS:
                if len(run) >= ENOUGH:
                    yield spans[run[0]][0], spans[run[-1] + WORDS - 1][1], len(run), total
                run, total, missed = [], 0, 0


def every(words: Sequence[int]) -> list[int]:
    """The hash of each shingle: a polynomial over the hashes of its words, modulo 2**64."""
    import numpy as np  # 0.1 s, for whoever looks at repetition only

    count = len(words) - WORDS + 1
    if count < 1:
        return []
    hashes = np.fromiter(words, np.uint64, len(words))
    values = np.zeros(count, np.uint64)
    for k in range(WORDS):
        values = values * np.uint64(_STEP) + hashes[k : k + count]
    # The upper bits of a product: the lower ones of the polynomial depend on few words.
    values = (values ^ (values >> np.uint64(32))) * np.uint64(_MIX)
    mixed: list[int] = (values >> np.uint64(64 - BITS)).tolist()
    return mixed


def winnowed(hashes: Sequence[int]) -> list[tuple[int, int]]:
    """(index, hash) of those that are the smallest of some window around them; the last one when several are."""
    import numpy as np
    from numpy.lib.stride_tricks import sliding_window_view

    values = np.fromiter(hashes, np.uint64, len(hashes))
    edge = min(EDGE, len(hashes))
    back = max(edge, len(hashes) - EDGE)
    kept: set[int] = set()
    for start, stop, window in ((0, edge, NEAR), (edge, back, FAR), (back, len(hashes), NEAR)):
        if start == stop:
            continue
        windows = sliding_window_view(values[start:stop], min(window, stop - start))
        last = windows.shape[1] - 1 - windows[:, ::-1].argmin(axis=1)
        kept.update((start + np.arange(len(windows)) + last).tolist())
    return [(i, hashes[i]) for i in sorted(kept)]


def _words(text: str) -> tuple[list[tuple[int, int]], list[int]]:
    """Where each word stands, and the hashes of the shingles."""
    spans: list[tuple[int, int]] = []
    words: list[int] = []
    for match in islice(_WORD.finditer(text.replace("’", "'")), MOST):
        spans.append(match.span())
        words.append(_hash(match[0]))
    return spans, every(words)


@lru_cache(maxsize=1 << 15)
def _hash(word: str) -> int:
    return xxh3_64_intdigest(word.lower().encode("utf-8", "surrogatepass"))

"""What stands near what: pure functions over sorted lists of spans, each linear in what was found.

The shortest spans that satisfy a clause are its finds (Clarke, Cormack, Burkowski: An Algebra for Structured Text
Search, 1995), so a common word does not multiply them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

# Half-open, in characters of the normalised text, and how it was found: an index into `hows`, 0: exactly.
Span = tuple[int, int, int]
Spans = list[Span]


def near_intervals(left: Spans, right: Spans, words: int, ordered: bool, word_of: Callable[[int], int]) -> Spans:
    """The shortest spans of a left and a right one with at most ``words`` words between them."""
    found = _followed(left, right, words, word_of)
    if not ordered:
        found += _followed(right, left, words, word_of)
    return minimal_intervals(found)


def _followed(first: Spans, second: Spans, words: int, word_of: Callable[[int], int]) -> Spans:
    found: Spans = []
    waiting = sorted(first, key=lambda s: s[1])
    i, best = 0, None
    for b in sorted(second):
        while i < len(waiting) and waiting[i][1] <= b[0]:
            if best is None or waiting[i][0] >= best[0]:
                best = waiting[i]
            i += 1
        if best is not None and word_of(b[0]) - word_of(best[1] - 1) - 1 <= words:
            found.append((best[0], b[1], max(best[2], b[2])))
    return found


def not_near_intervals(left: Spans, right: Spans, words: int, word_of: Callable[[int], int]) -> Spans:
    """The left ones that have no right one within ``words`` words, and share no letter with one."""
    kept: Spans = []
    others = sorted(right)
    ends = _running_max([b[1] for b in others])
    starts = [b[0] for b in others]
    for a in left:
        after = bisect_left(starts, a[0])
        if after < len(others) and word_of(others[after][0]) - word_of(a[1] - 1) - 1 <= words:
            continue
        if after and word_of(a[0]) - word_of(ends[after - 1] - 1) - 1 <= words:
            continue
        kept.append(a)
    return kept


def covering_intervals(lists: Sequence[Spans], fits: Callable[[int, int], bool]) -> Spans:
    """The shortest spans that hold one of each list, of those for which fits(start, end)."""
    events = sorted((*span, i) for i, spans in enumerate(lists) for span in spans)
    last: list[tuple[int, int, int, int] | None] = [None] * len(lists)
    found: Spans = []
    for event in events:
        last[event[3]] = event
        held = [e for e in last if e is not None]
        if len(held) < len(lists):
            continue
        start, end = min(e[0] for e in held), max(e[1] for e in held)
        if fits(start, end):
            found.append((start, end, max(e[2] for e in held)))
    return minimal_intervals(found)


def minimal_intervals(spans: Iterable[Span]) -> Spans:
    """Without those that hold another; in the order of the text."""
    kept: Spans = []
    limit: int | None = None
    for span in sorted(spans, key=lambda s: (-s[0], s[1], s[2])):
        if limit is None or span[1] < limit:
            kept.append(span)
            limit = span[1]
    kept.reverse()
    return kept


def longest_intervals(spans: Iterable[Span]) -> Spans:
    """Of those that overlap, the longest, and the first of two of a length: Keith Kellogg, not also Kellogg."""
    kept: Spans = []
    for span in sorted(spans, key=lambda s: (s[0] - s[1], s[0], s[2])):
        at = bisect_left(kept, span)
        if (at and kept[at - 1][1] > span[0]) or (at < len(kept) and kept[at][0] < span[1]):
            continue
        kept.insert(at, span)
    return kept


def intervals_within(spans: Spans, regions: Sequence[tuple[int, int]]) -> Spans:
    """The spans that begin in one of the regions (sorted, apart from one another)."""
    starts = [r[0] for r in regions]
    kept: Spans = []
    for span in spans:
        at = bisect_left(starts, span[0] + 1) - 1
        if at >= 0 and span[0] < regions[at][1]:
            kept.append(span)
    return kept


def _running_max(values: Sequence[int]) -> list[int]:
    out: list[int] = []
    for value in values:
        out.append(value if not out or value > out[-1] else out[-1])
    return out

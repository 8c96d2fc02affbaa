"""Proximity of matches: pure functions over lists of spans, each linear (times a sort) in the number of spans.

Of the spans that satisfy a clause only the minimal ones count, those that contain no other (Clarke, Cormack,
Burkowski: An Algebra for Structured Text Search, 1995), so a frequent word does not multiply the matches.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

# (start, end, detail): half-open, in characters of the normalised text; detail says how it was found, an index into
# EvaluationContext.details, of which 0 is an exact match.
Span = tuple[int, int, int]
Spans = list[Span]


def near_intervals(left: Spans, right: Spans, words: int, ordered: bool, word_at: Callable[[int], int]) -> Spans:
    """The minimal spans of a left and a right one with at most ``words`` words between them.

    word_at: the number of the word at an offset, ascending.
    """
    found = _followed_within(left, right, words, word_at)
    if not ordered:
        found += _followed_within(right, left, words, word_at)
    return minimal_intervals(found)


def _followed_within(first: Spans, second: Spans, words: int, word_at: Callable[[int], int]) -> Spans:
    """Each second span, joined with the latest first one that ends before it, if that is near enough."""
    found: Spans = []
    by_end = sorted(first, key=lambda s: s[1])
    i, latest = 0, None
    for span in sorted(second):
        while i < len(by_end) and by_end[i][1] <= span[0]:
            if latest is None or by_end[i][0] >= latest[0]:
                latest = by_end[i]
            i += 1
        if latest is not None and word_at(span[0]) - word_at(latest[1] - 1) - 1 <= words:
            found.append((latest[0], span[1], max(latest[2], span[2])))
    return found


def not_near_intervals(left: Spans, right: Spans, words: int, word_at: Callable[[int], int]) -> Spans:
    """The left spans that overlap no right one and have none within ``words`` words."""
    others = sorted(right)
    starts = [start for start, _, _ in others]
    ends = list(accumulate((end for _, end, _ in others), max))
    apart: Spans = []
    for span in left:
        after = bisect_left(starts, span[0])
        if after < len(others) and word_at(starts[after]) - word_at(span[1] - 1) - 1 <= words:
            continue
        if after and word_at(span[0]) - word_at(ends[after - 1] - 1) - 1 <= words:
            continue
        apart.append(span)
    return apart


def covering_intervals(lists: Sequence[Spans], fits: Callable[[int, int], bool]) -> Spans:
    """The minimal spans that hold one of each list, of those for which fits(start, end)."""
    events = sorted((*span, i) for i, spans in enumerate(lists) for span in spans)
    latest: dict[int, tuple[int, int, int, int]] = {}  # the last span seen of each list
    found: Spans = []
    for event in events:
        latest[event[3]] = event
        if len(latest) < len(lists):
            continue
        start, end = min(e[0] for e in latest.values()), max(e[1] for e in latest.values())
        if fits(start, end):
            found.append((start, end, max(e[2] for e in latest.values())))
    return minimal_intervals(found)


def minimal_intervals(spans: Iterable[Span]) -> Spans:
    """The spans that contain no other, in the order of the text."""
    minimal: Spans = []
    for span in sorted(spans, key=lambda s: (-s[0], s[1], s[2])):
        if not minimal or span[1] < minimal[-1][1]:
            minimal.append(span)
    minimal.reverse()
    return minimal


def longest_intervals(spans: Iterable[Span]) -> Spans:
    """Of spans that overlap the longest, and the first of two of one length: Keith Kellogg, not also Kellogg."""
    longest: Spans = []
    for span in sorted(spans, key=lambda s: (s[0] - s[1], s[0], s[2])):
        at = bisect_left(longest, span)
        if (at and longest[at - 1][1] > span[0]) or (at < len(longest) and longest[at][0] < span[1]):
            continue
        longest.insert(at, span)
    return longest


def intervals_within(spans: Spans, regions: Sequence[tuple[int, int]]) -> Spans:
    """The spans that begin in one of the regions (sorted, disjoint)."""
    starts = [start for start, _ in regions]
    inside: Spans = []
    for span in spans:
        at = bisect_left(starts, span[0] + 1) - 1
        if at >= 0 and span[0] < regions[at][1]:
            inside.append(span)
    return inside

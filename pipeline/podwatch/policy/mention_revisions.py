"""Decides which mentions of a corrected transcript were there before, and which are gone. Pure.

A mention that is still there keeps its row, and with it the answers that people gave; its position may have moved.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """What two mentions are compared by: the watch, the span in the text, the words and the sentence around them."""

    watch: int
    start: int
    end: int
    surface: str
    snippet: str


@dataclass(frozen=True, slots=True)
class MentionDiff:
    """same: (index of the old, index of the new) of one mention; gone: old ones; fresh: new ones."""

    same: tuple[tuple[int, int], ...]
    gone: tuple[int, ...]
    fresh: tuple[int, ...]


def diff_mentions(old: Sequence[Place], new: Sequence[Place], *, same_text: bool) -> MentionDiff:
    """Matches the mentions found now with those found before.

    same_text: both were found in the same revision of the transcript, so only the same span is the same mention.
    Otherwise the same words in the same sentence are, and of the rest the same words in their order.
    """
    identities: list[Callable[[Place], Hashable]] = [lambda p: (p.watch, p.start, p.end, p.surface)]
    if not same_text:
        identities = [lambda p: (p.watch, p.surface, p.snippet), lambda p: (p.watch, p.surface)]
    left_old, left_new = list(range(len(old))), list(range(len(new)))
    same: list[tuple[int, int]] = []
    for identity in identities:
        unmatched: dict[Hashable, deque[int]] = defaultdict(deque)
        for i in left_old:
            unmatched[identity(old[i])].append(i)
        pairs = [(unmatched[identity(new[j])].popleft(), j) for j in left_new if unmatched[identity(new[j])]]
        same += pairs
        matched_old, matched_new = {i for i, _ in pairs}, {j for _, j in pairs}
        left_old = [i for i in left_old if i not in matched_old]
        left_new = [j for j in left_new if j not in matched_new]
    return MentionDiff(tuple(sorted(same)), tuple(left_old), tuple(left_new))

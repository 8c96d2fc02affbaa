"""Decides which mentions of a corrected transcript are those that were there before, and which are gone. Pure.

A mention that is still said keeps its row, and with it what people did about it; where it stands may have moved.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A mention as it is laid beside another: whose it is, where, and the sentence it stands in."""

    watch: int
    start: int
    end: int
    surface: str
    snippet: str


@dataclass(frozen=True, slots=True)
class MentionDiff:
    """kept: (index of the old, index of the new) of the same mention; gone: old ones; fresh: new ones."""

    same: tuple[tuple[int, int], ...]
    gone: tuple[int, ...]
    fresh: tuple[int, ...]


def diff_mentions(old: Sequence[Place], new: Sequence[Place], *, same_text: bool) -> MentionDiff:
    """Lays what is found now beside what was found before.

    same_text: both were found in the same revision of the transcript, so only the same place is the same mention.
    Else the same words in the same sentence are, and after them the same words in their order.
    """
    ways: list[Callable[[Place], Hashable]] = [lambda p: (p.watch, p.start, p.end, p.surface)]
    if not same_text:
        ways = [lambda p: (p.watch, p.surface, p.snippet), lambda p: (p.watch, p.surface)]
    left_old, left_new = list(range(len(old))), list(range(len(new)))
    kept: list[tuple[int, int]] = []
    for way in ways:
        waiting: dict[Hashable, deque[int]] = defaultdict(deque)
        for i in left_old:
            waiting[way(old[i])].append(i)
        pairs = [(waiting[way(new[j])].popleft(), j) for j in left_new if waiting[way(new[j])]]
        kept += pairs
        taken_old, taken_new = {i for i, _ in pairs}, {j for _, j in pairs}
        left_old = [i for i in left_old if i not in taken_old]
        left_new = [j for j in left_new if j not in taken_new]
    return MentionDiff(tuple(sorted(kept)), tuple(left_old), tuple(left_new))

"""Decides which mentions of a corrected transcript were there before, and which are gone. Pure.

A mention that is still there keeps its row, and with it the answers that people gave; its position may have moved.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

COMPARED = 20  # sentences with the same words that are compared with a new one
TELLING = 3  # words beside the mention's own; fewer tell no sentence from another
_WORD = re.compile(r"\w+")


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


def diff_mentions(
    old: Sequence[Place], new: Sequence[Place], *, same_text: bool, any_sentence: bool = False
) -> MentionDiff:
    """Matches the mentions found now with those found before.

    same_text: both were found in the same revision of the transcript, so only the same span is the same mention.
    Otherwise the same words in the same sentence are, and of the rest the same words in their order in a sentence that
    was corrected (any_sentence: in any): a sentence that is gone is not the one that came.
    """
    identities: list[Callable[[Place], Hashable]] = [lambda p: (p.watch, p.start, p.end, p.surface)]
    if not same_text:
        identities = [lambda p: (p.watch, p.surface, p.snippet), lambda p: (p.watch, p.surface)]
    fits = [_always, _always if any_sentence else _is_corrected]
    left_old, left_new = list(range(len(old))), list(range(len(new)))
    same: list[tuple[int, int]] = []
    for identity, fit in zip(identities, fits, strict=False):
        unmatched: dict[Hashable, list[int]] = defaultdict(list)
        for i in left_old:
            unmatched[identity(old[i])].append(i)
        pairs: list[tuple[int, int]] = []
        for j in left_new:
            there = unmatched[identity(new[j])]
            at = next((k for k, i in enumerate(there[:COMPARED]) if fit(old[i], new[j])), None)
            if at is not None:
                pairs.append((there.pop(at), j))
        same += pairs
        matched_old, matched_new = {i for i, _ in pairs}, {j for _, j in pairs}
        left_old = [i for i in left_old if i not in matched_old]
        left_new = [j for j in left_new if j not in matched_new]
    return MentionDiff(tuple(sorted(same)), tuple(left_old), tuple(left_new))


def _always(old: Place, new: Place) -> bool:
    return True


def _is_corrected(old: Place, new: Place) -> bool:
    """Whether the new sentence may be a correction of the old: they share half of the words of the shorter one.

    The mention's own words do not count; where there are hardly others nothing speaks against it.
    """
    own = set(_WORD.findall(old.surface.casefold()))
    a, b = ({*_WORD.findall(p.snippet.casefold())} - own for p in (old, new))
    shorter = min(len(a), len(b))
    return shorter < TELLING or 2 * len(a & b) >= shorter

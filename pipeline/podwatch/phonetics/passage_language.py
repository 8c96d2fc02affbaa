"""Finds the passages of a transcript that are not English: there a name by its sound must be nearly right.

Speech recognition writes music and noise down as words of other languages (Whisper's "Welsh"), pages of which are near
to any name; and what the score says was learned from English talk. A passage is English where everyday English words
are frequent: in talk nine words of ten are, in passages that are nothing but names half, in other languages one of six.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.lexicon import EVERYDAY, Entry
from podwatch.phonetics.tokenizer import Tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]

WINDOW = 20  # words on one side of a place that are looked at
MIN_SHARE = 0.35  # of everyday words, on both sides
MIN_LETTERS = 2  # single letters are everyday words of any language
NEAR_COST = 0.6  # nats per symbol: nearly right


def find_foreign_words(tokens: Tokens, entries: Mapping[str, Entry]) -> Flags:
    """A flag for each word of a text: whether it stands in a passage that is not English."""
    import numpy as np

    everyday = {w for w, (_, flags, _) in entries.items() if flags & EVERYDAY and len(w) >= MIN_LETTERS}
    ignored = {w for w in entries if 0 < len(w) < MIN_LETTERS}
    n = len(tokens.plain)
    is_known = np.fromiter(map(everyday.__contains__, tokens.plain), dtype=bool, count=n)
    is_counted = ~np.fromiter(map(ignored.__contains__, tokens.plain), dtype=bool, count=n)
    known, total = (np.concatenate(([0], np.cumsum(values))) for values in (is_known, is_counted))
    at = np.arange(len(is_counted))
    foreign: Flags = np.zeros(len(is_counted), dtype=bool)
    for before, behind in ((WINDOW, 0), (0, WINDOW)):  # either side: a passage has a first word and a last one
        begin, end = np.maximum(at - before, 0), np.minimum(at + behind + 1, len(is_counted))
        is_long = end - begin > WINDOW // 2
        foreign |= is_long & ((known[end] - known[begin]) < MIN_SHARE * (total[end] - total[begin]))
    return foreign


def is_nearly_right(candidate: Candidate, context: TextContext) -> bool:
    """Whether it is near enough to be the name whatever language is spoken around it."""
    tokens = context.tokens
    if candidate.cost > NEAR_COST or (candidate.given_cost or 0.0) > NEAR_COST:
        return False
    has_first_name = candidate.given_cost is not None
    is_name = not tokens.has_case or all(tokens.is_capitalised[i] for i in candidate.positions)
    return is_name and (has_first_name or len(candidate.positions) == 1)

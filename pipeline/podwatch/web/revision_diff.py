"""What changed between two revisions of a transcript, sentence by sentence. Pure.

By sentences and not by segments, since what podwatch has heard itself is cut otherwise than what is published later.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_END = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|(?<=[。！？])")
_WORD = re.compile(r"\w+")
MOST_SENTENCES = 12_000  # of one revision: four hours of talk
MOST_CHANGES = 500  # shown
LONGEST = 1_000  # characters of one side of a change


@dataclass(frozen=True, slots=True)
class SentenceChange:
    """before, after: the sentences on either side, "" for none; segment: of the present transcript where it is."""

    before: str
    after: str
    segment: int


@dataclass(frozen=True, slots=True)
class RevisionDiff:
    """same: sentences that are in both; left: changes that are not shown; is_cut: the texts were too long for all."""

    changes: tuple[SentenceChange, ...]
    same: int
    left: int = 0
    is_cut: bool = False


def diff_revisions(before: Sequence[str], after: Sequence[str]) -> RevisionDiff:
    """before, after: the texts of the segments. Sentences of the same words are the same, however they are written."""
    old, _ = _sentences(before)
    new, segments = _sentences(after)
    is_cut = len(old) > MOST_SENTENCES or len(new) > MOST_SENTENCES
    old, new = old[:MOST_SENTENCES], new[:MOST_SENTENCES]
    matcher = SequenceMatcher(None, [_key(s) for s in old], [_key(s) for s in new], autojunk=False)
    changes, same = [], 0
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            same += b - a
            continue
        at = segments[c] if c < len(new) else len(after) - 1
        changes.append(SentenceChange(" ".join(old[a:b])[:LONGEST], " ".join(new[c:d])[:LONGEST], max(0, at)))
    return RevisionDiff(tuple(changes[:MOST_CHANGES]), same, max(0, len(changes) - MOST_CHANGES), is_cut)


def _sentences(segments: Sequence[str]) -> tuple[list[str], list[int]]:
    """The sentences, and for each the segment in which it begins."""
    offsets, length = [], 0
    for text in segments:
        offsets.append(length)
        length += len(text) + 1
    whole = " ".join(segments)
    found, places, start = [], [], 0
    for end in (*(m.end() for m in _END.finditer(whole)), len(whole)):
        sentence = whole[start:end].strip()
        if _WORD.search(sentence):
            found.append(sentence)
            places.append(max(0, bisect_right(offsets, start) - 1))
        start = end
    return found, places


def _key(sentence: str) -> str:
    return " ".join(_WORD.findall(sentence.casefold()))

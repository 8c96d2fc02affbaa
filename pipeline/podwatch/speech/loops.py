"""Cuts the loops of a recogniser that is stuck: the same words again and again, in segment after segment or in one.

Of a loop its first round is kept, so that what was really said is found once, and counted once. Published transcripts
lose theirs where they are read (transcripts/formats/rolling_captions.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from podwatch.model import RecognisedSegment, RecognisedWord

MIN_ROUNDS = 5  # of several words, or of whole segments: people do not say the same so often
MIN_ROUNDS_OF_ONE = 10  # of a single word: "no, no, no, no, no, no" is talk
MAX_PERIOD = 3  # segments of a round
MAX_WORDS = 24  # of a round within a segment


@dataclass(frozen=True, slots=True)
class Loop:
    """What is said again. start, end: seconds of what is cut. rounds: how often it came. text: of one round."""

    start: float
    end: float
    rounds: int
    text: str


def cut_loops(segments: Sequence[RecognisedSegment]) -> list[RecognisedSegment]:
    """The segments without the further rounds of loops."""
    return separate_loops(segments)[0]


def separate_loops(segments: Sequence[RecognisedSegment]) -> tuple[list[RecognisedSegment], list[Loop]]:
    """(the segments without further rounds of loops, those loops)"""
    loops: list[Loop] = []
    inner = [_cut_within(s, loops) for s in segments]
    keys = [tuple(_fold(word) for word in s.text.split()) for s in inner]
    kept: list[RecognisedSegment] = []
    i = 0
    while i < len(inner):
        end, period = i, 1
        if keys[i]:
            end, period = max((_loop_end(keys, inner, i, period), -period) for period in range(1, MAX_PERIOD + 1))
            period = -period
        rounds = (end - i) // period
        if rounds < MIN_ROUNDS:
            kept.append(inner[i])
            i += 1
            continue
        kept.extend(inner[i : i + period])
        text = " ".join(s.text.strip() for s in inner[i : i + period])
        loops.append(Loop(inner[i + period].start, inner[end - 1].end, rounds, text))
        i = end
    return kept, sorted(loops, key=lambda loop: loop.start)


def _loop_end(keys: list[tuple[str, ...]], segments: list[RecognisedSegment], first: int, period: int) -> int:
    """Where the whole rounds of a loop that begins at ``first`` end."""
    end = first + period
    while end < len(keys) and keys[end] == keys[end - period] and keys[end]:
        if segments[end].speaker != segments[end - period].speaker:
            break
        end += 1
    return first + (end - first) // period * period


def _cut_within(segment: RecognisedSegment, loops: list[Loop]) -> RecognisedSegment:
    """The segment without the further rounds of a loop in it, which are added to ``loops``."""
    spoken = segment.text.split()
    if len(spoken) < MIN_ROUNDS_OF_ONE:
        return segment
    folded = [_fold(word) for word in spoken]
    kept, at, cut = list[int](), 0, False
    while at < len(folded):
        size, rounds = _rounds_at(folded, at)
        if not size:
            kept.append(at)
            at += 1
            continue
        kept.extend(range(at, at + size))
        words = segment.words if len(segment.words) == len(spoken) else ()
        start = words[at + size].start if words else segment.start
        end = words[at + size * rounds - 1].end if words else segment.end
        loops.append(Loop(start, end, rounds, " ".join(spoken[at : at + size])))
        at, cut = at + size * rounds, True
    return _keep(segment, spoken, kept) if cut else segment


def _rounds_at(words: list[str], at: int) -> tuple[int, int]:
    """(words of a round, rounds) of a loop that begins at a word; (0, 0) when none does."""
    for size in range(1, min(MAX_WORDS, (len(words) - at) // MIN_ROUNDS) + 1):
        if words[at] != words[at + size]:
            continue
        rounds = 1
        while words[at + rounds * size : at + (rounds + 1) * size] == words[at : at + size]:
            rounds += 1
        if rounds >= (MIN_ROUNDS_OF_ONE if size == 1 else MIN_ROUNDS) and any(words[at : at + size]):
            return size, rounds
    return 0, 0


def _keep(segment: RecognisedSegment, spoken: list[str], kept: list[int]) -> RecognisedSegment:
    """The segment with some of its words. The words with times are kept where there is one for each."""
    words: tuple[RecognisedWord, ...] = ()
    if len(segment.words) == len(spoken):
        words = tuple(segment.words[i] for i in kept)
    return replace(segment, text=" ".join(spoken[i] for i in kept), words=words)


def _fold(word: str) -> str:
    """A word as it is compared: small letters, without punctuation; the word itself when there is nothing else."""
    return "".join(c for c in word.lower() if c.isalnum())

"""Removes the repetitions that captioning and recognisers make: captions that roll, and Whisper's loops.

Captions that roll repeat what the cue before showed: lines that scroll, a line that grows, or, where the lines of a cue
were joined, words at its beginning that end the one before. A file is treated so only where most neighbouring cues do
it, since people do repeat themselves.

A loop is one segment, or two or three in turn, that come MIN_LOOP times or more without anything between: a recogniser
that is stuck. Its first round is kept. Nothing else that is said twice is touched, not within a segment either.
"""

from __future__ import annotations

from itertools import pairwise
from operator import eq

from podwatch.transcripts.formats.segment_columns import Columns, TimedWords

SAMPLE_CUES = 400
MIN_SHARE = 0.4  # of neighbouring cues that repeat lines
MIN_SHARE_OF_WORDS = 0.6  # of neighbouring cues that repeat words
MIN_REPEATS = 2  # of neighbouring cues: one alone may be somebody who says it again
MIN_WORDS = 2  # that end a cue and begin the next: one alone may be chance
MAX_LINES = 8  # of a cue
MAX_OVERLAP = 60  # words
MIN_LOOP, MAX_PERIOD = 5, 3  # rounds, segments of a round
MIN_STEP = 1.0  # seconds from one to the next when it has one word: single words with times come faster


def unroll_captions(columns: Columns) -> Columns:
    """The columns with each line once, where it was first shown."""
    if not _has_lines(columns.texts) and _repeats_words(columns.texts):
        _unroll_words(columns)
    elif _is_rolling(columns.texts):
        _unroll_lines(columns)
    return columns


def _has_lines(texts: list[str]) -> bool:
    """Whether it is worth comparing lines: more than one cue in ten has several."""
    sample = texts[:SAMPLE_CUES]
    return sum("\n" in text.strip() for text in sample) * 10 > len(sample)


def _unroll_lines(columns: Columns) -> None:
    shown: list[str] = []
    for i, text in enumerate(columns.texts):
        lines = _lines(text)
        new = lines[_count_repeated(shown, lines) :]
        if new and shown and new == lines and len(new[0]) > len(shown[-1]) and new[0].startswith(shown[-1]):
            new = [new[0][len(shown[-1]) :], *new[1:]]
        if new != lines and i in columns.words:  # its first timed word stood behind the line that is removed
            (first, at), *rest = columns.words[i]
            columns.words[i] = [(first.rpartition("\n")[2], at), *rest]
        columns.texts[i] = "\n".join(new)
        shown = lines or shown


def _is_rolling(texts: list[str]) -> bool:
    pairs = repeats = 0
    before: list[str] = []
    for text in texts[:SAMPLE_CUES]:
        lines = _lines(text)
        if before and lines:
            pairs += 1
            scrolled = lines[0] in before and (len(lines) > 1 or len(before) > 1)
            repeats += scrolled or (len(lines[-1]) > len(before[-1]) > 2 and lines[-1].startswith(before[-1]))
        before = lines or before
    return repeats >= MIN_REPEATS and repeats >= MIN_SHARE * pairs


def _count_repeated(shown: list[str], lines: list[str]) -> int:
    """How many of the first lines are the last ones shown."""
    return next((n for n in range(min(len(shown), len(lines)), 0, -1) if shown[-n:] == lines[:n]), 0)


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.split("\n") if line and not line.isspace()][-MAX_LINES:]


def _repeats_words(texts: list[str]) -> bool:
    """Whether cues begin with the words that end the one before; equal cues are no evidence, they may be a loop."""
    pairs = repeats = 0
    words = [text.split() for text in texts[:SAMPLE_CUES]]
    for before, after in pairwise([w for w in words if w]):
        if before != after:
            pairs += 1
            repeats += _overlap(before, after) >= MIN_WORDS
    return repeats >= MIN_REPEATS and repeats >= MIN_SHARE_OF_WORDS * pairs


def _overlap(shown: list[str], words: list[str]) -> int:
    """How many words begin a cue that end the one before: MIN_WORDS or more, or all of one of the two."""
    if not words or words[0] not in shown:
        return 0
    for n in range(min(len(shown), len(words), MAX_OVERLAP), 0, -1):
        if shown[-n] == words[0] and shown[-n:] == words[:n]:
            return n if n >= MIN_WORDS or n in (len(shown), len(words)) else 0
    return 0


def _unroll_words(columns: Columns) -> None:
    shown: list[str] = []
    for i, text in enumerate(columns.texts):
        words = text.split()
        repeated = _overlap(shown, words)
        if repeated:
            columns.texts[i] = " ".join(words[repeated:])
            if i in columns.words:
                columns.words[i] = _timed_after(columns.words[i], repeated)
        shown = words or shown


def _timed_after(timed: TimedWords, count: int) -> list[tuple[str, float]]:
    """The timed words behind the first ``count`` words."""
    kept: list[tuple[str, float]] = []
    before = 0
    for word, second in timed:
        if before >= count:
            kept.append((word, second))
        before += len(word.split())
    return kept


def cut_loops(columns: Columns) -> Columns:
    """The columns without the further rounds of loops: their texts are empty."""
    texts = columns.texts
    periods = [p for p in range(1, MAX_PERIOD + 1) if _may_loop(texts, p)]
    i = 0
    while periods and i < len(texts):
        for period in periods:
            end = _loop_end(columns, i, period)
            if end - i >= MIN_LOOP * period:
                for k in range(i + period, end):
                    texts[k] = ""
                    columns.words.pop(k, None)
                i = end - 1
                break
        i += 1
    return columns


def _may_loop(texts: list[str], period: int) -> bool:
    """Whether any text is that of the round before, of as few pairs as cannot miss a loop."""
    stride = (MIN_LOOP - 1) * period
    return any(map(eq, texts[::stride], texts[period::stride]))


def _loop_end(columns: Columns, first: int, period: int) -> int:
    """Where the rounds of a loop that begins here end; ``first`` when there is none."""
    texts, starts, speakers = columns.texts, columns.starts, columns.speakers
    end = first + period
    if end >= len(texts) or texts[end] != texts[first] or not texts[first]:
        return first
    while (
        end < len(texts)
        and texts[end] == texts[end - period]
        and speakers[end] == speakers[end - period]
        and starts[end] - starts[end - period] >= (0.0 if " " in texts[end].strip() else MIN_STEP)
    ):
        end += 1
    return first + (end - first) // period * period

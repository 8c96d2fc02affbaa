"""Removes the repetitions of rolling captions, as YouTube and live captioning make them.

Each cue repeats what the one before it showed, in one of two ways: lines that scroll (the first lines of a cue are the
last ones of the cue before) or a line that grows. A file is treated so only where most neighbouring cues do it, since
people do repeat themselves.
"""

from __future__ import annotations

from podwatch.transcripts.formats.segment_columns import Columns

SAMPLE_CUES = 400
MIN_SHARE = 0.4  # of neighbouring cues that repeat each other
MAX_LINES = 8  # of a cue


def unroll_captions(columns: Columns) -> Columns:
    """The columns with each line once, where it was first shown."""
    if not _is_rolling(columns.texts):
        return columns
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
    return columns


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
    return pairs > 1 and repeats >= MIN_SHARE * pairs


def _count_repeated(shown: list[str], lines: list[str]) -> int:
    """How many of the first lines are the last ones shown."""
    return next((n for n in range(min(len(shown), len(lines)), 0, -1) if shown[-n:] == lines[:n]), 0)


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.split("\n") if line and not line.isspace()][-MAX_LINES:]

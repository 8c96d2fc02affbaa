"""Rolling captions, as YouTube and live captioning make them: each cue repeats what the one before it showed.

Two kinds: lines that scroll (the first lines of a cue are the last ones of the cue before) and a line that grows.
A file is treated so only where most neighbouring cues do it, since people do repeat themselves.
"""

from __future__ import annotations

from itertools import pairwise

from podwatch.transcripts.formats.segment_columns import Columns

SAMPLE_CUES = 400
MIN_SHARE = 0.4


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
        if new != lines and i in columns.words:  # its first timed word came with the line that is gone
            (first, at), *rest = columns.words[i]
            columns.words[i] = [(first.rpartition("\n")[2], at), *rest]
        columns.texts[i] = "\n".join(new)
        shown = lines or shown
    return columns


def _is_rolling(texts: list[str]) -> bool:
    sample = [t for t in texts[:SAMPLE_CUES] if t and not t.isspace()]
    if "\n" not in "".join(sample):  # a line that grows is all that there could be
        alike = sum(b.startswith(a[:3]) for a, b in pairwise(sample))
        if alike < MIN_SHARE * (len(sample) - 1):
            return False
    pairs = hits = 0
    before: list[str] = []
    for text in texts[:SAMPLE_CUES]:
        lines = _lines(text)
        if before and lines:
            pairs += 1
            scrolled = lines[0] in before and (len(lines) > 1 or len(before) > 1)
            hits += scrolled or (len(lines[-1]) > len(before[-1]) > 2 and lines[-1].startswith(before[-1]))
        before = lines or before
    return pairs > 1 and hits >= MIN_SHARE * pairs


def _count_repeated(shown: list[str], lines: list[str]) -> int:
    """How many of the first lines are the last ones shown."""
    for n in range(min(len(shown), len(lines)), 0, -1):
        if shown[-n:] == lines[:n]:
            return n
    return 0


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.split("\n") if line and not line.isspace()][-8:]

"""Builds mentions from spans: the segment, the second, the speaker, and a snippet, the sentence around the span."""

from __future__ import annotations

from podwatch.model import Mention, Transcript
from podwatch.query.context import MatchDetail

REACH = 160  # characters of a snippet on either side of its mention, at most
_STOPS = (". ", "? ", "! ")


class MentionBuilder:
    """Builds the mentions of one transcript, whose columns are read once."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript.with_columns_read()

    def build(self, watch: str, start: int, end: int, detail: MatchDetail) -> Mention:
        """The mention of [start, end), in characters of the stored text."""
        transcript = self._transcript
        index = transcript.index_at(start)
        seconds, is_exact = transcript.time_at(start)
        left, right = sentence_span(transcript.text, start, end)
        return Mention(
            watch=watch,
            kind=detail.kind,
            score=detail.score,
            surface=transcript.text[start:end],
            start=start,
            end=end,
            seconds=seconds,
            approximate=seconds == seconds and not is_exact,  # nan: not known at all
            segment=index,
            speaker=transcript.speakers[index],
            snippet=transcript.text[left:right],
            snippet_start=start - left,
            reason=detail.reason,
        )


def sentence_span(text: str, start: int, end: int) -> tuple[int, int]:
    """The half-open span of the sentence around [start, end), cut at a blank where it reaches further than REACH."""
    left = 2 + max(text.rfind(stop, max(0, start - REACH), start) for stop in _STOPS)
    if left < 2:
        left = word_start(text, start - REACH, start)
    right = end + REACH
    for stop in _STOPS:
        at = text.find(stop, end - 1, right)
        if at >= 0:
            right = at + 1
    if right == end + REACH:
        right = word_end(text, right, end)
    return left, max(right, end)


def word_start(text: str, at: int, limit: int) -> int:
    """Where the first whole word behind ``at`` begins, or ``at`` itself when there is none before ``limit``."""
    if at <= 0:
        return 0
    blank = text.find(" ", at, limit)
    return blank + 1 if blank >= 0 else at


def word_end(text: str, at: int, limit: int) -> int:
    """Where the last whole word before ``at`` ends, or ``at`` itself when there is none behind ``limit``."""
    if at >= len(text):
        return len(text)
    blank = text.rfind(" ", limit, at)
    return blank if blank > limit else at

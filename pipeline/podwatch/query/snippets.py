"""From a span of characters to a mention: the segment, the second, the speaker, and the sentence around it."""

from __future__ import annotations

from podwatch.model import Mention, Transcript
from podwatch.query.context import MatchDetail

REACH = 160  # characters of a snippet on either side of its mention, at most
_STOPS = (". ", "? ", "! ")


class MentionBuilder:
    """Makes the mentions of one transcript."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript.with_columns_read()

    def mention(self, watch: str, start: int, end: int, detail: MatchDetail) -> Mention:
        transcript = self._transcript
        index = transcript.index_at(start)
        seconds, exact = transcript.time_at(start)
        left, right = sentence_span(transcript.text, start, end)
        return Mention(
            watch=watch,
            kind=detail.kind,
            score=detail.score,
            surface=transcript.text[start:end],
            start=start,
            end=end,
            seconds=seconds,
            approximate=seconds == seconds and not exact,
            segment=index,
            speaker=transcript.speakers[index],
            snippet=transcript.text[left:right],
            snippet_start=start - left,
            reason=detail.reason,
        )


def sentence_span(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of the sentence around [start, end), cut at a blank when it reaches too far."""
    low = max(0, start - REACH)
    left = 2 + max(text.rfind(". ", low, start), text.rfind("? ", low, start), text.rfind("! ", low, start))
    if left < 2:
        left = _word_start(text, start - REACH, start)
    right = end + REACH
    for stop in _STOPS:
        at = text.find(stop, end - 1, right)
        if at >= 0:
            right = at + 1
    if right == end + REACH:
        right = _word_end(text, right, end)
    return left, max(right, end)


def _word_start(text: str, at: int, limit: int) -> int:
    if at <= 0:
        return 0
    blank = text.find(" ", at, limit)
    return blank + 1 if blank >= 0 else at


def _word_end(text: str, at: int, limit: int) -> int:
    if at >= len(text):
        return len(text)
    blank = text.rfind(" ", limit, at)
    return blank if blank > limit else at

"""From a span of characters to a mention: the segment, the second, the speaker, and the sentence around it."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.model import Kind, Mention, Transcript

REACH = 160  # characters of a snippet on either side of its mention, at most
_STOPS = ".?!"


def mention(
    transcript: Transcript, watch: str, start: int, end: int, kind: Kind, score: float, reason: str = ""
) -> Mention:
    index = transcript.index_at(start)
    seconds = transcript.seconds_at(start)
    left, right = sentence(transcript.text, start, end)
    return Mention(
        watch=watch,
        kind=kind,
        score=score,
        surface=transcript.text[start:end],
        start=start,
        end=end,
        seconds=seconds,
        approximate=seconds == seconds and not transcript.exact_at(start),
        segment=index,
        speaker=transcript.speakers[index],
        snippet=transcript.text[left:right],
        snippet_start=start - left,
        reason=reason,
    )


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of the sentence around [start, end), cut at a blank when it reaches too far."""
    left = max((text.rfind(f"{stop} ", max(0, start - REACH), start) + 2 for stop in _STOPS), default=0)
    if left < 2:
        left = _word_start(text, start - REACH, start)
    rights = [at + 1 for stop in _STOPS if (at := text.find(f"{stop} ", end - 1, end + REACH)) >= end - 1]
    right = min(rights) if rights else _word_end(text, end + REACH, end)
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


def longest(found: Iterable[Mention]) -> list[Mention]:
    """Of the mentions of one watch that overlap, only the longest: Keith Kellogg, not also Kellogg."""
    kept: list[Mention] = []
    for m in sorted(found, key=lambda m: (m.watch, m.start - m.end, m.start)):
        if not any(k.watch == m.watch and k.start < m.end and m.start < k.end for k in kept):
            kept.append(m)
    return kept

"""What a label is: a stretch of a transcript that is boilerplate, of one kind, with a score and a reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

MAX_PASSAGE_CHARACTERS = 2500  # characters, about three minutes: how long a stretch that is found by its wording may be


class Label(StrEnum):
    """What a stretch is besides talk. They are stored by their order: another one comes last."""

    SPONSOR = "sponsor"
    PROMOTION = "promotion"
    REPEATED = "repeated"
    PHANTOM = "phantom"  # written by a recogniser, said by nobody: the last, since stored labels count from the first


@dataclass(frozen=True, slots=True)
class Passage:
    """A half-open span of a transcript's text that is boilerplate, how sure that is (0 to 1), and why."""

    start: int
    end: int
    kind: Label
    score: float
    reason: str


def make_disjoint(found: list[Passage], text: str) -> Iterator[Passage]:
    """In order, none over another: one that overlaps gives up what it shares; of two alike that touch one is made."""
    last: Passage | None = None
    for s in sorted(found, key=lambda s: (s.start, -s.end)):
        if last is not None and s.start < last.end + 2:
            if s.kind is last.kind and max(s.end, last.end) - last.start <= MAX_PASSAGE_CHARACTERS:
                last = Passage(last.start, max(s.end, last.end), last.kind, max(s.score, last.score), last.reason)
                continue
            start = max(s.start, last.end)
            while start < s.end and text[start] == " ":
                start += 1
            if start >= s.end:
                continue
            s = Passage(start, s.end, s.kind, s.score, s.reason)
        if last is not None:
            yield last
        last = s
    if last is not None:
        yield last

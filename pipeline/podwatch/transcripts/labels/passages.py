"""What a label is: a stretch of a transcript that is boilerplate, of one kind, with a score and a reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 2500  # characters, about three minutes: how long a stretch that is found by its wording may be


class Label(StrEnum):
    """What a stretch is besides talk."""

    SPONSOR = "sponsor"
    PROMOTION = "promotion"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A half-open span of a transcript's text that is boilerplate, how sure that is (0 to 1), and why."""

    start: int
    end: int
    kind: Label
    score: float
    reason: str


def disjoint(found: list[Stretch], text: str) -> Iterator[Stretch]:
    """In order, none over another: one that overlaps gives up what it shares; of two alike that touch one is made."""
    last: Stretch | None = None
    for s in sorted(found, key=lambda s: (s.start, -s.end)):
        if last is not None and s.start < last.end + 2:
            if s.kind is last.kind and max(s.end, last.end) - last.start <= LONGEST:
                last = Stretch(last.start, max(s.end, last.end), last.kind, max(s.score, last.score), last.reason)
                continue
            start = max(s.start, last.end)
            while start < s.end and text[start] == " ":
                start += 1
            if start >= s.end:
                continue
            s = Stretch(start, s.end, s.kind, s.score, s.reason)
        if last is not None:
            yield last
        last = s
    if last is not None:
        yield last

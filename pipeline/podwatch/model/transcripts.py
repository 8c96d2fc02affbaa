"""Transcripts: one text, where each segment begins in it, and when each word is said."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from podwatch.model.lazy_columns import LazyColumn


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of talk. start and end in seconds, nan when the source does not say."""

    start: float
    end: float
    text: str
    speaker: str | None = None


class Words:
    """When single words are said, where the source says so: offsets of words in the text, and their seconds.

    read: gives the two columns. It is called when the first second is asked for: looking through a text needs none.
    """

    __slots__ = ("_columns", "_read")

    def __init__(self, read: Callable[[], tuple[array[int], array[float]]]) -> None:
        self._read = read
        self._columns: tuple[array[int], array[float]] | None = None

    @property
    def columns(self) -> tuple[array[int], array[float]]:
        """(offsets, starts), both ascending."""
        if self._columns is None:
            self._columns = self._read()
        return self._columns

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words) and self.columns == other.columns

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One document for an episode: a single text, and where each segment begins in it.

    text: the segments joined by one space, so that a phrase may straddle two of them.
    offsets, starts, ends, speakers: one entry a segment; offsets in characters, times in seconds (nan: unknown).
    words: the times of single words, None when the source has times of segments only.
    """

    text: str
    offsets: Sequence[int]
    starts: Sequence[float]
    ends: Sequence[float]
    speakers: Sequence[str | None]
    words: Words | None = None
    id: int = 0
    episode_id: int = 0
    source: str = ""
    media_type: str = ""
    language: str | None = None
    revision: int = 1
    title: str = ""

    def __len__(self) -> int:
        return len(self.offsets)

    def with_columns_read(self) -> Transcript:
        """The same with its columns read, for many questions about places."""
        columns = {name: getattr(self, name) for name in ("offsets", "starts", "ends", "speakers")}
        read: dict[str, Any] = {name: c.column for name, c in columns.items() if isinstance(c, LazyColumn)}
        return replace(self, **read) if read else self

    def segment(self, index: int) -> Segment:
        after = self.offsets[index + 1] - 1 if index + 1 < len(self) else len(self.text)
        return Segment(
            self.starts[index], self.ends[index], self.text[self.offsets[index] : after], self.speakers[index]
        )

    def segments(self) -> list[Segment]:
        return [self.segment(i) for i in range(len(self))]

    def index_at(self, offset: int) -> int:
        """The index of the segment that holds the character at ``offset``."""
        return max(0, bisect_right(self.offsets, offset) - 1)

    def seconds_at(self, offset: int) -> float:
        """When the character at ``offset`` is said: its word's own second where the source has it.

        Else a second between the two nearest known ones, in proportion to the characters; nan when there are none.
        """
        return self.time_at(offset)[0]

    def is_exact_at(self, offset: int) -> bool:
        """Whether seconds_at(offset) is what the source says of this word, and not a guess between two times."""
        return self.time_at(offset)[1]

    def time_at(self, offset: int) -> tuple[float, bool]:
        """(seconds_at, exact_at) of an offset."""
        i = self.index_at(offset)
        known, start, after, end = self._between(i)
        if self.words:
            offsets, starts = self.words.columns
            k = bisect_right(offsets, offset) - 1
            if k >= 0 and offsets[k] >= known:
                known, start = offsets[k], starts[k]
                if self.text.find(" ", known, offset) < 0:
                    return start, True
            if k + 1 < len(offsets) and offsets[k + 1] < after:
                after, end = offsets[k + 1], starts[k + 1]
        if known == self.offsets[i] and not any(c.isalnum() for c in self.text[known : min(offset, known + 9)]):
            return start, start == start and not math.isnan(self.starts[i])
        if math.isnan(end) or end <= start or after <= known:
            return start, False
        return round(start + (end - start) * (offset - known) / (after - known), 2), False

    def _between(self, i: int) -> tuple[int, float, int, float]:
        """(offset, second, offset, second) of the two known times around segment ``i``; nan: not known."""
        if i + 1 < len(self) and (start := self.starts[i]) == start and (following := self.starts[i + 1]) == following:
            end, stop = self.ends[i], self.offsets[i + 1]  # the usual case: both segments have a time
            return self.offsets[i], start, stop, end if end <= following else following
        later = next(
            (j for j in range(i + 1, min(len(self), i + MAX_UNTIMED_SEGMENTS)) if not math.isnan(self.starts[j])),
            len(self),
        )
        after, following = (
            (self.offsets[later], self.starts[later]) if later < len(self) else (len(self.text), math.nan)
        )
        for j in range(i, max(-1, i - MAX_UNTIMED_SEGMENTS), -1):
            if math.isnan(self.starts[j]):
                continue
            stop = self.offsets[j + 1] if j + 1 < len(self) else len(self.text)
            closed = not math.isnan(self.ends[j]) and not self.ends[j] > following
            if j == i:
                return self.offsets[j], self.starts[j], *((stop, self.ends[j]) if closed else (after, following))
            if later == len(self):
                break
            return *((stop, self.ends[j]) if closed else (self.offsets[j], self.starts[j])), after, following
        return self.offsets[i], math.nan, after, math.nan


MAX_UNTIMED_SEGMENTS = 1000  # how many segments without a time in a row are bridged


def join_segments(segments: Iterable[Segment], **facts: object) -> Transcript:
    """The transcript of these segments: blanks folded, segments without words left out.

    NUL and lone surrogates are dropped here: SQLite would take the first, nothing takes the second.
    facts: the other fields of Transcript (source, language, ...).
    """
    kept = [s for s in ((clean_text(s.text), s) for s in segments) if s[0]]
    texts = [text for text, _ in kept]
    return Transcript(
        text=" ".join(texts),
        offsets=array("I", accumulate((len(t) + 1 for t in texts[:-1]), initial=0)) if texts else array("I"),
        starts=array("d", [s.start for _, s in kept]),
        ends=array("d", [s.end for _, s in kept]),
        speakers=tuple(s.speaker or None for _, s in kept),
        **facts,  # type: ignore[arg-type]
    )


def clean_text(text: str) -> str:
    """The text with its blanks folded, without what a database refuses."""
    return " ".join(text.replace("\0", "").encode("utf-8", "ignore").decode().split())

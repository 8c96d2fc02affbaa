"""Lays out a transcript for reading: turns of one speaker, and in them pieces that are in a mention or not. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from podwatch.model import Transcript
from podwatch.store.page_figures import MarkedMention
from podwatch.transcripts.labels.passages import Passage

TURN_CHARACTERS = 420  # after so many a turn ends with its segment, so that there is a time to click on
PAUSE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text in which nothing begins or ends. first_of: mentions of which it is the first piece."""

    text: str
    mentions: tuple[MarkedMention, ...] = ()
    first_of: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LaidSegment:
    """A segment; start: its second, None when not known. label: of the passage it is in ("" when it is talk)."""

    index: int
    start: float | None
    pieces: tuple[Piece, ...]
    label: str = ""
    label_reason: str = ""


@dataclass(slots=True)
class Turn:
    """Segments of one speaker in a row. speaker: None when it is the one of the turn before, or nobody's."""

    speaker: str | None
    start: float | None
    segments: list[LaidSegment] = field(default_factory=list)
    characters: int = 0


def lay_out(t: Transcript, mentions: Sequence[MarkedMention], passages: Sequence[Passage]) -> list[Turn]:
    """mentions, passages: in the order of the text."""
    t = t.with_columns_read()
    turns: list[Turn] = []
    heard: str | None = None
    ended = math.nan
    first = 0  # the mentions before this one end before the segment
    place = 0
    for i in range(len(t)):
        s = t.segment(i)
        a = t.offsets[i]
        b = a + len(s.text)
        while first < len(mentions) and mentions[first].mention.end <= a:
            first += 1
        inside = []
        for m in mentions[first:]:
            if m.mention.start >= b:
                break
            if m.mention.end > a:
                inside.append(m)
        while place < len(passages) and passages[place].end <= a:
            place += 1
        label = passages[place] if place < len(passages) and passages[place].start < b else None
        start = None if math.isnan(s.start) else s.start
        new_speaker = s.speaker != heard
        paused = start is not None and not math.isnan(ended) and start - ended > PAUSE_SECONDS
        if not turns or new_speaker or paused or turns[-1].characters > TURN_CHARACTERS:
            turns.append(Turn(s.speaker if new_speaker else None, start))
        heard = s.speaker
        ended = s.end if not math.isnan(s.end) else ended
        laid = LaidSegment(
            i, start, _pieces(s.text, a, inside), label.kind.value if label else "", label.reason if label else ""
        )
        turns[-1].segments.append(laid)
        turns[-1].characters += len(s.text)
    return turns


def _pieces(text: str, offset: int, inside: Sequence[MarkedMention]) -> tuple[Piece, ...]:
    if not inside:
        return (Piece(text),)
    cuts = {0, len(text)}
    for m in inside:
        cuts |= {max(0, m.mention.start - offset), min(len(text), m.mention.end - offset)}
    places = sorted(cuts)
    found = []
    for a, b in pairwise(places):
        here = tuple(m for m in inside if m.mention.start - offset <= a and m.mention.end - offset >= b)
        begins = tuple(m.id for m in here if m.mention.start - offset == a)
        found.append(Piece(text[a:b], here, begins))
    return tuple(found)


def word_times(t: Transcript) -> list[list[float]]:
    """For each segment when its words are said, one number a word; empty where the source has no times of words.

    A word is what stands between blanks, so that a script can find it again in the text of the page.
    """
    t = t.with_columns_read()
    if not t.words:
        return [[] for _ in range(len(t))]
    found: list[list[float]] = []
    for i in range(len(t)):
        s, at = t.segment(i), t.offsets[i]
        times: list[float] = []
        for word in s.text.split(" "):
            second = t.seconds_at(at)
            if math.isnan(second):
                times = []
                break
            times.append(round(second, 2))
            at += len(word) + 1
        found.append(times)
    return found

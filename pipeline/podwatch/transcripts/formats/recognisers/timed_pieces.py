"""What recognisers share: text that comes in timed pieces becomes sentences of one speaker whose words have times."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.json_segments import speaker_label
from podwatch.transcripts.formats.segment_columns import MAX_PAUSE, MAX_SENTENCE_WORDS, MAX_WORD_DISTANCE, Columns
from podwatch.transcripts.formats.timestamps import parse_seconds

_SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।")
_ISO_DURATION = lazy_pattern(r"P(?:(\d{1,4})D)?T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?")


class Piece(NamedTuple):
    """A word, a mark or a blank, with the blanks that it has in the text; start: nan for one without a time."""

    text: str
    start: float = math.nan
    end: float = math.nan
    speaker: str | None = None


def add_pieces(columns: Columns, pieces: Iterable[Piece]) -> Columns:
    """Adds the pieces one after the other: a segment ends with a sentence, its speaker, a pause, or too many words."""
    texts: list[str] = []
    words: list[tuple[str, float]] = []
    start = end = math.nan
    speaker: str | None = None
    is_ended = False

    def flush() -> None:
        nonlocal texts, words, start, end, is_ended
        text = "".join(texts)
        if text and not text.isspace():
            columns.add(text, start, end, speaker, words)
        texts, words, start, end, is_ended = [], [], math.nan, math.nan, False

    for said, begins, ends, who in pieces:
        is_blank = said.isspace()
        if begins == begins and not is_blank:
            is_late = end == end and not -MAX_PAUSE <= begins - end <= MAX_PAUSE
            if words and (is_ended or is_late or who != speaker or len(words) >= MAX_SENTENCE_WORDS):
                flush()
            if not words:
                start, speaker = begins, who
            words.append((said.strip(), begins))
            end = ends if ends == ends else begins
        elif not texts:
            speaker = who
        texts.append(said)
        if not is_blank:
            is_ended = said.rstrip().endswith(_SENTENCE_ENDS)
    flush()
    return columns


def align_words(text: str, words: Iterable[Piece]) -> list[Piece]:
    """The text cut at its words, so that each piece begins with a word; a word that is not found loses its time."""
    if not text.strip():
        return [word._replace(text=f" {word.text.strip()}") for word in words]
    found: list[tuple[int, Piece]] = []
    at = 0
    for word in words:
        bare = word[0].strip()
        place = text.find(bare, at, at + len(bare) + MAX_WORD_DISTANCE) if bare else -1
        if place >= 0:
            found.append((place, word))
            at = place + len(bare)
    if not found:
        return [Piece(text)]
    pieces = [Piece(text[: found[0][0]])] if found[0][0] else []
    ends = [place for place, _ in found[1:]] + [len(text)]
    pieces += [
        Piece(text[place:stop], start, end, who)
        for (place, (_, start, end, who)), stop in zip(found, ends, strict=True)
    ]
    return pieces


def get(value: Any, *keys: str) -> Any:
    """What stands under keys within each other, None where one is missing or what holds it is no object."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def first(value: Any) -> dict[str, Any] | None:
    """The first object of a list."""
    return next(iter(dicts(value[:20])), None) if isinstance(value, list) else None


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def seconds_of(value: Any, scale: float = 1.0) -> float:
    """The seconds of a number, a clock, "1.2s", "PT1.2S", or {"seconds": "1", "nanos": 2}. scale: of numbers."""
    if type(value) is float and -1e12 < value < 1e12:  # as most write them
        return value * scale
    if isinstance(value, dict):
        parts = parse_seconds(value.get("seconds", 0)), parse_seconds(value.get("nanos", 0))
        return parts[0] + parts[1] / 1e9
    if isinstance(value, str) and value.startswith("P"):
        m = _ISO_DURATION.fullmatch(value)
        return sum(float(n or 0) * s for n, s in zip(m.groups(), (86400, 3600, 60, 1), strict=True)) if m else math.nan
    return parse_seconds(value) * scale


def key_of(value: Any) -> str | float | None:
    """What may be looked up: text or a number, None for anything else."""
    return value if isinstance(value, (str, int, float)) else None


def name_of(value: Any) -> str | None:
    """A speaker as a recogniser names it: 0 and "0" and "A" are "Speaker 0" and so on, other text is itself."""
    if isinstance(value, str) and (value.isdecimal() or len(value) == 1) and len(value) < 4:
        return f"Speaker {value}" if value.isalnum() else None
    return speaker_label(value)

"""Gladia, whose utterances hold their words, and Premiere Pro, whose segments hold nothing but words.

Sources: Gladia (https://docs.gladia.io/chapters/pre-recorded-stt/features/word-level-timestamps; version 1 called the
utterances prediction, with time_begin); Adobe (https://helpx.adobe.com/premiere-pro/using/speech-to-text.html; the
exported JSON: segments of one speaker, whose names stand in a list beside them).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from podwatch.transcripts.formats.json_segments import parse_language_tag
from podwatch.transcripts.formats.recognisers.timed_pieces import (
    Piece,
    add_pieces,
    dicts,
    first,
    get,
    name_of,
    seconds_of,
    text_of,
)
from podwatch.transcripts.formats.segment_columns import Columns


def looks_like_gladia(value: Any) -> bool:
    if first(_gladia_utterances(value)) is not None:
        return True
    row = first(get(value, "prediction"))
    return row is not None and "transcription" in row and "time_begin" in row


def parse_gladia(value: Any) -> Columns:
    languages = get(value, "result", "transcription", "languages") or get(value, "transcription", "languages")
    columns = Columns(language=parse_language_tag(languages[0]) if isinstance(languages, list) and languages else None)
    for u in dicts(_gladia_utterances(value) or value.get("prediction")):
        words = [(text_of(w.get("word")), _either(w, "start", "time_begin")) for w in dicts(u.get("words"))]
        columns.add(
            text_of(u.get("text") or u.get("transcription")),
            _either(u, "start", "time_begin"),
            _either(u, "end", "time_end"),
            name_of(u.get("speaker")),
            [(word, second) for word, second in words if word and second == second],
        )
    return columns


def _gladia_utterances(value: Any) -> Any:
    return get(value, "result", "transcription", "utterances") or get(value, "transcription", "utterances")


def _either(row: dict[str, Any], key: str, older: str) -> float:
    return seconds_of(row.get(key, row.get(older)))


def looks_like_premiere(value: Any) -> bool:
    row = first(get(value, "segments"))
    word = first(get(row, "words"))
    return word is not None and "text" not in (row or {}) and "text" in word and "duration" in word


def parse_premiere(value: Any) -> Columns:
    names = {s["id"]: name_of(s.get("name")) for s in dicts(value.get("speakers")) if isinstance(s.get("id"), str)}
    columns = Columns(language=parse_language_tag(value.get("language")))
    for segment in dicts(value["segments"]):
        speaker = segment.get("speaker")
        add_pieces(
            columns, _premiere_words(segment.get("words"), names.get(speaker) if isinstance(speaker, str) else None)
        )
    return columns


def _premiere_words(rows: Any, speaker: str | None) -> Iterator[Piece]:
    for row in dicts(rows):
        text, start = text_of(row.get("text")), seconds_of(row.get("start"))
        if row.get("type") == "punctuation":
            yield Piece(text)
        else:
            yield Piece(f" {text}", start, start + seconds_of(row.get("duration")), speaker)

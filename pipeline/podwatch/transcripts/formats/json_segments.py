"""JSON that is a list of segments: Podcasting 2.0, Whisper and its kin, Podlove, and many a home-made script.

Sources: the transcript chapter of the podcast namespace (segments with startTime, endTime, speaker, body); the output
of openai-whisper, faster-whisper, WhisperX, whisper-timestamped and the OpenAI API (verbose_json, diarized_json);
Podlove's transcripts.json. They differ in the names of the same four things, so one reader serves them all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.timestamps import parse_seconds

TEXT_KEYS = ("text", "body", "transcript", "content", "caption", "sentence", "line")
START_KEYS = ("start", "startTime", "start_time", "begin", "from", "timestamp", "time", "offset_seconds")
END_KEYS = ("end", "endTime", "end_time", "to", "until")
SPEAKER_KEYS = ("speaker", "speaker_label", "speakerName", "speaker_name", "speaker_id", "speakerId", "name")
WORD = ("word", "text", "punctuated_word")
LIST_KEYS = ("segments", "transcripts", "transcript", "cues", "captions", "utterances", "sentences", "items", "results")
_LANGUAGES = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it", "portuguese": "pt",
    "dutch": "nl", "russian": "ru", "ukrainian": "uk", "polish": "pl", "swedish": "sv", "turkish": "tr",
    "arabic": "ar", "hebrew": "he", "chinese": "zh", "japanese": "ja", "korean": "ko", "hindi": "hi",
}  # fmt: skip

Shape = Callable[[Any], bool]


def find_rows(value: Any) -> list[Any] | None:
    """The list that holds the segments: the document itself, or what it holds under one of the usual names."""
    if isinstance(value, list):
        return value if _first_row(value) is not None else None
    if isinstance(value, Mapping):
        for key in LIST_KEYS:
            inner = value.get(key)
            if isinstance(inner, list) and _first_row(inner) is not None:
                return inner
            if isinstance(inner, Mapping) and isinstance(inner.get("segments"), list):
                return inner["segments"]  # type: ignore[no-any-return]
    return None


def _first_row(items: list[Any]) -> Mapping[str, Any] | None:
    """The first row that looks like a segment."""
    for item in items[:20]:
        if (
            isinstance(item, Mapping)
            and any(k in item for k in (*TEXT_KEYS, "word"))
            and any(k in item for k in START_KEYS)
        ):
            return item
    return None


def _rows_have(key: str) -> Shape:
    def looks(value: Any) -> bool:
        found = find_rows(value)
        first = _first_row(found) if found else None
        return first is not None and key in first

    return looks


def looks_like_podcast(doc: SourceDocument) -> bool:
    return _rows_have("body")(doc.json)


def looks_like_whisper(doc: SourceDocument) -> bool:
    value = doc.json
    named = isinstance(value, dict) and isinstance(value.get("segments"), list) and "utterances" not in value
    return (
        named and _rows_have("text")(value) and any(k in value for k in ("text", "language", "task", "word_segments"))
    )


def looks_like_list(doc: SourceDocument) -> bool:
    return doc.json is not None and find_rows(doc.json) is not None


def parse(doc: SourceDocument) -> Columns:
    value = doc.json
    found = find_rows(value)
    if not found:
        raise TranscriptError("is JSON, but holds no segments")
    first = _first_row(found) or {}
    keys = [
        next((k for k in names if k in first), names[0])
        for names in ((*TEXT_KEYS, "word"), START_KEYS, END_KEYS, SPEAKER_KEYS)
    ]
    columns = Columns()
    read_rows(columns, found, *keys)
    if isinstance(value, dict):
        columns.language = parse_language_tag(value.get("language") or value.get("language_code"))
        columns.title = value["title"] if isinstance(value.get("title"), str) else ""
        loose = value.get("words")
        if not columns.words and isinstance(loose, list):
            assign_words(columns, loose)
    return columns


def read_rows(columns: Columns, items: Iterable[Any], text: str, start: str, end: str, speaker: str) -> None:
    """Fills the columns from rows with these four keys; words, where a row has them, keep their times."""
    for item in items:
        if not isinstance(item, dict):
            continue
        words = item.get(text)
        if not isinstance(words, str):
            continue
        a, b, who = item.get(start), item.get(end), item.get(speaker)
        timed = item.get("words")
        columns.add(
            words,
            a if type(a) is float else parse_seconds(a),
            b if type(b) is float else parse_seconds(b),
            who if type(who) is str else speaker_label(who),
            word_times(timed) if timed else (),
        )


def word_times(items: Any, scale: float = 1.0) -> list[tuple[str, float]]:
    """(word, second) of a list of words; one without a time is left out, and found again by its neighbours."""
    if not isinstance(items, list):
        return []
    timed: list[tuple[str, float]] = []
    for w in items:
        if isinstance(w, dict):
            word = w.get("punctuated_word") or w.get("word") or w.get("text")
            at = w.get("start")
            at = at if type(at) is float else parse_seconds(w.get("startTime") if at is None else at)
            if isinstance(word, str) and at == at:
                timed.append((word, at * scale))
    return timed


def assign_words(columns: Columns, words: list[Any]) -> None:
    """Words that stand beside the segments (OpenAI's timestamp_granularities) given to the segments they fall into."""
    timed = word_times(words)
    at = 0
    for i in range(len(columns)):
        after = next((s for s in columns.starts[i + 1 : i + 2] if s == s), math.inf)
        first = at
        while at < len(timed) and timed[at][1] < after:
            at += 1
        if at > first:
            columns.words[i] = timed[first:at]


def speaker_label(value: Any) -> str | None:
    """A speaker as a name: text as it is, a number as "Speaker 1", a mapping by its name."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return f"Speaker {value:g}" if abs(value) < 1e6 else None
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("label")
    return value.strip() or None if isinstance(value, str) else None


def parse_language_tag(value: Any) -> str | None:
    """A language tag of what a recogniser says ("english", "en_us"); None for anything else."""
    if not isinstance(value, str):
        return None
    tag = _LANGUAGES.get(value.lower(), value.replace("_", "-"))
    head = tag.partition("-")[0]
    return tag if 2 <= len(head) <= 3 and len(tag) <= 12 and head.isalpha() and tag.isascii() else None

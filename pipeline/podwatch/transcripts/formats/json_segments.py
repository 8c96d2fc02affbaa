"""JSON that is a list of segments: Podcasting 2.0, Whisper and its relatives, Podlove, and other scripts' own.

Sources: the transcript chapter of the podcast namespace (segments with startTime, endTime, speaker, body); the output
of openai-whisper, faster-whisper, WhisperX, whisper-timestamped and the OpenAI API (verbose_json, diarized_json);
Podlove's transcripts.json. They differ in the names of the same four keys, so one parser reads them all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from podwatch.errors import TranscriptError
from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.markup import strip_markup
from podwatch.transcripts.formats.rolling_captions import unroll_captions
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.timestamps import parse_seconds

TEXT_KEYS = ("text", "body", "transcript", "content", "caption", "sentence", "line")
START_KEYS = (
    "start", "startTime", "start_time", "begin", "from", "timestamp", "time", "offset_seconds", "startSeconds",
    "start_seconds", "startTimeSeconds", "timecode", "ts",
)  # fmt: skip
END_KEYS = ("end", "endTime", "end_time", "to", "until", "endSeconds", "end_seconds", "endTimeSeconds")
MS_KEYS = ("startMs", "start_ms", "startTimeMs", "start_time_ms", "offset_ms", "begin_ms", "tStartMs", "timestamp_ms")
END_MS_KEYS = ("endMs", "end_ms", "endTimeMs", "end_time_ms")
MAX_CUE_SECONDS = 60  # of captions: on average none is longer
_SPAN = lazy_pattern(r"[\[(]?([\d:.,]{1,15}s?)[ \t]*(?:-->|->|→|[-–—])[ \t]*([\d:.,]{1,15}s?)[\])]?")
MAX_DEPTH = 4  # of objects around a list of segments
LENGTH_KEYS = ("duration", "dur")
SPEAKER_KEYS = ("speaker", "speaker_label", "speakerName", "speaker_name", "speaker_id", "speakerId", "name")
LIST_KEYS = ("segments", "transcripts", "transcript", "cues", "captions", "utterances", "sentences", "items", "results")
_LANGUAGES = {
    "english": "en", "german": "de", "french": "fr", "spanish": "es", "italian": "it", "portuguese": "pt",
    "dutch": "nl", "russian": "ru", "ukrainian": "uk", "polish": "pl", "swedish": "sv", "turkish": "tr",
    "arabic": "ar", "hebrew": "he", "chinese": "zh", "japanese": "ja", "korean": "ko", "hindi": "hi",
    "eng": "en", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "spa": "es", "ita": "it", "por": "pt", "nld": "nl",
    "dut": "nl", "rus": "ru", "ukr": "uk", "pol": "pl", "swe": "sv", "tur": "tr", "ara": "ar", "heb": "he", "zho": "zh",
    "chi": "zh", "cmn": "zh", "jpn": "ja", "kor": "ko", "hin": "hi",
}  # fmt: skip


def find_rows(value: Any) -> list[Any] | None:
    """The list of segments: the document itself, or what it holds, under one of the usual keys first; None without."""
    if isinstance(value, list):
        return value if _first_row(value) is not None else None
    if isinstance(value, Mapping):
        for key in (*LIST_KEYS, *(k for k in value if k not in LIST_KEYS)):  # scripts name theirs as they like
            inner = value.get(key)
            if isinstance(inner, list) and _first_row(inner) is not None:
                return inner
            if isinstance(inner, Mapping) and isinstance(inner.get("segments"), list):
                return inner["segments"]  # type: ignore[no-any-return]
        return _find_deeper(value)
    return None


def _find_deeper(value: Any, depth: int = 0) -> list[Any] | None:
    """A list of segments that stands deeper in a document."""
    for inner in value.values() if isinstance(value, Mapping) else ():
        if isinstance(inner, list) and _first_row(inner) is not None:
            return inner
        if depth < MAX_DEPTH and isinstance(inner, Mapping) and (found := _find_deeper(inner, depth + 1)):
            return found
    return None


def _first_row(items: list[Any]) -> Mapping[str, Any] | None:
    """The first row that looks like a segment: with words, and a time or, like all its neighbours, a speaker."""
    for item in items[:20]:
        if isinstance(item, Mapping) and any(k in item for k in (*TEXT_KEYS, "word")):
            if any(k in item for k in START_KEYS) or any(k in item for k in MS_KEYS) or _has_offset(item):
                return item
            if (
                "speaker" in item
                and len(items) > 1
                and all(isinstance(i, Mapping) and "speaker" in i for i in items[:20])
            ):
                return item
    return None


def _has_offset(item: Mapping[str, Any]) -> bool:
    """youtube-transcript and its relatives: offset and duration, in seconds or milliseconds."""
    return isinstance(item.get("offset"), (int, float)) and isinstance(item.get("duration"), (int, float))


def _rows_have(value: Any, key: str) -> bool:
    rows = find_rows(value)
    first = _first_row(rows) if rows else None
    return first is not None and key in first


def looks_like_podcast(doc: SourceDocument) -> bool:
    return _rows_have(doc.json, "body")


def looks_like_whisper(doc: SourceDocument) -> bool:
    value = doc.json
    has_segments = isinstance(value, dict) and isinstance(value.get("segments"), list) and "utterances" not in value
    return (
        has_segments
        and _rows_have(value, "text")
        and any(k in value for k in ("text", "language", "task", "word_segments"))
    )


def looks_like_list(doc: SourceDocument) -> bool:
    return doc.json is not None and find_rows(doc.json) is not None


def parse(doc: SourceDocument) -> Columns:
    value = doc.json
    rows = find_rows(value)
    if not rows:
        raise TranscriptError("is JSON, but holds no segments")
    rows, first = _in_seconds(rows, _first_row(rows) or {})
    keys = [
        next((k for k in names if k in first), names[0])
        for names in ((*TEXT_KEYS, "word"), START_KEYS, END_KEYS, SPEAKER_KEYS)
    ]
    columns = Columns()
    read_rows(columns, rows, *keys)
    if "<" in doc.text or "&" in doc.text or ("\\" in doc.text and "\\u00" in doc.text):
        columns.texts = [strip_markup(t) if "<" in t or "&" in t else t for t in columns.texts]
    length = next((k for k in LENGTH_KEYS if k in first), "")
    if length and keys[2] not in first:  # YouTube's captions as its scripts list them
        spoken = (r for r in rows if isinstance(r, dict) and isinstance(r.get(keys[0]), str))
        columns.ends = [s + parse_seconds(r.get(length)) for s, r in zip(columns.starts, spoken, strict=True)]
    if isinstance(value, dict):
        columns.language = parse_language_tag(value.get("language") or value.get("language_code"))
        columns.title = value["title"] if isinstance(value.get("title"), str) else ""
        words = value.get("words")
        if not columns.words and isinstance(words, list):
            assign_words(columns, words)
    return unroll_captions(columns)


def _in_seconds(rows: list[Any], first: Mapping[str, Any]) -> tuple[list[Any], Mapping[str, Any]]:
    """The rows with start and end in seconds, where they say milliseconds, an offset, or both in one text."""
    start = next((k for k in MS_KEYS if k in first), "")
    if any(k in first for k in START_KEYS):
        span = first.get("timestamp", first.get("time"))
        if not isinstance(span, str) or _SPAN.fullmatch(span.strip()) is None:
            return rows, first
        spans = [_SPAN.fullmatch(str(r.get("timestamp", r.get("time"))).strip()) for r in _dicts(rows)]
        times = [(parse_seconds(m[1]), parse_seconds(m[2])) if m else (math.nan, math.nan) for m in spans]
    elif start:
        end = next((k for k in END_MS_KEYS if k in first), "")
        times = [(parse_seconds(r.get(start)) / 1000, parse_seconds(r.get(end)) / 1000) for r in _dicts(rows)]
    elif _has_offset(first):
        times = [(parse_seconds(r.get("offset")), parse_seconds(r.get("duration"))) for r in _dicts(rows)]
        lengths = [length for _, length in times if length == length]
        scale = 0.001 if lengths and sum(lengths) / len(lengths) > MAX_CUE_SECONDS else 1.0
        times = [(at * scale, (at + length) * scale) for at, length in times]
    else:
        return rows, first
    rows = [
        {**{k: v for k, v in r.items() if k not in LENGTH_KEYS}, "start": begin, "end": end}
        for r, (begin, end) in zip(_dicts(rows), times, strict=True)
    ]
    return rows, rows[0] if rows else first


def _dicts(rows: list[Any]) -> list[dict[str, Any]]:
    return [r for r in rows if isinstance(r, dict)]


def read_rows(columns: Columns, items: Iterable[Any], text: str, start: str, end: str, speaker: str) -> None:
    """Fills the columns from rows with these four keys; words with times stand under "words" of a row."""
    for item in items:
        if not isinstance(item, dict):
            continue
        words = item.get(text)
        if not isinstance(words, str):
            continue
        name = item.get(speaker)
        columns.add(
            words,
            parse_seconds(item.get(start)),
            parse_seconds(item.get(end)),
            name if isinstance(name, str) else speaker_label(name),
            word_times(item.get("words")),
        )


def word_times(items: Any, scale: float = 1.0) -> list[tuple[str, float]]:
    """(word, second) of a list of words; a word without a time is left out. scale: seconds a unit of time."""
    if not isinstance(items, list):
        return []
    timed: list[tuple[str, float]] = []
    for w in items:
        if isinstance(w, dict):
            word = w.get("punctuated_word") or w.get("word") or w.get("text")
            start = w.get("start")
            second = parse_seconds(w.get("startTime") if start is None else start)
            if isinstance(word, str) and second == second:
                timed.append((word, second * scale))
    return timed


def assign_words(columns: Columns, words: list[Any]) -> None:
    """Gives words that stand beside the segments (OpenAI's timestamp_granularities) to the segments at their times."""
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
    """The name of a speaker: text as it is, a number as "Speaker 1", a mapping by its name; None otherwise."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return f"Speaker {value:g}" if abs(value) < 1e6 else None
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("label")
    return value.strip() or None if isinstance(value, str) else None


def parse_language_tag(value: Any) -> str | None:
    """The language tag (BCP 47) of what a recogniser writes ("english", "en_us"); None for anything else."""
    if not isinstance(value, str):
        return None
    tag = _LANGUAGES.get(value.lower(), value.replace("_", "-"))
    head = tag.partition("-")[0]
    return tag if 2 <= len(head) <= 3 and len(tag) <= 12 and head.isalpha() and tag.isascii() else None

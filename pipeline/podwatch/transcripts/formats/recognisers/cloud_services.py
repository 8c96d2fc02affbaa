"""The speech services of three clouds: Amazon Transcribe, Azure AI Speech, IBM Watson.

Sources: Amazon (https://docs.aws.amazon.com/transcribe/latest/dg/how-input.html and diarization-output-batch.html;
items, speaker_labels, audio_segments, times as text); Azure
(https://learn.microsoft.com/azure/ai-services/speech-service/batch-transcription-get; recognizedPhrases with nBest, in
ticks of 100 ns, and the phrases of fast transcription in milliseconds); IBM
(https://cloud.ibm.com/docs/speech-to-text?topic=speech-to-text-basic-response; timestamps are [word, from, to], and
speaker_labels stand beside the results).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats.json_segments import parse_language_tag
from podwatch.transcripts.formats.recognisers.timed_pieces import (
    Piece,
    add_pieces,
    align_words,
    dicts,
    first,
    get,
    key_of,
    name_of,
    seconds_of,
    text_of,
)
from podwatch.transcripts.formats.segment_columns import Columns

_TICK = 1e-7


def looks_like_aws(value: Any) -> bool:
    results = get(value, "results")
    return "transcript" in (first(get(results, "transcripts")) or {}) or (
        "jobName" in value and "status" in value if isinstance(value, dict) else False
    )


def parse_aws(value: Any) -> Columns:
    """The items, each with its speaker; without items the segments, or the text."""
    status = value.get("status")
    if status in ("FAILED", "IN_PROGRESS", "QUEUED"):
        raise TranscriptError(f"says its transcription is not done ({status})")
    results = value.get("results")
    columns = Columns(language=parse_language_tag(get(results, "language_code") or value.get("languageCode")))
    items = dicts(get(results, "items"))
    if items:
        return add_pieces(columns, _aws_items(items, _aws_speakers(results)))
    for s in dicts(get(results, "audio_segments")):
        start, end = seconds_of(s.get("start_time")), seconds_of(s.get("end_time"))
        columns.add(text_of(s.get("transcript")), start, end, name_of(s.get("speaker_label")))
    if not columns:
        columns.add(text_of(get(first(get(results, "transcripts")), "transcript")))
    return columns


def _aws_speakers(results: Any) -> dict[str | float | None, str | None]:
    """Who speaks, by the start of an item."""
    labelled = dicts(get(results, "speaker_labels", "segments"))
    speakers = {
        key_of(i.get("start_time")): name_of(i.get("speaker_label")) for s in labelled for i in dicts(s.get("items"))
    }
    for channel in dicts(get(results, "channel_labels", "channels")):
        for item in dicts(channel.get("items")):
            speakers.setdefault(key_of(item.get("start_time")), name_of(channel.get("channel_label")))
    return speakers


def _aws_items(items: list[dict[str, Any]], speakers: dict[str | float | None, str | None]) -> Iterator[Piece]:
    for item in items:
        text = text_of(get(first(item.get("alternatives")), "content"))
        if item.get("type") == "punctuation":
            yield Piece(text)
        else:
            start = item.get("start_time")
            name = name_of(item.get("speaker_label")) or speakers.get(key_of(start))
            yield Piece(f" {text}", seconds_of(start), seconds_of(item.get("end_time")), name)


def looks_like_azure(value: Any) -> bool:
    phrase = first(get(value, "recognizedPhrases"))
    if phrase is not None:
        return isinstance(phrase.get("nBest"), list) or "recognitionStatus" in phrase
    phrase = first(get(value, "phrases"))
    return phrase is not None and "offsetMilliseconds" in phrase and "text" in phrase


def parse_azure(value: Any) -> Columns:
    columns = Columns()
    fast = dicts(value.get("phrases"))
    for phrase in sorted(fast or dicts(value.get("recognizedPhrases")), key=_azure_order):  # channels come one by one
        best = phrase if fast else first(phrase.get("nBest"))
        text = text_of(get(best, "text") or get(best, "display") or get(best, "lexical"))
        rows = get(best, "displayWords") or get(best, "words")
        words = [
            Piece(text_of(w.get("displayText") or w.get("word") or w.get("text")), _azure_start(w)) for w in dicts(rows)
        ]
        timed = [(w.text, w.start) for w in words if w.start == w.start]
        start = _azure_start(phrase)
        columns.language = columns.language or parse_language_tag(phrase.get("locale"))
        columns.add(text, start, start + _azure_length(phrase), name_of(phrase.get("speaker")), timed)
    return columns


def _azure_start(row: dict[str, Any]) -> float:
    return _azure_seconds(row, "offset")


def _azure_length(row: dict[str, Any]) -> float:
    return _azure_seconds(row, "duration")


def _azure_seconds(row: dict[str, Any], name: str) -> float:
    for key, scale in ((f"{name}InTicks", _TICK), (f"{name}Milliseconds", 0.001)):
        if key in row:
            return seconds_of(row[key], scale)
    return seconds_of(row.get(name))


def _azure_order(phrase: dict[str, Any]) -> float:
    start = _azure_start(phrase)
    return start if start == start else math.inf


def looks_like_watson(value: Any) -> bool:
    row = first(get(value, "results"))
    best = first(get(row, "alternatives"))
    if best is None or not isinstance(best.get("transcript"), str):
        return False
    return isinstance(best.get("timestamps"), list) or "result_index" in value or "final" in (row or {})


def parse_watson(value: Any) -> Columns:
    """The best alternative of each result; a result is divided where its speaker changes."""
    speakers = {_stamp(s.get("from")): name_of(s.get("speaker")) for s in dicts(value.get("speaker_labels"))}
    columns = Columns()
    for result in dicts(value["results"]):
        best = first(result.get("alternatives"))
        text = text_of(get(best, "transcript"))
        rows = get(best, "timestamps")
        words = [
            Piece(row[0], seconds_of(row[1]), seconds_of(row[2]), speakers.get(_stamp(row[1])) if speakers else None)
            for row in (rows if type(rows) is list else ())
            if type(row) is list and len(row) == 3 and type(row[0]) is str
        ]
        add_pieces(columns, align_words(text, words))
    return columns


def _stamp(value: Any) -> float:
    return round(seconds_of(value), 2)

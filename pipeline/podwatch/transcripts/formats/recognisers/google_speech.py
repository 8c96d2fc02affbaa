"""Google Cloud Speech-to-Text, all versions: as REST writes it, as its Python client does, and as files of a batch.

Sources: https://cloud.google.com/speech-to-text/docs/reference/rest/v1p1beta1/speech/recognize (startTime "1.200s",
speakerTag) and https://cloud.google.com/speech-to-text/v2/docs/reference/rest/v2/StreamingRecognitionResult
(startOffset, speakerLabel). Durations are text, or {"seconds": "1", "nanos": 200000000}. With speakers, version 1
repeats all words of the recording, each with its speakerTag, in the last result.
"""

from __future__ import annotations

import math
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

_STARTS = ("startTime", "startOffset", "start_time", "start_offset")
_ENDS = ("endTime", "endOffset", "end_time", "end_offset")
_RESULT_ENDS = ("resultEndTime", "resultEndOffset", "result_end_time", "result_end_offset")
_SPEAKERS = ("speakerLabel", "speakerTag", "speaker_label", "speaker_tag")


def looks_like_google(value: Any) -> bool:
    best = first(get(first(_results(value)), "alternatives"))
    return best is not None and ("transcript" in best or "words" in best)


def _results(value: Any) -> Any:
    for found in (get(value, "response", "results"), get(value, "results")):
        if isinstance(found, list):
            return found
        for file in found.values() if isinstance(found, dict) else ():  # version 2: by the address of the recording
            inner = get(file, "transcript", "results") or get(file, "inlineResult", "transcript", "results")
            if isinstance(inner, list):
                return inner
    return None


def parse_google(value: Any) -> Columns:
    columns = Columns()
    found = [(r, first(r.get("alternatives")) or {}) for r in dicts(_results(value))]
    columns.language = next(
        (parse_language_tag(r.get("languageCode")) for r, _ in found if r.get("languageCode")), None
    )
    last = next((w[-1] for _, best in reversed(found) if (w := dicts(best.get("words")))), {})
    if not _speaker(last):
        return _add_results(columns, found, {})
    words = [_words(best) for _, best in found]
    repeats = bool(words[-1]) and any(w and not words[-1][0].start > w[0].start for w in words[:-1])
    if repeats and any(w.speaker for w in words[-1]) and len(words[-1]) >= sum(map(len, words[:-1])) > 0:
        return add_pieces(columns, words[-1])  # all that was said, with speakers
    for i, timed in enumerate(words):
        if timed:
            add_pieces(columns, timed)
        else:
            _add_results(columns, found[i : i + 1], found[i - 1][0] if i else {})
    return columns


Found = list[tuple[dict[str, Any], dict[str, Any]]]  # results with their best alternatives


def _add_results(columns: Columns, found: Found, before: dict[str, Any]) -> Columns:
    """A segment for each result; one without words begins where the one ``before`` ends."""
    some = next((w[-1] for _, best in found if len(w := dicts(best.get("words"))) > 1), {})
    start_key = next((k for k in _STARTS if k in some), _STARTS[0])
    end_key = next((k for k in _ENDS if k in some), _ENDS[0])
    for result, best in found:
        words = dicts(best.get("words"))
        timed = _timed(words, start_key)
        text = text_of(best.get("transcript")) or " ".join(w for w, _ in timed)
        end = seconds_of(words[-1].get(end_key)) if words else _seconds(result, _RESULT_ENDS)
        if text:
            columns.add(text, timed[0][1] if timed else _seconds(before, _RESULT_ENDS), end, None, timed)
        before = result
    return columns


def _timed(words: list[dict[str, Any]], key: str) -> list[tuple[str, float]]:
    """The words with their starts; the first may have none, since a duration of zero is left out."""
    timed: list[tuple[str, float]] = []
    for w in words:
        text, start = w.get("word"), w.get(key)
        if isinstance(text, str) and text:
            try:
                second = float(start[:-1]) if type(start) is str and start[-1:] == "s" else seconds_of(start)
            except ValueError:
                second = math.nan
            if start is None and not timed:
                second = 0.0
            if second == second:
                timed.append((text, second))
    return timed


def _words(best: dict[str, Any]) -> list[Piece]:
    words = [w for w in dicts(best.get("words")) if text_of(w.get("word"))]
    starts = [_seconds(w, _STARTS) for w in words]
    if words and starts[0] != starts[0]:
        starts[0] = 0.0
    return [
        Piece(f" {w['word']}", start, _seconds(w, _ENDS), name_of(_speaker(w)))
        for w, start in zip(words, starts, strict=True)
    ]


def _speaker(word: dict[str, Any]) -> Any:
    return next((word[k] for k in _SPEAKERS if word.get(k)), None)


def _seconds(row: dict[str, Any], keys: tuple[str, ...]) -> float:
    return next((seconds_of(row[k]) for k in keys if k in row), math.nan)

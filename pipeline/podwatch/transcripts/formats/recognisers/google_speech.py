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
    words = [_words(best) for _, best in found]
    if words and any(w.speaker for w in words[-1]) and len(words[-1]) >= sum(map(len, words[:-1])) > 0:
        return add_pieces(columns, words[-1])  # all that was said, with speakers
    before = math.nan  # the end of the result before: a result without words says where it ends
    for (result, best), timed in zip(found, words, strict=True):
        text, end = text_of(best.get("transcript")), _seconds(result, _RESULT_ENDS)
        if len({w.speaker for w in timed}) > 1 or (timed and not text):
            add_pieces(columns, timed)
        elif text:
            start = timed[0].start if timed else before if before == before else math.nan
            last = timed[-1].end if timed else end
            name = timed[0].speaker if timed else None
            columns.add(text, start, last, name, [(w.text.strip(), w.start) for w in timed])
        before = end if end == end else before
    return columns


def _words(best: dict[str, Any]) -> list[Piece]:
    found: list[Piece] = []
    for w in dicts(best.get("words")):
        text = text_of(w.get("word"))
        if text:
            speaker = next((w[k] for k in _SPEAKERS if w.get(k)), None)
            start = _seconds(w, _STARTS)
            # A duration of zero is left out.
            start = 0.0 if start != start and not found and _seconds(w, _ENDS) == _seconds(w, _ENDS) else start
            found.append(Piece(f" {text}", start, _seconds(w, _ENDS), name_of(speaker)))
    return found


def _seconds(row: dict[str, Any], keys: tuple[str, ...]) -> float:
    return next((seconds_of(row[k]) for k in keys if k in row), math.nan)

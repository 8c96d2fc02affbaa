"""The JSON of the speech-to-text services Deepgram and AssemblyAI, each with its own nesting and units.

Sources: Deepgram's listen response (results.channels, utterances, paragraphs), AssemblyAI's transcript (utterances and
words, milliseconds).
"""

from __future__ import annotations

from typing import Any

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats.json_segments import parse_language_tag, speaker_label, word_times
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.timestamps import parse_seconds


def looks_like_deepgram(doc: SourceDocument) -> bool:
    results = _get(doc.json, "results")
    return isinstance(_get(results, "channels"), list) or isinstance(_get(results, "utterances"), list)


def parse_deepgram(doc: SourceDocument) -> Columns:
    """The utterances; without any, the sentences of the first channel, else its words, else its text."""
    results = _get(doc.json, "results")
    columns = Columns()
    utterances = _dicts(_get(results, "utterances"))
    for u in utterances:
        _add_item(columns, u, u.get("transcript"), u.get("speaker"))
    if utterances:
        return columns
    channel = _first(_get(results, "channels"))
    best = _first(_get(channel, "alternatives"))
    columns.language = parse_language_tag(_get(channel, "detected_language"))
    timed = word_times(_get(best, "words"))
    at = 0
    for paragraph in _dicts(_get(_get(best, "paragraphs"), "paragraphs")):
        for sentence in _dicts(paragraph.get("sentences")):
            end = parse_seconds(sentence.get("end"))
            first = at
            while at < len(timed) and timed[at][1] < end:
                at += 1
            _add_item(columns, sentence, sentence.get("text"), paragraph.get("speaker"), words=timed[first:at])
    if not columns:
        _add_words(columns, _dicts(_get(best, "words")), 1.0)
    if not columns and isinstance(_get(best, "transcript"), str):
        columns.add(best["transcript"])
    return columns


def looks_like_assemblyai(doc: SourceDocument) -> bool:
    value = doc.json
    signs = ("audio_duration", "acoustic_model", "language_model", "audio_url", "speech_model")
    return isinstance(value, dict) and "text" in value and "segments" not in value and any(k in value for k in signs)


def parse_assemblyai(doc: SourceDocument) -> Columns:
    value = doc.json
    if value.get("status") in ("error", "queued", "processing"):
        raise TranscriptError(f"says its transcription is not done ({value['status']})")
    columns = Columns(language=parse_language_tag(value.get("language_code")))
    utterances = _dicts(value.get("utterances"))
    for u in utterances:
        _add_item(columns, u, u.get("text"), u.get("speaker"), scale=0.001)
    if not utterances:
        _add_words(columns, _dicts(value.get("words")), 0.001)
    if not columns and isinstance(value.get("text"), str):
        columns.add(value["text"])
    return columns


def _add_item(
    columns: Columns, item: dict[str, Any], text: Any, speaker: Any, *, scale: float = 1.0, words: Any = None
) -> None:
    if isinstance(text, str):
        timed = words if words is not None else word_times(item.get("words"), scale)
        name = f"Speaker {speaker}" if isinstance(speaker, str) and len(speaker) == 1 else speaker_label(speaker)
        columns.add(text, parse_seconds(item.get("start")) * scale, parse_seconds(item.get("end")) * scale, name, timed)


def _add_words(columns: Columns, words: list[dict[str, Any]], scale: float) -> None:
    """Adds each word as a segment: Columns merges them into sentences of one speaker."""
    for w in words:
        _add_item(columns, w, w.get("punctuated_word") or w.get("word") or w.get("text"), w.get("speaker"), scale=scale)


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []

"""Recognisers that people run themselves: whisper.cpp, Transformers, Vosk, Kaldi, Gentle, and OpenAI's short answers.

Sources: whisper.cpp, examples/cli (--output-json, --output-json-full); Transformers, AutomaticSpeechRecognitionPipeline
(https://huggingface.co/docs/transformers/main_classes/pipelines; chunks with a timestamp of two seconds); Vosk
(https://alphacephei.com/vosk/; result with conf, start, end, word); BBC's Kaldi
(https://github.com/bbc/react-transcript-editor, adapter bbc-kaldi); Gentle (https://github.com/strob/gentle; words with
case and alignedWord); OpenAI (https://platform.openai.com/docs/api-reference/audio; json, and verbose_json with words).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from podwatch.transcripts.formats.json_segments import parse_language_tag
from podwatch.transcripts.formats.recognisers.timed_pieces import (
    Piece,
    add_pieces,
    align_words,
    dicts,
    first,
    get,
    name_of,
    seconds_of,
    text_of,
)
from podwatch.transcripts.formats.segment_columns import Columns

MIN_BARE_WORDS = 3
# What may stand beside the text of an answer that has nothing else; an error has other keys.
_BARE = {"text", "usage", "logprobs", "language", "language_code", "language_probability", "duration", "task", "model"}


def looks_like_whisper_cpp(value: Any) -> bool:
    row = first(get(value, "transcription"))
    return row is not None and "text" in row and ("offsets" in row or "timestamps" in row)


def parse_whisper_cpp(value: Any) -> Columns:
    columns = Columns(language=parse_language_tag(get(value, "result", "language")))
    for row in dicts(value["transcription"]):
        start, end = (_cpp_seconds(row, side) for side in ("from", "to"))
        words = [(text_of(t.get("text")), _cpp_seconds(t, "from")) for t in dicts(row.get("tokens"))]
        words = [(text, second) for text, second in words if text.startswith(" ") and second == second]
        columns.add(text_of(row.get("text")), start, end, name_of(row.get("speaker")), words)
    return columns


def _cpp_seconds(row: dict[str, Any], side: str) -> float:
    second = seconds_of(get(row, "offsets", side), 0.001)
    return second if second == second else seconds_of(get(row, "timestamps", side))


def looks_like_chunks(value: Any) -> bool:
    row = first(get(value, "chunks"))
    return row is not None and "text" in row and isinstance(row.get("timestamp"), list)


def parse_chunks(value: Any) -> Columns:
    """The chunks, with the speakers that a diarisation of them adds; chunks of one word are merged into sentences."""
    rows = dicts(value.get("speakers")) or dicts(value["chunks"])
    pieces = [_chunk(row) for row in rows]
    blanks = sum(piece.text.strip().count(" ") for piece in pieces)
    if blanks < len(pieces) / 2:
        return add_pieces(Columns(), pieces)
    columns = Columns()
    for piece in pieces:
        columns.add(piece.text, piece.start, piece.end, piece.speaker)
    return columns


def _chunk(row: dict[str, Any]) -> Piece:
    times = row.get("timestamp")
    start, end = times if isinstance(times, list) and len(times) == 2 else (None, None)
    return Piece(text_of(row.get("text")), seconds_of(start), seconds_of(end), name_of(row.get("speaker")))


def looks_like_vosk(value: Any) -> bool:
    results = [value] if isinstance(value, dict) else value
    row = first(results)
    word = first(get(row, "result"))
    return word is not None and "word" in word and "start" in word and "text" in (row or {})


def parse_vosk(value: Any) -> Columns:
    """One result, or a list of them: a segment each."""
    columns = Columns()
    for result in dicts([value] if isinstance(value, dict) else value):
        words = timed_words(result.get("result"), ("word",))
        add_pieces(columns, spaced(words)) if words else columns.add(text_of(result.get("text")))
    return columns


def timed_words(rows: Any, keys: tuple[str, ...], speaker: str | None = None) -> list[Piece]:
    """The words of rows with start and end; keys: under which the word may stand, the best first."""
    pieces: list[Piece] = []
    for row in dicts(rows):
        text = next((row[k] for k in keys if isinstance(row.get(k), str) and row[k]), "")
        if text:
            name = name_of(row.get("speaker")) or speaker
            pieces.append(Piece(text, seconds_of(row.get("start")), seconds_of(row.get("end")), name))
    return pieces


def spaced(words: Iterable[Piece]) -> list[Piece]:
    """The words with a blank before each."""
    return [word._replace(text=f" {word.text.strip()}") for word in words]


def looks_like_bbc_kaldi(value: Any) -> bool:
    word = first(get(value, "retval", "words") or get(value, "words"))
    return word is not None and "punct" in word and "start" in word


def parse_bbc_kaldi(value: Any) -> Columns:
    inner = get(value, "retval") or value
    turns = [
        (seconds_of(s.get("start")), seconds_of(s.get("duration")), name_of(get(s, "speaker", "@id")))
        for s in dicts(get(inner, "segmentation", "segments"))
    ]
    words = spaced(timed_words(inner["words"], ("punct", "word")))
    at = 0
    for i, word in enumerate(words):
        while at + 1 < len(turns) and turns[at + 1][0] <= word.start:
            at += 1
        if turns and turns[at][0] <= word.start:
            words[i] = word._replace(speaker=turns[at][2])
    return add_pieces(Columns(), words)


def looks_like_gentle(value: Any) -> bool:
    word = first(get(value, "words"))
    return word is not None and "case" in word and "word" in word and isinstance(get(value, "transcript"), str)


def parse_gentle(value: Any) -> Columns:
    """The transcript that was aligned, with the times of the words that were found in the sound."""
    return add_pieces(Columns(), align_words(value["transcript"], timed_words(value["words"], ("word",))))


def looks_like_text_and_words(value: Any) -> bool:
    word = first(get(value, "words"))
    has_time = word is not None and "start" in word and isinstance(word.get("word", word.get("text")), str)
    return has_time and isinstance(get(value, "text"), str) and bool(value["text"].strip()) and "segments" not in value


def parse_text_and_words(value: Any) -> Columns:
    """OpenAI's verbose_json with words alone; they have no marks, the text has."""
    columns = Columns(language=parse_language_tag(value.get("language") or value.get("language_code")))
    return add_pieces(columns, align_words(value["text"], timed_words(value["words"], ("word", "text"))))


def looks_like_bare_text(value: Any) -> bool:
    text = get(value, "text")
    return isinstance(text, str) and value.keys() <= _BARE and len(text.split(None, MIN_BARE_WORDS)) >= MIN_BARE_WORDS


def parse_bare_text(value: Any) -> Columns:
    """A text without times."""
    columns = Columns(language=parse_language_tag(value.get("language") or value.get("language_code")))
    columns.add(value["text"], math.nan, math.nan)
    return columns

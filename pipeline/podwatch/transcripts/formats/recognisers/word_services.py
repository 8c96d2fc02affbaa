"""Services whose answer is a list of words, marks and blanks: Speechmatics, Rev AI, ElevenLabs, Soniox.

Sources: Speechmatics (https://docs.speechmatics.com/speech-to-text/batch/output; results of json-v2, words and speakers
of the first version, which hyperaudio keeps in milliseconds: https://github.com/hyperaudio/transcript-converter);
Rev AI (https://docs.rev.ai/api/asynchronous/; monologues of elements); ElevenLabs
(https://elevenlabs.io/docs/api-reference/speech-to-text/convert; words with a type); Soniox
(https://soniox.com/docs/stt/concepts/timestamps; tokens, parts of words in milliseconds, and the words before them).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from podwatch.transcripts.formats.json_segments import parse_language_tag
from podwatch.transcripts.formats.recognisers.timed_pieces import (
    Piece,
    add_pieces,
    dicts,
    first,
    get,
    key_of,
    name_of,
    seconds_of,
    text_of,
)
from podwatch.transcripts.formats.segment_columns import Columns

MAX_WORD_SECONDS = 5  # on average


def looks_like_speechmatics(value: Any) -> bool:
    row = first(get(value, "results"))
    if row is not None:
        return "start_time" in row and "type" in row and isinstance(row.get("alternatives"), list)
    word = first(get(value, "words"))
    return word is not None and "time" in word and "duration" in word and "name" in word


def parse_speechmatics(value: Any) -> Columns:
    metadata = get(value, "metadata")
    columns = Columns(language=parse_language_tag(get(metadata, "transcription_config", "language")))
    if "results" not in value:
        return add_pieces(columns, _first_version(value))
    delimiter = get(metadata, "language_pack_info", "word_delimiter")
    return add_pieces(columns, _results(value["results"], delimiter if isinstance(delimiter, str) else " "))


def _results(rows: Any, delimiter: str) -> Iterator[Piece]:
    is_glued = True
    for row in dicts(rows):
        best = first(row.get("alternatives"))
        text = text_of(get(best, "content"))
        if text:
            attaches = row.get("attaches_to") or ("previous" if row.get("type") == "punctuation" else "none")
            before = "" if is_glued or attaches in ("previous", "both") else delimiter
            is_glued = attaches in ("next", "both")
            is_word = row.get("type") != "punctuation"
            start, end = (seconds_of(row.get(k)) if is_word else seconds_of(None) for k in ("start_time", "end_time"))
            name = name_of(get(best, "speaker"))
            yield Piece(before + text, start, end, None if name == "UU" else name)  # UU: nobody is known


def _first_version(value: dict[str, Any]) -> Iterator[Piece]:
    speakers = value.get("speakers")
    turns = [(seconds_of(s.get("time")), name_of(s.get("name"))) for s in dicts(speakers)]
    at = -1
    scale = _unit(dicts(value["words"]))
    for word in dicts(value["words"]):
        text, start = text_of(word.get("name")), seconds_of(word.get("time"), scale)
        while at + 1 < len(turns) and turns[at + 1][0] <= start:
            at += 1
        if not text[:1].isalnum() and len(text) == 1:
            yield Piece(text)
        else:
            own = word.get("speaker")
            named = name_of(get(speakers, own, "name")) if isinstance(own, str) else None
            speaker = turns[at][1] if at >= 0 else named or name_of(own)
            yield Piece(f" {text}", start, start + seconds_of(word.get("duration"), scale), speaker)


def _unit(words: list[dict[str, Any]]) -> float:
    """Seconds a unit of time: hyperaudio keeps this form in whole milliseconds, and no word takes so many seconds."""
    lengths = [length for w in words[:200] if (length := seconds_of(w.get("duration"))) == length]
    is_whole = all(isinstance(w.get("duration"), int) for w in words[:200])
    return 0.001 if lengths and is_whole and sum(lengths) / len(lengths) > MAX_WORD_SECONDS else 1.0


def looks_like_rev(value: Any) -> bool:
    return isinstance(get(first(get(value, "monologues")), "elements"), list)


def parse_rev(value: Any) -> Columns:
    names = {key_of(s.get("id")): name_of(s.get("name")) for s in dicts(value.get("speakers"))}
    columns = Columns(language=parse_language_tag(value.get("language")))
    for monologue in dicts(value["monologues"]):
        speaker = monologue.get("speaker")
        known = names.get(key_of(speaker)) or name_of(get(monologue, "speaker_info", "display_name"))
        add_pieces(columns, _elements(monologue.get("elements"), known or name_of(speaker)))
    return columns


def _elements(rows: Any, speaker: str | None) -> Iterator[Piece]:
    for row in dicts(rows):
        yield Piece(text_of(row.get("value")), seconds_of(row.get("ts")), seconds_of(row.get("end_ts")), speaker)


def looks_like_elevenlabs(value: Any) -> bool:
    word = first(get(first(get(value, "transcripts")) or value, "words"))
    return word is not None and word.get("type") in ("word", "spacing", "audio_event") and "text" in word


def parse_elevenlabs(value: Any) -> Columns:
    """One transcript, or one for each channel."""
    parts = dicts(value.get("transcripts")) or [value]
    columns = Columns(language=parse_language_tag(parts[0].get("language_code")))
    for part in parts:
        add_pieces(columns, _typed_words(part.get("words")))
    return columns


def _typed_words(rows: Any) -> Iterator[Piece]:
    was_word = False
    for row in dicts(rows):
        text, is_word = text_of(row.get("text")), row.get("type") != "spacing"
        if was_word and is_word:  # the spacing may be left out
            yield Piece(" ")
        was_word = is_word
        start, end = (seconds_of(row.get(k)) if is_word else seconds_of(None) for k in ("start", "end"))
        yield Piece(text, start, end, name_of(row.get("speaker_id")))


def looks_like_soniox(value: Any) -> bool:
    token = first(get(value, "tokens") or get(value, "words"))
    return token is not None and "start_ms" in token and "text" in token


def parse_soniox(value: Any) -> Columns:
    rows = dicts(value.get("tokens") or value.get("words"))
    spoken = [
        row for row in rows if row.get("is_final") is not False and row.get("translation_status") != "translation"
    ]
    columns = Columns(language=parse_language_tag(get(first(rows), "language")))
    return add_pieces(columns, join_parts(map(_token, spoken)))


def _token(row: dict[str, Any]) -> Piece:
    start, end = seconds_of(row.get("start_ms"), 0.001), seconds_of(row.get("end_ms"), 0.001)
    if end != end:
        end = start + seconds_of(row.get("duration_ms"), 0.001)
    text = text_of(row.get("text"))
    return Piece("" if text in ("<end>", "<fin>") else text, start, end, name_of(row.get("speaker")))


def join_parts(parts: Iterable[Piece]) -> Iterator[Piece]:
    """Whole words of parts of words: a part without a blank before it goes on with the word."""
    word: Piece | None = None
    for part in parts:
        if word is None:
            word = part
        elif (
            part.text[:1].isspace() or word.text[-1:].isspace() or part.speaker != word.speaker or len(word.text) > 200
        ):
            yield word
            word = part
        else:
            start = word.start if word.text.strip() else part.start
            word = word._replace(text=word.text + part.text, start=start, end=part.end)
    if word is not None:
        yield word

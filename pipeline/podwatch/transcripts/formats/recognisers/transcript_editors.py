"""What editors of transcripts save: BBC's Digital Paper Edit and Hyperaudio, Draft.js, Slate.

Sources: https://github.com/bbc/digital-paper-edit-client (words and paragraphs, which are joined by their times; the
same as Hyperaudio's JSON, https://github.com/hyperaudio/hyperaudio-lite); https://github.com/bbc/react-transcript-editor
(Draft.js blocks whose data holds speaker, start and words, or whose words are entities:
https://draftjs.org/docs/api-reference-data-conversion); https://github.com/pietrop/slate-transcript-editor (a list of
timedText with children). Otter's is documented nowhere: so clients of its
web API read it (speech.transcripts; start_offset counts samples, alignment seconds from there).
"""

from __future__ import annotations

import math
from typing import Any

from podwatch.transcripts.formats.recognisers.speech_toolkits import spaced, timed_words
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

OTTER_RATE = 16_000  # samples a second
_WORD_KEYS = ("text", "punct", "word")


def looks_like_paper_edit(value: Any) -> bool:
    value = first(value) if isinstance(value, list) else value  # the parts of a recording, or of an edit
    inner = get(value, "transcript") if isinstance(get(value, "transcript"), dict) else value
    word, paragraph = first(get(inner, "words")), first(get(inner, "paragraphs"))
    return word is not None and paragraph is not None and "start" in word and "text" in word and "start" in paragraph


def parse_paper_edit(value: Any) -> Columns:
    """The words, each in the paragraph at its time."""
    if isinstance(value, list):
        columns = Columns()
        for part in filter(looks_like_paper_edit, value):
            read = parse_paper_edit(part)
            for i, segment in enumerate(read):
                columns.add(segment.text, segment.start, segment.end, segment.speaker, read.words.get(i, ()))
        return columns
    inner = value["transcript"] if isinstance(value.get("transcript"), dict) else value
    turns = sorted((seconds_of(p.get("start")), i, p) for i, p in enumerate(dicts(inner["paragraphs"])))
    columns = Columns()
    at, part = 0, list[Piece]()
    for word in spaced(timed_words(inner["words"], _WORD_KEYS)):
        while at + 1 < len(turns) and turns[at + 1][0] <= word.start + 0.001:
            at += 1
            add_pieces(columns, part)
            part = []
        part.append(word._replace(speaker=name_of(turns[at][2].get("speaker"))))
    return add_pieces(columns, part)


def looks_like_draft(value: Any) -> bool:
    block = first(_draft(value).get("blocks"))
    return block is not None and "text" in block and "entityMap" in _draft(value)


def _draft(value: Any) -> dict[str, Any]:
    """The content: the value, or what an editor has put around it."""
    for key in ("draftJs", "data", "content", "transcript"):
        inner = get(value, key)
        if isinstance(inner, dict) and "blocks" in inner:
            return inner
    return value if isinstance(value, dict) else {}


def parse_draft(value: Any) -> Columns:
    """A block is one turn; its words stand in its data or in the entities that its ranges name."""
    content = _draft(value)
    entities = content.get("entityMap")
    columns = Columns()
    for block in dicts(content.get("blocks")):
        data = block.get("data")
        speaker = name_of(get(data, "speaker"))
        rows = get(data, "words")
        if not isinstance(rows, list):
            rows = [get(_entity(entities, r.get("key")), "data") for r in dicts(block.get("entityRanges"))]
        words = timed_words(rows, _WORD_KEYS, speaker)
        text = text_of(block.get("text"))
        if any(w.start == w.start for w in words):
            add_pieces(columns, [w._replace(speaker=speaker or w.speaker) for w in align_words(text, words)])
        else:
            columns.add(text, seconds_of(get(data, "start")), math.nan, speaker)
    return columns


def _entity(entities: Any, key: Any) -> Any:
    if isinstance(entities, list):
        return entities[key] if isinstance(key, int) and 0 <= key < len(entities) else None
    return get(entities, str(key))


def looks_like_slate(value: Any) -> bool:
    row = first(value)
    child = first(get(row, "children"))
    return child is not None and "text" in child and ("start" in (row or {}) or "words" in child)


def parse_slate(value: Any) -> Columns:
    columns = Columns()
    for row in dicts(value):
        speaker, start = name_of(row.get("speaker")), seconds_of(row.get("start"))
        for child in dicts(row.get("children")):
            words = timed_words(child.get("words"), _WORD_KEYS, speaker)
            text = text_of(child.get("text"))
            if words:
                add_pieces(columns, [w._replace(speaker=speaker) for w in align_words(text, words)])
            else:
                columns.add(text, start, math.nan, speaker)
    return columns


def looks_like_otter(value: Any) -> bool:
    row = first(get(_speech(value), "transcripts"))
    return row is not None and "start_offset" in row and "transcript" in row


def _speech(value: Any) -> Any:
    return value["speech"] if isinstance(get(value, "speech"), dict) else value


def parse_otter(value: Any) -> Columns:
    """A segment a paragraph; its words count their seconds from its start."""
    speech = _speech(value)
    names = {
        key_of(s.get("speaker_id", s.get("id"))): name_of(s.get("speaker_name")) for s in dicts(speech.get("speakers"))
    }
    columns = Columns(title=text_of(speech.get("title")))
    for row in dicts(speech["transcripts"]):
        start, end = (seconds_of(row.get(key)) / OTTER_RATE for key in ("start_offset", "end_offset"))
        words = [(text_of(w.get("word")), start + seconds_of(w.get("start"))) for w in dicts(row.get("alignment"))]
        speaker = row.get("speaker_id")
        columns.add(
            text_of(row.get("transcript")),
            start,
            end,
            names.get(key_of(speaker)) or name_of(row.get("speaker_name")) or name_of(speaker),
            [(word, second) for word, second in words if word and second == second],
        )
    return columns

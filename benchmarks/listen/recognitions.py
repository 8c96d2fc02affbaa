"""What was recognised in a file of the spoken test set, kept beside it: hearing it once more would tell the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from podwatch.model import RecognisedChunk, RecognisedSegment, RecognisedWord
from podwatch.speech.chunks import split_at_silence
from podwatch.speech.decoding import open_audio
from podwatch.speech.recognisers import Recogniser
from podwatch.speech.transcribing import transcribe


def recognise(path: Path, recogniser: Recogniser, language: str | None = "en") -> list[RecognisedChunk]:
    """What is heard in a file, by this recogniser: read where it was heard before. language: None for what it is."""
    kept = path.with_name(f"{path.name}.{recogniser.name.replace('/', '-').replace(' ', '-')}.json")
    if kept.exists():
        return read_chunks(kept)
    with open_audio(path, max_hours=3) as audio:
        chunks = transcribe(split_at_silence(audio), recogniser, {}, lambda number, chunk: None, language=language)
    part = kept.with_suffix(".part")
    part.write_text(json.dumps([asdict(chunk) for chunk in chunks]))
    part.rename(kept)
    return chunks


def read_chunks(path: Path) -> list[RecognisedChunk]:
    """What was kept in a file, as JSON."""
    return [_chunk(row) for row in json.loads(path.read_text())]


def _chunk(row: Mapping[str, Any]) -> RecognisedChunk:
    segments = tuple(
        RecognisedSegment(**s | {"words": tuple(RecognisedWord(**w) for w in s["words"])}) for s in row["segments"]
    )
    return RecognisedChunk(**dict(row) | {"segments": segments, "voices": ()})

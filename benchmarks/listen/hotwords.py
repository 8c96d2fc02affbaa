"""Names as hotwords: what a second decode writes that is given the watched names, beside the second hearing.

    python -m benchmarks.listen.second_hearing FOLDER --hotwords

Each file is decoded once more with its eight names, and four that nobody says in it, as hotwords: twelve, since more
crash the decoder or make it loop (condition_on_previous_text is off). A name that is then written where it is said is
found, where it is not said it is invented. The decodes are kept beside the files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.listen.doubts import DoubtSet, Said
from benchmarks.listen.recognitions import read_chunks, recognise
from benchmarks.listen.spoken_set import PASSAGES, SpokenFile
from benchmarks.sounds_like.names import is_same_name
from podwatch.model import RecognisedChunk, RecognisedSegment, RecognisedWord, Transcript
from podwatch.query.second_hearing import spellings_of
from podwatch.speech.decoding import open_audio
from podwatch.speech.transcribing import to_transcript

NAMES = 12


@dataclass(frozen=True, slots=True)
class Written:
    """What the decodes with hotwords have. found: mentions, by file and number; wrong: (file, name, form) of each place
    where a name is written that is not said there; tried: hours of talk times names."""

    found: frozenset[tuple[str, int]]
    wrong: tuple[tuple[str, str, str], ...]
    tried: float


def decode_with_hotwords(files: Sequence[SpokenFile], doubts: DoubtSet, recogniser: Any) -> Written:
    """recogniser: a FasterWhisper, whose own recognition of the files is there already."""
    names = [s.name for s in doubts.subjects]
    found: set[tuple[str, int]] = set()
    wrong: list[tuple[str, str, str]] = []
    for file in files:
        own = [names.index(s.name) for s in file.spoken]
        tried = [names[i] for i in (*own, *((i + PASSAGES) % len(names) for i in own))][:NAMES]
        plain = to_transcript(recognise(file.path, recogniser), source="speech:")
        biased = to_transcript(_decode(file, tried, recogniser), source="speech:")
        there = {(s.name, s.number): s for s in doubts.said(file, biased)}
        for i, s in enumerate(doubts.said(file, plain)):
            again = there.get((s.name, s.number))
            if again is not None and _is_written(biased.text[again.start : again.end], s.name):
                found.add((file.path.name, i))
        wrong += [(file.path.name, *w) for w in _invented(biased, tried, list(there.values()))]
    return Written(frozenset(found), tuple(wrong), sum(f.seconds for f in files) / 3600 * NAMES)


def _decode(file: SpokenFile, names: Sequence[str], recogniser: Any) -> list[RecognisedChunk]:
    kept = file.path.with_name(f"{file.path.name}.hotwords-{len(names)}.json")
    if not kept.exists():
        import numpy as np

        with open_audio(file.path, max_hours=3) as audio:
            samples = np.concatenate(list(audio))
        segments, _ = recogniser._model.transcribe(
            samples,
            language="en",
            beam_size=5,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
            hotwords=", ".join(names),
        )
        heard = tuple(
            RecognisedSegment(s.start, s.end, s.text, tuple(RecognisedWord(w.start, w.end, w.word) for w in s.words))
            for s in segments
        )
        part = Path(f"{kept}.part")
        part.write_text(json.dumps([asdict(RecognisedChunk(0.0, file.seconds, heard, "en"))]))
        part.rename(kept)
    return read_chunks(kept)


def _is_written(heard: str, name: str) -> bool:
    return any(is_same_name(spelling, heard) for spelling in spellings_of(name))


def _invented(biased: Transcript, names: Sequence[str], said: Sequence[Said]) -> Iterator[tuple[str, str]]:
    """(name, form) of each place where one of the names is written, and not said."""
    for name in names:
        spellings = spellings_of(name)
        pattern = "|".join(re.escape(spelling) for spelling in spellings)
        for m in re.finditer(rf"\b(?:{pattern})\b", biased.text, re.IGNORECASE):
            if not any(s.name == name and s.start < m.end() and m.start() < s.end for s in said):
                is_full = m.group().casefold() == name.casefold()
                yield name, "full" if is_full else "surname"

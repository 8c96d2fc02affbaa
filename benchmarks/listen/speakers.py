"""How well speakers are told apart in dialogues (dialogues.py), beside one speaker for all, and what that costs."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.listen.dialogues import Dialogue, Turn
from benchmarks.listen.diarisation import Errors, diarisation_errors
from podwatch.model import RecognisedChunk
from podwatch.settings import from_environment
from podwatch.speech.chunks import split_at_silence
from podwatch.speech.decoding import open_audio
from podwatch.speech.recognisers import RECOGNISERS, Recogniser
from podwatch.speech.speakers.recogniser import SpeakerRecogniser
from podwatch.speech.transcribing import transcribe

GAP = 0.5  # seconds without words that end a turn
CHUNK, LONGEST = 40.0, 60.0  # seconds: short, so that a dialogue has several, whose speakers must be the same


@dataclass
class Told:
    """cpu: seconds, of recognising and of telling apart. errors: by condition; single: if all were one speaker.
    counts: (speakers there are, speakers found) of each file."""

    audio: float = 0.0
    cpu: list[float] = field(default_factory=lambda: [0.0, 0.0])
    errors: dict[str, Errors] = field(default_factory=dict)
    single: dict[str, Errors] = field(default_factory=dict)
    counts: list[tuple[int, int]] = field(default_factory=list)

    @property
    def right(self) -> int:
        """In how many files the number of speakers is right."""
        return sum(there == found for there, found in self.counts)


class TimedRecogniser:
    """A recogniser, and what it has cost."""

    def __init__(self, inner: Recogniser) -> None:
        self.inner, self.cpu = inner, 0.0
        self.name, self.longest = inner.name, inner.longest
        self.tells_speakers, self.takes_keyterms = inner.tells_speakers, inner.takes_keyterms

    def recognise(
        self, samples: NDArray[np.float32], *, language: str | None, hints: Sequence[str] = ()
    ) -> RecognisedChunk:
        began = time.process_time()
        heard = self.inner.recognise(samples, language=language, hints=hints)
        self.cpu += time.process_time() - began
        return heard

    def forced_decoder(self, language: str) -> None:
        pass

    def close(self) -> None:
        self.inner.close()


def tell_apart(model: Path, models: Path, dialogues: Sequence[Dialogue]) -> Told:
    """Hears the dialogues with their speakers."""
    environment = {"PODWATCH_SPEECH_MODEL": str(model), "PODWATCH_SPEECH_MODELS": str(models), "PODWATCH_HOME": "."}
    settings = from_environment({**os.environ, **environment})
    inner = TimedRecogniser(RECOGNISERS["faster-whisper"](settings))
    recogniser, told = SpeakerRecogniser(inner, settings.speech), Told()
    for dialogue in dialogues:
        began, before = time.process_time(), inner.cpu
        with open_audio(dialogue.path, max_hours=1, where=dialogue.path.name) as audio:
            chunks = transcribe(
                split_at_silence(audio, target=CHUNK, longest=LONGEST), recogniser, {}, lambda n, c: None, language="en"
            )
        told.cpu[0] += inner.cpu - before
        told.cpu[1] += time.process_time() - began - (inner.cpu - before)
        told.audio += dialogue.seconds
        count_errors(told, dialogue, chunks)
    return told


def count_errors(told: Told, dialogue: Dialogue, chunks: Sequence[RecognisedChunk]) -> None:
    turns = found_turns(chunks)
    errors = diarisation_errors(dialogue.turns, turns)
    one = diarisation_errors(dialogue.turns, [replace(t, speaker="1") for t in turns])
    for condition in (dialogue.condition, "all"):
        told.errors[condition] = told.errors.get(condition, Errors()) + errors
        told.single[condition] = told.single.get(condition, Errors()) + one
    told.counts.append((dialogue.speakers, len({t.speaker for t in turns if t.speaker})))


def found_turns(chunks: Sequence[RecognisedChunk]) -> list[Turn]:
    """Who speaks when by the words: those of one speaker with no GAP between them are a turn."""
    turns: list[Turn] = []
    for s in (s for chunk in chunks for s in chunk.segments):
        for part in s.words or (s,):
            speaker = s.speaker or ""
            if turns and turns[-1].speaker == speaker and part.start - turns[-1].end <= GAP:
                turns[-1] = replace(turns[-1], end=max(turns[-1].end, part.end))
            else:
                turns.append(Turn(part.start, part.end, speaker))
    return turns

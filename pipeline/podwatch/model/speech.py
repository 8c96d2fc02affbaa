"""Speech as a recogniser heard it: words with their times and probabilities, chunk by chunk of the audio."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecognisedWord:
    """start, end: seconds. text: with the blank before it where there is one. probability: 0..1, None: not known."""

    start: float
    end: float
    text: str
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class RecognisedSegment:
    """A passage. words: empty where the recogniser gives none. speaker: only where the recogniser tells them apart."""

    start: float
    end: float
    text: str
    words: tuple[RecognisedWord, ...] = ()
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class RecognisedChunk:
    """What was heard in a part of an audio file.

    start, end: seconds from the start of the file, as are the times of the segments. language: ISO 639-1, None: not
    known. speech_seconds: how much of it is speech, as voice activity detection has it; None: not known.
    """

    start: float
    end: float
    segments: tuple[RecognisedSegment, ...]
    language: str | None = None
    speech_seconds: float | None = None

"""Speech as a recogniser heard it: words with their times and probabilities, chunk by chunk of the audio."""

from __future__ import annotations

from dataclasses import dataclass, field

from podwatch.model.feeds import Episode

SPEECH = "speech:"  # begins the source of a transcript that podwatch recognised; the recogniser's name follows


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
class VoiceWindow:
    """What is spoken from ``start`` to ``end`` sounds like: an embedding, as speech.speakers.labels packs it."""

    start: float
    end: float
    voice: str


@dataclass(frozen=True, slots=True)
class RecognisedChunk:
    """What was heard in a part of an audio file.

    start, end: seconds from the start of the file, as are the times of the segments. language: ISO 639-1, None: not
    known. speech_seconds: how much of it is speech, as voice activity detection has it; None: not known. voices: where
    speakers are told apart by their voices, over all chunks.
    """

    start: float
    end: float
    segments: tuple[RecognisedSegment, ...]
    language: str | None = None
    speech_seconds: float | None = None
    voices: tuple[VoiceWindow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenRequest:
    """An episode without a transcript, whose audio may be listened to.

    feed_url, login, tags: of its feed; listen: what that says of listening, None: nothing. requested: a backfill asks
    for it. failures: of earlier attempts. rank: 0 for the newest episode of its feed. was_there: it was in the feed's
    first poll.
    """

    episode: Episode
    feed_url: str = ""
    login: str | None = field(default=None, repr=False)
    tags: tuple[str, ...] = ()
    listen: bool | None = None
    requested: bool = False
    failures: int = 0
    rank: int = 0
    was_there: bool = False

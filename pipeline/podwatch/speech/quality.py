"""How good a transcript of speech is: how sure the recogniser was, where it looped, what it made up."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from podwatch.model import RecognisedChunk, clean_text
from podwatch.speech.loops import Loop, separate_loops
from podwatch.speech.phantoms import find_phantoms

UNSURE = 0.5  # mean probability of words
COMPRESSED = 2.4  # as Whisper itself has it: text that can be compressed further repeats itself


@dataclass(frozen=True, slots=True)
class SpeechQuality:
    """words: recognised. probability: their mean, None: not known. compression: of the text before loops are cut, as
    Whisper has it. loops, phantoms: how many there are. silence: share of the audio without talk, None: not known.
    """

    words: int
    probability: float | None
    compression: float
    loops: tuple[Loop, ...]
    phantoms: int
    silence: float | None
    language: str | None

    @property
    def is_doubtful(self) -> bool:
        """Whether a reader should be told that much of the transcript may be wrong."""
        return bool(self.loops) or self.compression > COMPRESSED or (self.probability or 1.0) < UNSURE


def measure_quality(chunks: Sequence[RecognisedChunk], language: str | None = None) -> SpeechQuality:
    """The signals of what was heard. language: of the transcript."""
    every = [s for chunk in chunks for s in chunk.segments]
    _, loops = separate_loops(every)
    known = [w.probability for s in every for w in s.words if w.probability is not None]
    seconds = sum(c.end - c.start for c in chunks)
    speech = [c.speech_seconds for c in chunks]
    silence = 1 - sum(s or 0.0 for s in speech) / seconds if seconds > 0 and None not in speech else None
    return SpeechQuality(
        words=sum(len(s.text.split()) for s in every),
        probability=round(sum(known) / len(known), 3) if known else None,
        compression=compression_ratio(" ".join(clean_text(s.text) for s in every)),
        loops=tuple(loops),
        phantoms=len(find_phantoms(chunks)),
        silence=None if silence is None else round(min(1.0, max(0.0, silence)), 3),
        language=language,
    )


def compression_ratio(text: str) -> float:
    """How many bytes become one by zlib: about 2 for talk, far more for what repeats itself; 0 for no text."""
    data = text.encode()
    return round(len(data) / len(zlib.compress(data)), 2) if data else 0.0

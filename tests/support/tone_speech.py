"""Speech for tests: each word is a tone of its own, which ToneRecogniser hears by its frequency.

So audio goes through the real decoder and is cut by the real splitter, and what is heard, and when, is known exactly.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podwatch.errors import RecogniserError
from podwatch.model import RecognisedChunk, RecognisedSegment, RecognisedWord
from podwatch.speech.forced_decoding import Likelihoods, Place
from podwatch.speech.recognisers import SAMPLE_RATE

VOCABULARY = ("grain", "came", "from", "odesa", "today", "ships", "leave", "again", "kallis")
WORD_SECONDS = 0.5  # a tone of 0.4 s and a pause
_FIRST, _STEP = 400, 100  # Hz


def speak(words: str, *, silence: float = 0.0) -> bytes:
    """A WAV file in which these words of VOCABULARY are said, each in WORD_SECONDS, then silence (seconds)."""
    at = np.arange(round(0.4 * SAMPLE_RATE)) / SAMPLE_RATE
    pause = np.zeros(round(0.1 * SAMPLE_RATE))
    parts = []
    for word in words.split():
        tone = 0.5 * np.sin(2 * np.pi * (_FIRST + _STEP * VOCABULARY.index(word)) * at)
        parts += [tone, pause]
    parts.append(np.zeros(round(silence * SAMPLE_RATE)))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes((np.concatenate(parts) * 32767).astype("<i2").tobytes())
    return file.getvalue()


class ToneRecogniser:
    """Hears what speak() says. heard: the starting word of each chunk that it was given. before: called with each.

    sounds: of names, the word of VOCABULARY as which they are said; None: it tells no probabilities.
    """

    def __init__(
        self,
        *,
        longest: float = 6.0,
        before: Callable[[int], None] = lambda n: None,
        sounds: Mapping[str, str] | None = None,
    ) -> None:
        self.sounds = sounds
        self.asked: list[tuple[str, str]] = []
        self.name, self.longest, self.tells_speakers, self.takes_keyterms = "tones 1", longest, False, False
        self.hints: list[str] = []
        self.heard: list[str] = []
        self._before = before

    def recognise(
        self, samples: NDArray[np.float32], *, language: str | None, hints: Sequence[str] = ()
    ) -> RecognisedChunk:
        self._before(len(self.heard))
        self.hints += hints
        words = list(self._words(samples))
        self.heard.append(words[0].text.strip() if words else "")
        text = "".join(w.text for w in words)
        segments = (RecognisedSegment(words[0].start, words[-1].end, text, tuple(words)),) if words else ()
        seconds = len(samples) / SAMPLE_RATE
        return RecognisedChunk(0.0, seconds, segments, language or "en", len(words) * WORD_SECONDS)

    def forced_decoder(self, language: str) -> Any:
        return None if self.sounds is None else ToneHearing(self)

    def close(self) -> None:
        pass

    def _words(self, samples: NDArray[np.float32]) -> list[RecognisedWord]:
        """Sound that is louder than silence, by its strongest frequency; a pause ends a word."""
        window = round(0.05 * SAMPLE_RATE)
        loud = [float(np.abs(samples[i : i + window]).max(initial=0)) > 0.1 for i in range(0, len(samples), window)]
        found, start = [], None
        for i, is_loud in enumerate([*loud, False]):
            if is_loud and start is None:
                start = i
            elif not is_loud and start is not None:
                tone = samples[start * window : i * window]
                if len(tone) >= round(0.2 * SAMPLE_RATE):
                    peak = float(np.fft.rfftfreq(len(tone), 1 / SAMPLE_RATE)[np.abs(np.fft.rfft(tone)).argmax()])
                    word = VOCABULARY[round((peak - _FIRST) / _STEP)]
                    found.append(RecognisedWord(start * 0.05, i * 0.05, f" {word}", 0.9))
                start = None
        return found


class ToneHearing:
    """Tells by the tones whether a name was said at a place. asked (of the recogniser): (spelling, the word there)."""

    def __init__(self, recogniser: ToneRecogniser) -> None:
        self._recogniser, self.name = recogniser, recogniser.name

    def encode(self, samples: NDArray[np.float32]) -> tuple[list[str], int]:
        return [w.text.strip() for w in self._recogniser._words(samples)], len(samples)

    def likelihoods(self, window: tuple[list[str], int], place: Place, spelling: str) -> Likelihoods:
        said = (window[0][len(place.before.split()) :] or [""])[0]
        self._recogniser.asked.append((spelling, said))
        is_said = (self._recogniser.sounds or {}).get(spelling) == said
        return Likelihoods(-0.1, 3.0, -1.0, 1.0, -1.0) if is_said else Likelihoods(-6.0, -5.0, -8.0, -8.0, -1.0)

    def context_likelihood(self, window: tuple[list[str], int], place: Place) -> float:
        around = place.before.split() + place.after.lower().replace(".", "").split()
        return -0.1 if all(word.lower().strip(".") in window[0] for word in around) else -7.0


class DeafRecogniser(ToneRecogniser):
    """One that cannot be used, as a service whose key is wrong."""

    def recognise(
        self, samples: NDArray[np.float32], *, language: str | None, hints: Sequence[str] = ()
    ) -> RecognisedChunk:
        raise RecogniserError(
            "the service refuses the key", where="https://asr.example", todo="set PODWATCH_SPEECH_KEY"
        )

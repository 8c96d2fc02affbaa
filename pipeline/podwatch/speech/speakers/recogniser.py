"""A recogniser, and what the voices in each chunk sound like, which is kept with the words of the chunk.

Who they are is decided when all chunks are heard (labels.py): a killed worker loses nothing of it, and another one
goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from podwatch.model import RecognisedChunk, RecognisedSegment, VoiceWindow
from podwatch.phonetics.blas_threads import single_blas_thread
from podwatch.speech.speakers.labels import pack_voice
from podwatch.speech.speakers.mel_energies import FRAMES, log_mel
from podwatch.speech.speakers.speaker_model import REVISION, find_speaker_model, load_network

if TYPE_CHECKING:
    from podwatch.speech.forced_decoding import ForcedDecoder
    from podwatch.speech.recognisers import Recogniser
    from podwatch.speech_settings import SpeechSettings

LENGTH, STEP = 1.5, 0.75  # seconds of a window, and between two, at most
SHORTEST = 0.5  # seconds
BREAK = 0.4  # seconds without words that end a stretch of talk: windows do not reach over it
_BATCH = 4  # windows at once: more cost more, since they fall out of the cache


class SpeakerRecogniser:
    """A Recogniser whose chunks have voices."""

    tells_speakers = False  # by itself: labels.py does, over all chunks

    def __init__(self, inner: Recogniser, settings: SpeechSettings) -> None:
        self._inner, self._network = inner, load_network(find_speaker_model(settings))
        self.longest, self.takes_keyterms = inner.longest, inner.takes_keyterms
        self.name = f"{inner.name}, speakers by {REVISION}"

    def recognise(
        self, samples: NDArray[np.float32], *, language: str | None, hints: Sequence[str] = ()
    ) -> RecognisedChunk:
        """See Recogniser."""
        heard = self._inner.recognise(samples, language=language, hints=hints)
        return replace(heard, voices=tuple(self._voices(samples, heard.segments)))

    def forced_decoder(self, language: str) -> ForcedDecoder | None:
        """See Recogniser."""
        return self._inner.forced_decoder(language)

    def close(self) -> None:
        self._inner.close()

    def _voices(self, samples: NDArray[np.float32], segments: Sequence[RecognisedSegment]) -> Iterator[VoiceWindow]:
        features = log_mel(samples)
        places = list(place_windows(segments, len(features) / FRAMES))
        found: dict[int, str] = {}
        with single_blas_thread():  # more threads for so little work wait for each other
            for count in {n for _, n in places}:
                same = [i for i, (_, n) in enumerate(places) if n == count]
                for at in range(0, len(same), _BATCH):
                    some = same[at : at + _BATCH]
                    cut = np.stack([features[places[i][0] : places[i][0] + count] for i in some])
                    embeddings = self._network.embed(cut - cut.mean(1, keepdims=True))
                    found.update(zip(some, map(pack_voice, embeddings), strict=True))
        for i, (first, count) in enumerate(places):
            yield VoiceWindow(first / FRAMES, (first + count) / FRAMES, found[i])


def place_windows(segments: Sequence[RecognisedSegment], seconds: float) -> Iterator[tuple[int, int]]:
    """(first frame, frames) of each window: they cover all talk, and are of a few lengths only."""
    most = int(seconds * FRAMES)
    for start, end in stretches(segments):
        short = max(end - start, SHORTEST)
        if short <= LENGTH:
            count = min(most, int(short * FRAMES) // 10 * 10)
            first = int((start + end) / 2 * FRAMES) - count // 2
            starts = [first]
        else:
            count = min(most, int(LENGTH * FRAMES))
            steps = int(np.ceil((end - start - LENGTH) / STEP))
            starts = [int((start + (end - start - LENGTH) * i / steps) * FRAMES) for i in range(steps + 1)]
        if count >= SHORTEST * FRAMES:
            yield from ((max(0, min(first, most - count)), count) for first in starts)


def stretches(segments: Sequence[RecognisedSegment]) -> list[tuple[float, float]]:
    """From when to when somebody speaks, by the words' times."""
    found: list[tuple[float, float]] = []
    for part in (w for s in segments for w in (s.words or (s,))):
        if found and part.start - found[-1][1] <= BREAK:
            found[-1] = (found[-1][0], max(found[-1][1], part.end))
        else:
            found.append((part.start, part.end))
    return found

"""The recognisers by their name in the setting PODWATCH_SPEECH_RECOGNISER: another one is one file, and one line here.

Each is loaded when it is built: nothing here imports a model or a heavy library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from podwatch.errors import SpeechError
from podwatch.model import RecognisedChunk
from podwatch.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from podwatch.speech.forced_decoding import ForcedDecoder

SAMPLE_RATE = 16_000  # samples a second, mono: what every recogniser here gets


class Recogniser(Protocol):
    """Hears speech in samples.

    name: of the recogniser with its model and the model's revision ("faster-whisper base@ebe41f7"): the same name and
    the same samples give the same words. longest: seconds of a chunk that it takes, at most. tells_speakers: whether
    its segments have speakers, whose names hold for one chunk only: see transcribing.chunk_seconds. takes_keyterms:
    whether the watched names are given to it; Whisper writes a name that it is given where another one was said.
    """

    name: str
    longest: float
    tells_speakers: bool
    takes_keyterms: bool

    def recognise(
        self, samples: NDArray[np.float32], *, language: str | None, hints: Sequence[str] = ()
    ) -> RecognisedChunk:
        """What is said in ``samples`` (SAMPLE_RATE, -1 to 1), its times counted from their start.

        language: ISO 639-1, None: it is recognised, too. hints: names that are likely said. Raises SpeechError.
        """
        ...

    def forced_decoder(self, language: str) -> ForcedDecoder | None:
        """What asks its model how likely a name is at a place; None where it tells no probabilities, or not of this
        language (ISO 639-1)."""
        ...

    def close(self) -> None:
        """Frees the model or the connection."""
        ...


def _faster_whisper(settings: Settings) -> Recogniser:
    from podwatch.speech.recognisers.faster_whisper import FasterWhisper

    return FasterWhisper(settings)


def _openai(settings: Settings) -> Recogniser:
    from podwatch.speech.recognisers.openai_service import OpenAiService

    return OpenAiService(settings)


def _deepgram(settings: Settings) -> Recogniser:
    from podwatch.speech.recognisers.deepgram import Deepgram

    return Deepgram(settings)


RECOGNISERS: Mapping[str, Callable[[Settings], Recogniser]] = MappingProxyType(
    {"faster-whisper": _faster_whisper, "openai": _openai, "deepgram": _deepgram}
)


def build_recogniser(settings: Settings) -> Recogniser:
    """The recogniser of the settings, its model loaded; raises SpeechError with what to do when it cannot be used."""
    name = settings.speech.recogniser
    if name not in RECOGNISERS:
        what = f"there is no such recogniser; there are {', '.join(RECOGNISERS)}"
        raise SpeechError(what, where=f"PODWATCH_SPEECH_RECOGNISER={name}", todo="choose one of them")
    recogniser = RECOGNISERS[name](settings)
    if not settings.speech.speakers or recogniser.tells_speakers:
        return recogniser
    from podwatch.speech.speakers.recogniser import SpeakerRecogniser

    return SpeakerRecogniser(recogniser, settings.speech)

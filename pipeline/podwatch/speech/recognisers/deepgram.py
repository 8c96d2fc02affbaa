"""Hears through Deepgram by the team's own key: formatted, with speakers, and with the watched names as its keyterms.

A request is a long chunk, since speakers are told apart within one.
(https://developers.deepgram.com/docs: pre-recorded-audio, diarization, keyterm, language-detection, errors)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from podwatch.errors import SpeechError
from podwatch.model import RecognisedChunk, RecognisedWord
from podwatch.settings import Settings
from podwatch.speech.language_names import language_code
from podwatch.speech.recognisers import SAMPLE_RATE
from podwatch.speech.segments import split_segment
from podwatch.speech.service import KEY, SpeechService, dicts, encode_flac, read_probability, read_seconds
from podwatch.speech_settings import SpeechSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEEPGRAM = "https://api.deepgram.com/v1/listen"
DEFAULT_MODEL = "nova-3"
KEYTERM_MODELS = ("nova-3", "flux")
MAX_KEYTERMS, MAX_KEYTERM_CHARACTERS = 50, 1500  # Deepgram takes 500 tokens of them; more is an error
WITHOUT_BLANKS = {"zh", "ja", "th"}  # languages whose words have none between them


class Deepgram:
    """longest: an hour, whose FLAC has some 60 MB; Deepgram takes 2 GB."""

    longest, tells_speakers, takes_keyterms = 3600.0, True, True

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        speech = settings.speech
        if not speech.key:
            raise SpeechError("is not set", where=KEY, todo="set it to a key of Deepgram's console")
        self._key = speech.key
        self._url = endpoint(speech.url)
        self._model = DEFAULT_MODEL if speech.model == SpeechSettings().model else speech.model
        self._service = SpeechService(settings, sleep=sleep)
        self.name = f"deepgram {self._model}"

    def recognise(
        self, samples: NDArray[np.float32], *, language: str | None, hints: Sequence[str] = ()
    ) -> RecognisedChunk:
        seconds = len(samples) / SAMPLE_RATE
        asked = [("model", self._model), ("smart_format", "true"), ("punctuate", "true"), ("diarize", "true")]
        asked.append(("language", language) if language else ("detect_language", "true"))
        if self._model.startswith(KEYTERM_MODELS):
            asked += [("keyterm", term) for term in fitting_keyterms(hints)]
        headers = {
            "Authorization": f"Token {self._key.reveal()}",
            "Content-Type": "audio/flac",
            "Accept": "application/json",
        }
        url = f"{self._url}?{urlencode(asked)}"
        return read_answer(self._service.ask(url, encode_flac(samples), headers, seconds=seconds), seconds, language)

    def forced_decoder(self, language: str) -> None:
        """See Recogniser: the service tells nothing of a text that it is given."""

    def close(self) -> None:
        self._service.close()


def endpoint(url: str) -> str:
    """Deepgram's own address, or that behind the base that is given (https://api.eu.deepgram.com)."""
    if not url:
        return DEEPGRAM
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if not path.endswith("/listen"):
        path += "/listen" if path.endswith("/v1") else "/v1/listen"
    return f"{parts.scheme}://{parts.netloc}{path}"


def fitting_keyterms(hints: Sequence[str]) -> list[str]:
    """The first of these names that fit into a request."""
    fitting: list[str] = []
    for hint in hints[:MAX_KEYTERMS]:
        if sum(map(len, fitting)) + len(hint) > MAX_KEYTERM_CHARACTERS:
            break
        fitting.append(hint)
    return fitting


def read_answer(answer: Mapping[str, Any], seconds: float, language: str | None) -> RecognisedChunk:
    """What an answer says was heard; raises SpeechError when it has no channel."""
    results = answer.get("results")
    channels = dicts(results.get("channels")) if isinstance(results, dict) else []
    if not channels:
        raise SpeechError("its answer has no results", where="Deepgram", retryable=True)
    detected = channels[0].get("detected_language")
    code = language or (language_code(detected) if isinstance(detected, str) else None)
    alternatives = dicts(channels[0].get("alternatives"))
    spoken = list(_read_words(dicts(alternatives[0].get("words")), code)) if alternatives else []
    segments = tuple(split_segment([w for w, _ in spoken], [speaker for _, speaker in spoken]))
    return RecognisedChunk(0.0, seconds, segments, code if segments else language)


def _read_words(
    words: Sequence[Mapping[str, Any]], language: str | None
) -> Iterator[tuple[RecognisedWord, str | None]]:
    """The words with their speakers, which are numbers from 0: "Speaker 1" is the first."""
    blank = "" if language in WITHOUT_BLANKS else " "
    for w in words:
        text = w.get("punctuated_word") or w.get("word")
        if not isinstance(text, str) or not text.strip():
            continue
        start = read_seconds(w.get("start"))
        speaker = w.get("speaker")
        named = f"Speaker {speaker + 1}" if isinstance(speaker, int) and not isinstance(speaker, bool) else None
        end = max(start, read_seconds(w.get("end"), start))
        yield RecognisedWord(start, end, blank + text.strip(), read_probability(w.get("confidence"))), named

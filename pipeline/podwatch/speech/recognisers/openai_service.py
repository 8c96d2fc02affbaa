"""Hears through OpenAI, or a server of the team's own that speaks its `/v1/audio/transcriptions`.

What comes back depends on the model: words and segments with times (whisper-1, and most servers with Whisper), segments
with speakers (models that diarise), or only a text (gpt-transcribe), whose times then are those of a short chunk. What
a server refuses is asked for in a plainer form. (https://developers.openai.com/api/docs/guides/speech-to-text)
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from podwatch.errors import SpeechError
from podwatch.model import RecognisedChunk, RecognisedSegment, RecognisedWord
from podwatch.settings import Settings
from podwatch.speech.language_names import language_code
from podwatch.speech.recognisers import SAMPLE_RATE
from podwatch.speech.segments import is_no_speech
from podwatch.speech.service import (
    KEY,
    RefusedError,
    SpeechService,
    dicts,
    encode_flac,
    read_probability,
    read_seconds,
)
from podwatch.speech_settings import SpeechSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPENAI = "https://api.openai.com/v1/audio/transcriptions"
DEFAULT_MODEL = "gpt-transcribe"
TIMED_SECONDS = 600.0  # of a chunk: as FLAC below the 25 MB that OpenAI takes, whatever is heard
UNTIMED_SECONDS = 40.0  # where a text has no times: they are then wrong by seconds, not by minutes
_TIMED = {"response_format": "verbose_json", "temperature": "0"}
_WORDS = ("word", "segment")  # timestamp_granularities
# (fields, granularities) that are asked for, one after the other until one is not refused
_FORMS: tuple[tuple[Mapping[str, str], tuple[str, ...]], ...] = (
    (_TIMED, _WORDS),
    (_TIMED, ()),
    ({"response_format": "json"}, ()),
)
_PLAIN = _FORMS[2:]
_DIARISED = (({"response_format": "diarized_json", "chunking_strategy": "auto"}, ()), *_PLAIN)


class OpenAiService:
    takes_keyterms = False

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        speech = settings.speech
        self._url = endpoint(speech.url)
        if not speech.key and self._url == OPENAI:
            raise SpeechError("is not set", where=KEY, todo="set it, or PODWATCH_SPEECH_URL to a server of your own")
        self._key = speech.key
        self._service = SpeechService(settings, sleep=sleep)
        self._model = chosen_model(speech)
        self.tells_speakers = "diarize" in self._model
        untimed = self._model.startswith("gpt-") and not self.tells_speakers
        self._forms = list(_DIARISED if self.tells_speakers else _PLAIN if untimed else _FORMS)
        self.longest = UNTIMED_SECONDS if untimed else TIMED_SECONDS
        self.name = f"openai {self._model} at {urlsplit(self._url).hostname}"

    def recognise(
        self, samples: NDArray[np.float32], *, language: str | None, hints: Sequence[str] = ()
    ) -> RecognisedChunk:
        seconds = len(samples) / SAMPLE_RATE
        audio = encode_flac(samples)
        while True:
            fields, granularities = self._forms[0]
            form = [("model", self._model), *fields.items()]
            form += [("timestamp_granularities[]", g) for g in granularities]
            form += [("language", language)] if language else []
            form += [("prompt", ", ".join(hints))] if hints and not self.tells_speakers else []
            body, media_type = encode_form(form, audio)
            headers = {"Content-Type": media_type, "Accept": "application/json"}
            if self._key:
                headers["Authorization"] = f"Bearer {self._key.reveal()}"
            try:
                answer = self._service.ask(self._url, body, headers, seconds=seconds)
            except RefusedError:
                if len(self._forms) == 1:
                    raise
                del self._forms[0]
                continue
            return read_answer(answer, seconds, language)

    def forced_decoder(self, language: str) -> None:
        """See Recogniser: the service tells nothing of a text that it is given."""

    def close(self) -> None:
        self._service.close()


def chosen_model(speech: SpeechSettings) -> str:
    """The model of the setting; the service's own where the setting is the one for this machine."""
    return DEFAULT_MODEL if speech.model == SpeechSettings().model else speech.model


def endpoint(url: str) -> str:
    """The address of transcriptions: of OpenAI, or behind the base that is given (https://host, https://host/v1)."""
    if not url:
        return OPENAI
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if not path.endswith("/transcriptions"):
        path += "/audio/transcriptions" if path.endswith("/v1") else "/v1/audio/transcriptions"
    return urlunsplit(parts._replace(path=path))


def encode_form(fields: Sequence[tuple[str, str]], audio: bytes) -> tuple[bytes, str]:
    """(body, media type) of a multipart form (RFC 7578) with these fields and the audio as "file"."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="audio.flac"\r\n'
    parts += [f"{head}Content-Type: audio/flac\r\n\r\n".encode(), audio, f"\r\n--{boundary}--\r\n".encode()]
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def read_answer(answer: Mapping[str, Any], seconds: float, language: str | None) -> RecognisedChunk:
    """What an answer says was heard in a chunk of so many seconds; whatever is missing in it is left open."""
    every = [w for w in map(_read_word, dicts(answer.get("words"))) if w is not None]
    segments = [
        _read_segment(s, seconds)
        for s in dicts(answer.get("segments"))
        if not is_no_speech(read_seconds(s.get("no_speech_prob")), _number(s.get("avg_logprob")))
    ]
    if every and not any(s.words for s in segments):
        segments = _share_words(segments, every)
    text = answer.get("text")
    if not segments and isinstance(text, str) and text.strip() and not dicts(answer.get("segments")):
        words = tuple(every)
        start, end = (words[0].start, words[-1].end) if words else (0.0, seconds)
        segments = [RecognisedSegment(start, end, text.strip(), words)]
    found = answer.get("language")
    several = answer.get("languages")
    if not isinstance(found, str) and isinstance(several, list) and several and isinstance(several[0], str):
        found = several[0]
    code = language_code(found) if isinstance(found, str) else None
    said = tuple(s for s in segments if s.text)
    return RecognisedChunk(0.0, seconds, said, language or (code if said else None))


def _read_segment(s: Mapping[str, Any], seconds: float) -> RecognisedSegment:
    start = min(read_seconds(s.get("start")), seconds)
    end = max(start, min(read_seconds(s.get("end"), seconds), seconds))
    text, speaker = s.get("text"), s.get("speaker")
    words = tuple(w for w in map(_read_word, dicts(s.get("words"))) if w is not None)
    said = str(speaker) if isinstance(speaker, (str, int)) and str(speaker).strip() else None
    return RecognisedSegment(start, end, text.strip() if isinstance(text, str) else "", words, said)


def _read_word(w: Mapping[str, Any]) -> RecognisedWord | None:
    text = w.get("word", w.get("text"))
    if not isinstance(text, str) or not text.strip() or "start" not in w:
        return None
    start = read_seconds(w.get("start"))
    probability = read_probability(w.get("probability", w.get("confidence")))
    return RecognisedWord(start, max(start, read_seconds(w.get("end"), start)), text, probability)


def _share_words(segments: Sequence[RecognisedSegment], words: Sequence[RecognisedWord]) -> list[RecognisedSegment]:
    """The segments, each with the words whose middle lies before its end."""
    shared: list[RecognisedSegment] = []
    at = 0
    for i, s in enumerate(segments):
        first = at
        last = i + 1 == len(segments)
        while at < len(words) and (last or (words[at].start + words[at].end) / 2 < s.end):
            at += 1
        shared.append(RecognisedSegment(s.start, s.end, s.text, tuple(words[first:at]), s.speaker))
    return shared


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0

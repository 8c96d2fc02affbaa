"""Asks a service that hears: the audio in, JSON out, with failures in one form, and never the key in any of them."""

from __future__ import annotations

import io
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from podwatch.errors import HttpError, RecogniserError, SpeechError
from podwatch.net.client import HttpClient, Response
from podwatch.net.http_messages import parse_retry_after
from podwatch.settings import Settings
from podwatch.speech.recognisers import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TRIES, MAX_WAIT = 3, 30.0  # of one request, and seconds between two: a longer wait leaves the chunk for another run
MAX_ANSWER = 32 * 1024 * 1024  # bytes: an hour with word times has 2 MB
KEY, URL = "PODWATCH_SPEECH_KEY", "PODWATCH_SPEECH_URL"


class SpeechService:
    """One service. sleep: how it is waited between two tries."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._http = HttpClient(settings)
        self._key = settings.speech.key
        self._sleep = sleep

    def ask(self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float) -> Any:
        """The JSON that it answers. seconds: of the audio. Raises SpeechError: RefusedError for a request that it
        does not take, RecogniserError when it takes none of ours.

        A service that is busy is asked up to TRIES times.
        """
        deadline = 120.0 + seconds  # services are faster than the talk, and have to be sent it
        for left in range(TRIES - 1, -1, -1):
            try:
                response = self._http.exchange(url, body, headers, max_bytes=MAX_ANSWER, deadline=deadline)
            except HttpError as e:
                if left and e.retryable:
                    self._sleep(2.0 ** (TRIES - 1 - left))
                    continue
                failure = SpeechError if e.retryable else RecogniserError
                raise failure(e.what, where=e.where, todo=self._todo(e), retryable=e.retryable) from None
            if response.status < 300:
                return self._parse(url, response)
            error = self._error(url, response)
            wait = parse_retry_after(response.headers.get("retry-after"), time.time())
            wait = 2.0 ** (TRIES - 1 - left) if wait is None else wait
            if not left or not error.retryable or wait > MAX_WAIT:
                raise error
            self._sleep(wait)
        raise AssertionError("unreachable")

    def close(self) -> None:
        self._http.close()

    def _parse(self, url: str, response: Response) -> Any:
        try:
            answer = json.loads(response.body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            todo = f"does {URL} lead to the service itself?"
            raise SpeechError("its answer is no JSON object", where=url, todo=todo, retryable=True)
        return answer

    def _error(self, url: str, response: Response) -> SpeechError:
        """What a status means, and what to do (RFC 9110, 15.5; RFC 6585, 4)."""
        status, said = response.status, self._said(response.body)
        detail = f": {said}" if said else ""
        no_credit = status == 402 or "insufficient_quota" in said or "billing" in said.lower()
        if status in (401, 403) or (no_credit and status < 500):
            why = "the account has no credit left" if no_credit else "refuses the key"
            todo = "the service's own page of the account says more" if no_credit else f"check {KEY}"
            return RecogniserError(f"{why} ({status}{detail})", where=f"{KEY} at {url}", todo=todo, retryable=False)
        if status == 404:
            todo = f"check {URL} and PODWATCH_SPEECH_MODEL"
            return RecogniserError(f"does not know the address or the model (404{detail})", where=url, todo=todo)
        if status in (408, 409, 425, 429) or status >= 500:
            asked = response.headers.get("retry-after", "")[:40]
            busy = "asks for fewer requests" if status == 429 else "has a failure of its own"
            pause = f", and to be asked again in {asked} s" if asked.isdecimal() else ""
            return SpeechError(f"{busy} ({status}{detail}){pause}", where=url, retryable=True)
        if status < 400:
            return RecogniserError(f"is sent on ({status})", where=url, todo=f"set {URL} to where it leads")
        return RefusedError(f"refuses the request ({status}{detail})", where=url)

    def _said(self, body: bytes) -> str:
        """The service's own words on one line, without the key."""
        try:
            tree = json.loads(body[:65536])
        except ValueError:
            tree = None
        found = _message(tree) if tree is not None else ""
        said = " ".join(found.split())
        return said.replace(self._key.reveal(), "***")[:200] if self._key else said[:200]

    @staticmethod
    def _todo(error: HttpError) -> str:
        internal = "internal" in error.what or "may not be reached" in error.what
        return "allow it in PODWATCH_ALLOW_ADDRESSES" if internal else error.todo


class RefusedError(SpeechError):
    """The service does not take this request: its audio, or what is asked for."""


def _message(tree: Any) -> str:
    """The sentence in an error's JSON: {"error": {"message", "code"}}, {"err_msg"}, {"message"}, {"detail"}."""
    if isinstance(tree, dict):
        inner = tree.get("error")
        if isinstance(inner, dict):
            code = inner.get("code")
            return f"{inner.get('message') or ''} {f'[{code}]' if isinstance(code, str) else ''}".strip()
        for name in ("error", "err_msg", "message", "detail"):
            if isinstance(tree.get(name), str):
                return str(tree[name])
        if "detail" in tree:
            return json.dumps(tree["detail"])
    return ""


def encode_flac(samples: NDArray[np.float32]) -> bytes:
    """The samples as a FLAC file: nothing is lost, in half the bytes of a WAV file."""
    import av
    import numpy as np

    whole = np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16)
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        for at in range(0, len(whole), SAMPLE_RATE):
            frame = av.AudioFrame.from_ndarray(whole[None, at : at + SAMPLE_RATE], format="s16", layout="mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def read_seconds(value: Any, default: float = 0.0) -> float:
    """A time in an answer; ``default`` for what is none."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return float(value) if usable else default


def read_probability(value: Any) -> float | None:
    """A probability in an answer, None for what is none."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if usable else None


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of a list in an answer; none for what is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

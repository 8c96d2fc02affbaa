"""A real HTTP server on loopback that hears as OpenAI and Deepgram describe theirs, for tests.

Written from https://developers.openai.com/api/docs/guides/speech-to-text, the reference of /v1/audio/transcriptions, and
https://developers.deepgram.com/docs (pre-recorded-audio, diarization, errors). It checks the key, takes the form apart,
decodes the audio, and answers with WORDS where there is sound; ``answer_next`` puts a failure before that.
"""

from __future__ import annotations

import io
import json
from collections import deque
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import av
import numpy as np

from tests.support.loopback_server import LoopbackServer, QuietHandler

KEY = "sk-3kq9w-team-key-0017"
# (word, start, end, speaker): who speaks it, as a number from 0
WORDS = (
    ("Two", 0.5, 0.7, 0), ("ships", 0.7, 1.0, 0), ("with", 1.0, 1.2, 0), ("grain", 1.2, 1.6, 0), ("left.", 1.6, 2.0, 0),
    ("Which", 2.6, 2.9, 1), ("ones?", 2.9, 3.3, 1),
)  # fmt: skip
SEGMENTS = ((0.5, 2.0, "Two ships with grain left.", 0), (2.6, 3.3, "Which ones?", 1))


@dataclass(frozen=True, slots=True)
class Request:
    """seconds: of the audio that was sent, -1 when it cannot be decoded. fields: of the form, or of the query."""

    path: str
    headers: dict[str, str]
    fields: list[tuple[str, str]]
    seconds: float
    size: int

    def field(self, name: str) -> str | None:
        return dict(self.fields).get(name)


@dataclass(frozen=True, slots=True)
class Failure:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class SpeechServer(LoopbackServer):
    """knows: the response formats that its model has. nested: words stand in their segments, as some servers write."""

    def __init__(self, *, knows: tuple[str, ...] = ("verbose_json", "json"), nested: bool = False) -> None:
        self.knows, self.nested = knows, nested
        self.words = True  # whether it knows timestamp_granularities
        self.requests: list[Request] = []
        self._failures: deque[Failure] = deque()
        super().__init__()
        self.url = self.address

    def fail_next(self, status: int, body: object = b"", **headers: str) -> None:
        """The answer to the next request; header names with _ for -."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._failures.append(Failure(status, raw, {k.replace("_", "-"): v for k, v in headers.items()}))

    def answer(self, request: Request, sound: bool) -> Failure:
        """(status, JSON) for a request that came with a good key."""
        if request.seconds < 0:
            return _refusal("Audio file might be corrupted or unsupported")
        if request.path == "/v1/listen":
            return Failure(200, json.dumps(deepgram_answer(request, sound)).encode())
        if request.path != "/v1/audio/transcriptions":
            return Failure(404, b'{"error": {"message": "Unknown request URL"}}')
        form = request.field("response_format") or "json"
        if form not in self.knows:
            return _refusal(f"response_format '{form}' is not compatible with model")
        if not self.words and request.field("timestamp_granularities[]"):
            return _refusal("timestamp_granularities is not known")
        return Failure(200, json.dumps(openai_answer(form, request, sound, self.nested)).encode())

    def handler(self) -> type[QuietHandler]:
        server = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request, sound = read_request(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                server.requests.append(request)
                if server._failures:
                    answer = server._failures.popleft()
                elif request.headers.get("authorization") not in (f"Bearer {KEY}", f"Token {KEY}"):
                    answer = Failure(401, b'{"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}')
                else:
                    answer = server.answer(request, sound)
                self.send_response(answer.status)
                for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

        return Handler


def read_request(target: str, headers: dict[str, str], body: bytes) -> tuple[Request, bool]:
    """(the request, whether there is sound in its audio)"""
    parts = urlsplit(target)
    fields, audio = parse_qsl(parts.query), body
    if headers.get("content-type", "").startswith("multipart/form-data"):
        head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
        for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
            name = str(part.get_param("name", header="content-disposition"))
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            if name == "file":
                audio = content
            else:
                fields.append((name, content.decode()))
    try:
        with av.open(io.BytesIO(audio), "r") as container:
            samples = np.concatenate([f.to_ndarray().ravel() for f in container.decode(audio=0)])
            rate = container.streams.audio[0].rate
    except (av.FFmpegError, ValueError):
        return Request(parts.path, headers, fields, -1.0, len(body)), False
    loud = bool(np.abs(samples.astype(np.float64)).max() > 0)
    return Request(parts.path, headers, fields, len(samples) / rate, len(body)), loud


def openai_answer(form: str, request: Request, sound: bool, nested: bool) -> dict[str, Any]:
    words = [{"word": w.strip(".?"), "start": a, "end": b} for w, a, b, _ in WORDS] if sound else []
    text = " ".join(t for _, _, t, _ in SEGMENTS) if sound else ""
    if form == "json":
        return {"text": text, "languages": ["en"] if sound else []}
    segments: list[dict[str, Any]] = [
        {"id": i, "start": a, "end": b, "text": f" {t}", "avg_logprob": -0.2, "no_speech_prob": 0.01}
        for i, (a, b, t, _) in enumerate(SEGMENTS)
        if sound
    ]
    if form == "diarized_json":
        for s, (_, _, _, speaker) in zip(segments, SEGMENTS, strict=False):
            s |= {"type": "transcript.text.segment", "speaker": "AB"[speaker]}
        return {"task": "transcribe", "duration": request.seconds, "text": text, "segments": segments}
    answer: dict[str, Any] = {"task": "transcribe", "language": "english", "duration": request.seconds, "text": text}
    if nested:
        for s in segments:
            s["words"] = [w | {"probability": 0.9} for w in words if s["start"] <= w["start"] < s["end"]]
    elif "word" in [v for k, v in request.fields if k == "timestamp_granularities[]"]:
        answer["words"] = words
    return answer | {"segments": segments}


def deepgram_answer(request: Request, sound: bool) -> dict[str, Any]:
    words = [
        {"word": w.lower().strip(".?"), "punctuated_word": w, "start": a, "end": b, "confidence": 0.97, "speaker": s}
        for w, a, b, s in WORDS
        if sound
    ]
    text = " ".join(str(w["punctuated_word"]) for w in words)
    channel: dict[str, Any] = {"alternatives": [{"transcript": text, "confidence": 0.97, "words": words}]}
    if request.field("detect_language") == "true" and sound:
        channel |= {"detected_language": "en", "language_confidence": 0.99}
    return {"metadata": {"duration": request.seconds, "channels": 1}, "results": {"channels": [channel]}}


def _refusal(message: str) -> Failure:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
    return Failure(400, json.dumps(body).encode())

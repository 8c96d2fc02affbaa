"""Decodes a stranger's audio file to the samples that recognisers get, in a limited process of its own.

    with open_audio(path, max_hours=12) as audio:
        for chunk in split_at_silence(audio): ...

The process waits while nobody reads, so that ten hours of audio need no more memory here than two seconds.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from podwatch.errors import SpeechError
from podwatch.sandbox.pool import bare_environment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEAD = struct.Struct("<cI")  # of a message of the process: its kind, bytes that follow
FACTS, SAMPLES, FAILED, DONE = b"f", b"s", b"x", b"d"
MAX_WAIT = 300.0  # seconds for the next samples: it is allowed a minute of CPU time before the first
MAX_MESSAGE = 1024 * 1024  # bytes


class AudioStream:
    """The samples of an audio file (SAMPLE_RATE, mono, -1 to 1) in blocks of two seconds, to be read once.

    pid: of the process. seconds: how much sound is in the file, measured without decoding it. said: how long it says
    that it is, None where it does not; more than ``seconds`` when its end is missing. Raises SpeechError, also in the
    middle.
    """

    def __init__(self, process: DecoderProcess) -> None:
        self._process = process
        self.pid = process.process.pid
        facts = process.facts()
        self.seconds: float = facts["seconds"] or 0.0
        self.said: float | None = facts["said"]

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        import numpy as np

        while (data := self._process.samples()) is not None:
            yield np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process, in the middle of the file, too."""
        self._process.close()


def open_audio(path: str | Path, *, max_hours: float, where: str = "") -> AudioStream:
    """The first sound track of an audio or video file, decoded.

    max_hours: a longer file is refused before anything is decoded. where: the name of the file in errors. A file whose
    end is missing, or of which some cannot be decoded, is read as far as it goes when that is the most of it.
    Raises SpeechError.
    """
    with ExitStack() as undo:
        with _open_file(Path(path), where) as file:
            process = DecoderProcess(file.fileno(), "decode", max_hours * 3600, where)
        undo.callback(process.close)
        audio = AudioStream(process)
        undo.pop_all()
    return audio


def measure_seconds(path: str | Path, *, where: str = "") -> float:
    """How long an audio file is, from its head where that can be trusted, else counted. Raises SpeechError."""
    with _open_file(Path(path), where) as file:
        process = DecoderProcess(file.fileno(), "measure", 0.0, where)
    try:
        return process.facts()["seconds"] or 0.0
    finally:
        process.close()


def _open_file(path: Path, where: str) -> FileIO:
    try:
        return path.open("rb", buffering=0)
    except OSError as e:
        raise SpeechError(f"cannot be opened ({e.strerror})", where=where or str(path)) from None


class DecoderProcess:
    """The process, and the pipe over which its messages come."""

    program = "from podwatch.speech.decoding_worker import main; main()"

    def __init__(self, file: int, how: str, most: float, where: str) -> None:
        """file: the descriptor of what it reads. how: the program's third argument."""
        self._where, self.is_closed = where, False
        if find_spec("av") is None:
            raise self.error("audio cannot be decoded: PyAV is not installed", "pip install 'podwatch[speech]'")
        with ExitStack() as undo:
            reading, self._life_pipe = os.pipe()  # the process ends when the last writer of it is closed
            undo.callback(os.close, self._life_pipe)
            fds = (reading, file)
            try:
                self.process = subprocess.Popen(
                    [sys.executable, "-c", self.program, *map(str, fds), how, str(most)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=bare_environment(),
                    cwd="/",
                    pass_fds=fds,
                    bufsize=0,
                )
            finally:
                os.close(reading)
            undo.pop_all()

    def facts(self) -> dict[str, Any]:
        """What the file is: see AudioStream."""
        _, data = self.receive_message(FACTS)
        read: dict[str, Any] = json.loads(data)
        return read

    def samples(self) -> bytes | None:
        """Those of the next block, None after the last."""
        kind, data = self.receive_message(SAMPLES + DONE)
        return data if kind == SAMPLES else None

    def receive_message(self, expected: bytes) -> tuple[bytes, bytes]:
        kind, length = HEAD.unpack(self._receive(HEAD.size))
        if length > MAX_MESSAGE:
            raise self.error("breaks the decoder")
        data = self._receive(length)
        if kind == FAILED:
            said = json.loads(data)
            raise self.error(said["what"], said.get("todo", ""), retryable=said.get("retryable", False))
        if kind not in expected:
            raise self.error("breaks the decoder")
        return kind, data

    def _receive(self, size: int) -> bytes:
        assert self.process.stdout is not None
        pipe, parts = self.process.stdout.fileno(), []
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        while size:
            if not poll.poll(MAX_WAIT * 1000):
                raise self.error("takes too long to decode")
            part = os.read(pipe, size)
            if not part:
                raise self.error(self.describe_end())
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def describe_end(self) -> str:
        code = self.process.wait(5)
        if code in (-signal.SIGXCPU, -signal.SIGKILL):  # soft limit, hard limit
            return "takes too long to decode"
        return f"breaks the decoder (exit {code})"

    def error(self, what: str, todo: str = "", *, retryable: bool = False) -> SpeechError:
        return SpeechError(what, where=self._where, todo=todo, retryable=retryable)

    def close(self) -> None:
        if self.is_closed:
            return
        self.is_closed = True
        os.close(self._life_pipe)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

"""Decodes some seconds of an audio file that is elsewhere, of which only the bytes are fetched that are needed.

    with SpanDecoder(ranges, max_hours=12) as audio:
        samples = audio.read(1830.0, 1854.0)

The limited process that decodes asks for bytes of the file, by offset and length, and gets nothing else: what fetches
them is here, so that the process needs no connection.
"""

from __future__ import annotations

import os
import select
import struct
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from podwatch.speech.decoding import HEAD, MAX_WAIT, DecoderProcess
from podwatch.speech.recognisers import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

READ, BYTES, SPAN = b"r", b"b", b"p"  # the process asks for bytes; it is given them; it is asked for a span
READ_REQUEST = struct.Struct("<QII")  # offset, length, and how many bytes from there on will be read next
SPAN_REQUEST = struct.Struct("<dd")  # seconds
MAX_PIECE = 1024 * 1024  # bytes that the process may ask for at once


class ByteSource(Protocol):
    """A file of which any bytes can be had; ahead: how many from ``offset`` on will be read next."""

    size: int

    def read(self, offset: int, length: int, ahead: int = 0) -> bytes: ...


class SpanDecoder:
    """A file of which spans are decoded. Raises SpeechError, and what its source raises.

    seconds: how long it says that it is, 0.0 where it does not. is_exact: its times are those of the whole decoded;
    else they may be off by half a minute, in an MP3 whose bit rate varies.
    """

    def __init__(self, source: ByteSource, *, max_hours: float, where: str = "") -> None:
        with ExitStack() as undo:
            self._process = _SpanProcess(source, max_hours * 3600, where)
            undo.callback(self._process.close)
            try:
                facts = self._process.facts()
                self.seconds, self.is_exact = float(facts["seconds"]), bool(facts["is_exact"])
            except (ValueError, TypeError, KeyError):
                raise self._process.error("breaks the decoder") from None
            undo.pop_all()

    def read(self, start: float, end: float) -> NDArray[np.float32]:
        """The samples from ``start`` to ``end`` (seconds), as open_audio() gives them; fewer where it ends before."""
        import numpy as np

        self._process.give(SPAN, SPAN_REQUEST.pack(max(0.0, start), end))
        most, data = 2 * (round((end - max(0.0, start)) * SAMPLE_RATE) + 1), bytearray()
        while (block := self._process.samples()) is not None:
            data += block
            if len(data) > most:
                raise self._process.error("breaks the decoder")
        return np.frombuffer(bytes(data), "<i2").astype(np.float32) / np.float32(32768)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._process.close()


class _SpanProcess(DecoderProcess):
    """The process, what it is given, and what it says; the bytes that it asks for are answered meanwhile."""

    program = "from podwatch.speech.span_worker import main; main()"

    def __init__(self, source: ByteSource, most: float, where: str) -> None:
        self._source = source
        reading, self._giving = os.pipe()
        with ExitStack() as undo:
            undo.callback(os.close, self._giving)
            os.set_blocking(self._giving, False)
            try:
                super().__init__(reading, str(source.size), most, where)
            finally:
                os.close(reading)
            undo.pop_all()

    def receive_message(self, expected: bytes) -> tuple[bytes, bytes]:
        while True:
            kind, data = super().receive_message(expected + READ)
            if kind != READ:
                return kind, data
            if len(data) != READ_REQUEST.size:
                raise self.error("breaks the decoder")
            offset, length, ahead = READ_REQUEST.unpack(data)
            if length > MAX_PIECE:
                raise self.error("breaks the decoder")
            self.give(BYTES, self._source.read(offset, length, ahead))

    def give(self, kind: bytes, data: bytes) -> None:
        left = memoryview(HEAD.pack(kind, len(data)) + data)
        poll = select.poll()
        poll.register(self._giving, select.POLLOUT)
        while left:
            if not poll.poll(MAX_WAIT * 1000):
                raise self.error("takes too long to decode")
            try:
                left = left[os.write(self._giving, left) :]
            except BrokenPipeError:
                raise self.error(self.describe_end()) from None

    def close(self) -> None:
        if not self.is_closed:
            os.close(self._giving)
        super().close()

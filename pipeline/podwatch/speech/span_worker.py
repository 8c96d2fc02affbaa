"""The process in which spans of an audio file are decoded that comes in pieces, started by span_decoding.py beside it.

Limited as the one of decoding_worker.py; and instead of an open file it gets a pipe, over which it is asked for spans
and given the bytes that it asks for, of this one file. What a file's times are worth depends on its format: they are
exact where its index or each of its pages has them, and an estimate in an MP3 whose bit rate varies.
"""

from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import av.error
from av.audio.resampler import AudioResampler

from podwatch.errors import SpeechError
from podwatch.speech.decoding import DONE, FACTS, HEAD, SAMPLES
from podwatch.speech.decoding_worker import (
    BLOCK,
    BYTES_A_SECOND,
    RATE,
    limit_process,
    open_sound,
    sample_bytes,
    send,
    send_all,
)
from podwatch.speech.file_heads import is_chained_ogg, read_mp3_head, tag_bytes
from podwatch.speech.protection import is_protected
from podwatch.speech.span_decoding import BYTES, READ, READ_REQUEST, SPAN, SPAN_REQUEST

PIECE = 256 * 1024  # bytes that are asked for at once
LEAD = 1.0  # seconds before a span from which on it is decoded: decoders need a moment until they are right
MOST_LEAD = 400.0  # a table of an MP3 has hundred places
MOST_LATE = 0.25  # seconds that a span may begin late
CHECKED_PACKETS = 40  # at the start of an MP3: a second
SYNC_BYTES = 4  # of an MP3's frame, without which it is passed over
MARGIN = 1.15  # times the bytes of a span that are asked for at once
# Formats of which places can be found without reading all before them.
SEEKABLE = {"mp3", "mov,mp4,m4a,3gp,3g2,mj2", "ogg", "flac", "wav", "aiff", "matroska,webm"}
SEARCHED = {"ogg", "flac"}  # of these by trying, since they have no index


def main() -> None:
    """Arguments: the pipe to end with, the pipe for what it is given, the file's bytes, the seconds it may have."""
    pipe, given, size, most = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    limit_process(pipe, most)
    with os.fdopen(given, "rb") as opened, os.fdopen(1, "wb") as out:
        send_all(out, answer_spans(PieceFile(opened, out, size)))


class PieceFile(io.RawIOBase):
    """A file of ``size`` bytes, which are asked for when they are read.

    skipped: bytes at its start that are left out.
    """

    def __init__(self, given: BinaryIO, out: BinaryIO, size: int) -> None:
        self._given, self._out, self.size, self._at = given, out, size, 0
        self.skipped = self._ahead = self._more = 0

    def expect(self, ahead: int) -> None:
        """So many bytes will be read on from the next place, about: they are asked for together."""
        self._ahead, self._more = ahead, ahead // 4

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size - self.skipped}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self.size - self.skipped - self._at)
        left = left if size < 0 else min(size, left)
        parts = []
        while left:
            length = min(left, PIECE)
            request = READ_REQUEST.pack(self.skipped + self._at, length, max(left, self._ahead))
            send(self._out, READ, request)
            data = self.receive(BYTES)
            if len(data) != length:
                raise SpeechError("is not read as it should be")
            parts.append(data)
            self._at += length
            self._ahead = max(self._more, self._ahead - length)
            left -= length
        return b"".join(parts)

    def receive(self, expected: bytes) -> bytes:
        """What is given next; ends the process when that is nothing."""
        head = self._given.read(HEAD.size)
        if len(head) < HEAD.size:
            os._exit(0)
        kind, length = HEAD.unpack(head)
        if kind != expected:
            raise SpeechError("is not read as it should be")
        return self._given.read(length)

    def next_span(self) -> tuple[float, float]:
        start, end = SPAN_REQUEST.unpack(self.receive(SPAN))
        return start, end


def answer_spans(file: PieceFile) -> Iterator[tuple[bytes, bytes]]:
    """The messages for a file: its facts, then for each span that is asked for its samples, of 16 bits, and the end."""
    opened = cast(BinaryIO, file)
    if is_protected(opened):
        raise SpeechError("is locked by DRM, so that nothing can be decoded")
    file.skipped = tag_bytes(opened)
    is_chained, head = is_chained_ogg(opened), read_mp3_head(opened)  # now: the demuxer keeps to its own place
    if head is not None and not head.is_whole:
        file.skipped += SYNC_BYTES  # with it, places would be looked for in the first piece only
    container, stream = open_sound(opened, fflags="fastseek")
    with container:
        name = container.format.name
        if name not in SEEKABLE:
            raise SpeechError(f"places in its format ({name}) are found by reading all of it")
        is_exact, sizes = True, None
        if name == "ogg" and is_chained:
            raise SpeechError("it is put together of several, so that its times begin anew")
        if name == "mp3":
            is_exact = head is None or not head.has_table
            if head is not None and not is_exact and not head.is_whole:
                raise SpeechError("its table of times is that of its first piece")
            sizes = PacketSizes() if is_exact else None
        spans = SpanReader(file, container, stream, sizes)
        if sizes is not None:
            spans.check_beginning()
        yield FACTS, json.dumps({"seconds": spans.seconds, "is_exact": is_exact}).encode()
        while True:
            data = spans.read(*file.next_span())
            for at in range(0, len(data), BLOCK):
                yield SAMPLES, data[at : at + BLOCK]
            yield DONE, b""


class PacketSizes:
    """Whether all packets of an MP3 are as large as each other, but for the byte that fills up some."""

    def __init__(self) -> None:
        self._least, self._largest = math.inf, 0.0

    def add(self, size: int) -> None:
        """Raises SpeechError where they differ: nothing then says where in the file a time is."""
        self._least, self._largest = min(self._least, size), max(self._largest, size)
        if self._largest - self._least > 1:
            raise SpeechError("its bit rate varies, and no table says where its times are")


class SpanReader:
    """Decodes spans of an open file. seconds: how long it says that it is, 0.0 where it does not."""

    def __init__(self, file: PieceFile, container: Any, stream: Any, sizes: PacketSizes | None) -> None:
        self._file, self._container, self._stream, self.sizes = file, container, stream, sizes
        self.seconds = max(0.0, (container.duration or 0) / 1_000_000)
        self._first = stream.start_time or 0

    def check_beginning(self) -> None:
        """Looks at the sizes of the first packets."""
        for _, packet in zip(range(CHECKED_PACKETS), self._packets(), strict=False):
            self._check_size(packet)

    def read(self, start: float, end: float) -> bytes:
        """The samples of a span; fewer where the file ends before it."""
        expected = int(MARGIN * (end - start + LEAD) * self._file.size / self.seconds) if self.seconds else 0
        is_searched = self._container.format.name in SEARCHED
        self._file.expect(0 if is_searched else expected)
        try:
            offset = int(max(0.0, start - LEAD) / self._stream.time_base) + self._first
            self._container.seek(offset, stream=self._stream)
        except av.error.FFmpegError as e:
            if isinstance(e, MemoryError):
                raise
            raise SpeechError("no place in it can be found") from None
        self._stream.codec_context.flush_buffers()
        if is_searched:
            self._file.expect(expected)
        return self._trimmed(start, end)

    def _trimmed(self, start: float, end: float) -> bytes:
        resampler, shape, began = None, None, None
        made = bytearray()
        for packet in self._packets():
            self._check_size(packet)
            for frame in self._decoded(packet):
                at = self._seconds_of(frame)
                now = (frame.format.name, frame.layout.name, frame.sample_rate)
                if shape is None:
                    began, shape = at, now
                    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
                if now != shape:
                    raise SpeechError("its sound changes its form")
                frame.pts = None
                assert resampler is not None
                made += sample_bytes(resampler.resample(frame))
            if began is None:
                continue
            reached = began + len(made) / BYTES_A_SECOND
            if reached > end + MOST_LATE:
                break
            if reached > began + MOST_LEAD + end - start:
                raise SpeechError("no place in it can be found")
        if resampler is None or began is None:
            return b""
        made += sample_bytes(resampler.resample(None))
        if began > start + MOST_LATE:
            raise SpeechError("no place in it can be found")
        missing = max(0, round((began - start) * RATE))
        first = max(0, round((start - began) * RATE))
        count = max(0, round((end - start) * RATE) - missing)
        return bytes(2 * missing) + bytes(made[2 * first : 2 * (first + count)])

    def _packets(self) -> Iterator[Any]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as e:
                if isinstance(e, MemoryError):
                    raise
                return  # what follows cannot be read: the file is cut off there
            if packet is None:
                return
            yield packet

    def _check_size(self, packet: Any) -> None:
        if self.sizes is not None and packet.size:
            self.sizes.add(packet.size)

    def _decoded(self, packet: Any) -> list[Any]:
        """Its frames; none of one that is broken, as the first may be after a seek."""
        try:
            return list(self._stream.codec_context.decode(packet))
        except av.error.FFmpegError as e:
            if isinstance(e, MemoryError):
                raise
            return []

    def _seconds_of(self, frame: Any) -> float:
        if frame.pts is None:
            raise SpeechError("its sound has no times")
        base = frame.time_base or self._stream.time_base
        return float((frame.pts - self._first) * base)

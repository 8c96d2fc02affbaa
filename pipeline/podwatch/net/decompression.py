"""Decompresses a response piece by piece for the client, so that a decompression bomb never fills the memory.

What a body is compressed with is seen in its first bytes: servers call plain bodies gzip, gzip ones nothing, and write
``aws-chunked``, ``utf-8`` or ``none`` where compressions are named. The name decides only where the bytes do not say.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Protocol

PIECE_BYTES = 256 * 1024  # decompressed, of one piece at most
MAX_LAYERS = 3  # of compression, one in the other
_SNIFFED = 64  # bytes, of which one can tell
_GZIP, _ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW = 1 << 23  # bytes, as RFC 9659 allows at most
_CONTROL = bytes({*range(32), 127} - {9, 10, 12, 13})


class DecompressionError(Exception):
    """Bytes that cannot be decompressed, or are too often; or a Content-Encoding (RFC 9110, 8.4.1) that nobody has."""


class Decompressor(Protocol):
    """feed: the decompressed pieces of a chunk, of ``limit`` bytes at most. complete: whether the end was reached."""

    def feed(self, chunk: bytes, limit: int) -> Iterator[bytes]: ...

    def complete(self) -> bool: ...


class BodyDecoder:
    """A body's bytes as they are meant. encoding: its Content-Encoding."""

    def __init__(self, encoding: str, layers: int = MAX_LAYERS) -> None:
        self._names = [name.strip().lower() for name in encoding.split(",")]
        self._layers = layers
        self._start: bytes | None = b""  # of the body, until it can be told what that is
        self._stage: Decompressor = _Identity()
        self._inner: BodyDecoder | None = None
        self._made = 0  # bytes for the inner layer

    def feed(self, chunk: bytes, limit: int) -> Iterator[bytes]:
        """The pieces that a chunk adds; limit: bytes of the whole body, above which it is not read on."""
        if self._start is not None:
            self._start += chunk
            if len(self._start) < _SNIFFED:
                return
            chunk = self._decide()
        yield from self._pass_on(chunk, limit)

    def finish(self, limit: int) -> Iterator[bytes]:
        """The pieces that were waited with; raises EOFError when a compressed body is cut off."""
        if self._start is not None:
            yield from self._pass_on(self._decide(), limit)
        if not self._stage.complete():
            raise EOFError("the compressed answer is cut off")
        if self._inner is not None:
            yield from self._inner.finish(limit)

    def _decide(self) -> bytes:
        """Chooses how to read the body; returns what came of it so far."""
        start, self._start = self._start or b"", None
        stage = _stage_for(start, self._names)
        if stage is not None:
            if not self._layers:
                raise DecompressionError("it is compressed too often")
            self._stage, self._inner = stage, BodyDecoder("", self._layers - 1)
        return start

    def _pass_on(self, chunk: bytes, limit: int) -> Iterator[bytes]:
        for piece in self._stage.feed(chunk, limit):
            if self._inner is None:
                yield piece
                continue
            self._made += len(piece)
            if self._made > limit:
                yield piece  # so that the client sees that it is too large
                return
            yield from self._inner.feed(piece, limit)


def _stage_for(start: bytes, names: list[str]) -> Decompressor | None:
    """How a body that begins so is decompressed; None when it is not compressed."""
    if start.startswith(_GZIP):
        return _Zlib()
    if start.startswith(_ZSTD):
        return _Zstd()
    if not start or (_is_text(start) and not ("br" in names and _is_whole_brotli(start))):
        return None
    for name in reversed(names):  # the last is the outermost
        if name in ("gzip", "x-gzip", "deflate"):
            return _Zlib()
        if name == "br":
            return _Brotli()
        if name in ("compress", "x-compress", "exi", "pack200-gzip", "dcb", "dcz", "zstd"):
            raise DecompressionError(f"unknown encoding {name}")
    return None


def _is_whole_brotli(start: bytes) -> bool:
    """Whether a short body is brotli although it looks like text, as ";" does."""
    try:
        decompressor = _Brotli()
        pieces = sum(1 for _ in islice(decompressor.feed(start, PIECE_BYTES), 9))
        return len(start) < _SNIFFED and (pieces == 9 or decompressor.complete())
    except DecompressionError:
        return False


def _is_text(start: bytes) -> bool:
    """Whether bytes are text in ASCII or what extends it: compressed ones have control characters in the first few."""
    if len(start.translate(None, _CONTROL)) < len(start):
        return False
    try:
        codecs.utf_8_decode(start, "strict", False)
    except UnicodeDecodeError:
        return sum(byte > 127 for byte in start) * 4 < len(start)
    return True


class _Identity:
    def feed(self, chunk: bytes, limit: int) -> Iterator[bytes]:
        yield chunk

    def complete(self) -> bool:
        return True


class _Zlib:
    """gzip, also of several members (RFC 1952, 2.2), and deflate with or without its zlib header."""

    def __init__(self) -> None:
        self._bits = zlib.MAX_WBITS | 32
        self._stream = zlib.decompressobj(self._bits)
        self._has_begun = False

    def feed(self, chunk: bytes, limit: int) -> Iterator[bytes]:
        while chunk:
            if self._stream.eof:
                if not chunk.startswith(b"\x1f\x8b"):
                    return  # padding after the last member
                self._stream = zlib.decompressobj(self._bits)
            try:
                data = self._stream.decompress(chunk, min(PIECE_BYTES, limit))
            except zlib.error as e:
                if self._has_begun or self._bits < 0:
                    raise DecompressionError(str(e)) from None
                self._bits = -zlib.MAX_WBITS
                self._stream = zlib.decompressobj(self._bits)
                continue
            self._has_begun = True
            chunk = self._stream.unconsumed_tail or self._stream.unused_data
            yield data

    def complete(self) -> bool:
        return self._stream.eof or not self._has_begun


class _Zstd:
    def __init__(self) -> None:
        import zstandard

        self._error: type[Exception] = zstandard.ZstdError
        self._sink = _Sink()
        self._stream = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_writer(
            self._sink,  # type: ignore[arg-type]  # all that it calls is write()
            write_size=PIECE_BYTES,
            closefd=False,
        )

    def feed(self, chunk: bytes, limit: int) -> Iterator[bytes]:
        self._sink.room = limit
        try:
            self._stream.write(chunk)
        except _FullError:
            pass
        except self._error as e:
            raise DecompressionError(str(e)) from None
        pieces, self._sink.pieces = self._sink.pieces, []
        yield from pieces

    def complete(self) -> bool:
        return True  # the library does not say: HTTP's own length does


class _FullError(Exception):
    pass


class _Sink:
    """What a decompressor writes to: pieces, until there is no more room."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.room = 0

    def write(self, data: bytes) -> int:
        self.pieces.append(bytes(data))
        self.room -= len(data)
        if self.room < 0:
            raise _FullError
        return len(data)


class _Brotli:
    def __init__(self) -> None:
        import brotli

        self._error: type[Exception] = brotli.error
        self._stream = brotli.Decompressor()
        self._has_begun = False

    def feed(self, chunk: bytes, limit: int) -> Iterator[bytes]:
        self._has_begun = True
        try:
            data = self._stream.process(chunk, output_buffer_limit=min(PIECE_BYTES, limit))
            while data:  # can_accept_more_data() is true although some output is left (brotli 1.2.1)
                yield data
                if self._stream.is_finished():
                    return
                data = self._stream.process(b"", output_buffer_limit=min(PIECE_BYTES, limit))
        except self._error as e:
            raise DecompressionError(str(e)) from None

    def complete(self) -> bool:
        return not self._has_begun or bool(self._stream.is_finished())

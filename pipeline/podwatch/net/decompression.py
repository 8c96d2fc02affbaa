"""Decompresses a response piece by piece for the client, so that a decompression bomb never fills the memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

PIECE_BYTES = 256 * 1024  # decompressed, of one piece at most


class DecompressionError(Exception):
    """Bytes that cannot be decompressed, or a Content-Encoding (RFC 9110, 8.4.1) that was not asked for."""


class Decompressor(Protocol):
    """feed: the decompressed pieces of a chunk, of ``limit`` bytes at most. complete: whether the end was reached."""

    def feed(self, chunk: bytes, limit: int) -> Iterator[bytes]: ...

    def complete(self) -> bool: ...


def decompressor_for(encoding: str) -> Decompressor:
    """For a Content-Encoding; raises DecompressionError for one that is unknown."""
    match encoding.strip().lower():
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip" | "deflate":
            return _Zlib()
        case "br":
            return _Brotli()
    raise DecompressionError(f"unknown encoding {encoding[:40]}")


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

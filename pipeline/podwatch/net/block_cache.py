"""Bytes of a file that is elsewhere, read at any place and fetched in whole blocks, each once at most.

What is near is fetched together: a reader that goes on from a place says how far, so that it costs one request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

BLOCK = 64 * 1024  # bytes
MOST_AT_ONCE = 32 * BLOCK  # bytes that are fetched together


class BlockCache:
    """Reads a file of ``size`` bytes by ``fetch(first, end)``, which returns exactly those of [first, end)."""

    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        self.size = size
        self._fetch = fetch
        self._blocks: dict[int, bytes] = {}

    def put_beginning(self, data: bytes) -> None:
        """Remembers what was fetched from the first byte on, as far as it is whole blocks."""
        self._put(0, data)

    def read(self, offset: int, length: int, ahead: int = 0) -> bytes:
        """``length`` bytes from ``offset`` on, fewer at the end of the file.

        ahead: so many bytes from ``offset`` on will be read next; they are fetched with the others if those are needed.
        """
        end = min(offset + length, self.size)
        if offset < 0 or offset >= end:
            return b""
        first, last = offset // BLOCK, (end - 1) // BLOCK
        if any(block not in self._blocks for block in range(first, last + 1)):
            last_ahead = (min(max(end, offset + ahead), self.size) - 1) // BLOCK
            for run_first, run_end in self._missing_runs(first, last_ahead):
                start = run_first * BLOCK
                self._put(run_first, self._fetch(start, min(run_end * BLOCK, self.size)))
        data = b"".join(self._blocks[block] for block in range(first, last + 1))
        return data[offset - first * BLOCK : end - first * BLOCK]

    def _missing_runs(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Blocks in a row that are missing, [first, end), none larger than what is fetched together."""
        start: int | None = None
        for block in range(first, last + 2):
            is_missing = block <= last and block not in self._blocks
            if start is not None and (not is_missing or (block - start) * BLOCK >= MOST_AT_ONCE):
                yield start, block
                start = None
            if is_missing and start is None:
                start = block

    def _put(self, first: int, data: bytes) -> None:
        for at in range(0, len(data), BLOCK):
            block, part = first + at // BLOCK, data[at : at + BLOCK]
            if len(part) == BLOCK or block * BLOCK + len(part) == self.size:
                self._blocks[block] = part

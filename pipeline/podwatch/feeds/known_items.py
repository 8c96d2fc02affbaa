"""What is stored of a feed's last body, in few bytes, so that the next one is read at the cost of what is new.

16 bytes an item: the hash of its bytes and the hash of its guid; 24 where items share a guid. The hashes decide only
what is parsed again; they are not cryptographic, and somebody who makes two items of a feed collide hides the second of
them.
"""

from __future__ import annotations

import struct
import sys
from array import array
from dataclasses import dataclass, field

import xxhash

VERSION = 1
_HEADER = struct.Struct("<BBBxIQ16sII")


def guid_key(guid: str) -> int:
    """The 64 bits that stand for a guid."""
    return xxhash.xxh3_64_intdigest(guid.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItems:
    """What is known of a feed's last body.

    is_clean: every item was well-formed and left the parser's state as it was, so that any may be left out of a parse.
    hashes, guids: of each item, in the document's order: the hash of its bytes, the guid_key of its guid.
    final_guids: the guid_key under which each item goes on, where items share a guid (see disambiguate_guids); else
    empty. context_hash: of the parser's state before the first item (see ParsedDocument).
    tail_length, tail_hash: of the bytes from the first item to the end. end_length: bytes behind the last item.
    """

    is_clean: bool = False
    tag: bytes = b"item"
    encoding: str = ""
    context_hash: int = 0
    tail_length: int = 0
    tail_hash: bytes = bytes(16)
    end_length: int = 0
    hashes: array[int] = field(default_factory=lambda: array("Q"))
    guids: array[int] = field(default_factory=lambda: array("Q"))
    final_guids: array[int] = field(default_factory=lambda: array("Q"))

    def to_bytes(self) -> bytes:
        encoding = self.encoding.encode("ascii", "replace")[:64]
        head = _HEADER.pack(
            VERSION,
            self.is_clean | (self.tag == b"entry") << 1 | bool(self.final_guids) << 2,
            len(encoding),
            len(self.hashes),
            self.context_hash,
            self.tail_hash,
            self.tail_length,
            self.end_length,
        )
        return b"".join(
            (head, encoding, *(_little_endian(a).tobytes() for a in (self.hashes, self.guids, self.final_guids)))
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> KnownItems | None:
        """None when another version wrote it, or when it is damaged: the next body is then read as the first."""
        if len(data) < _HEADER.size or data[0] != VERSION:
            return None
        _, flags, size, count, context, tail_hash, tail_length, end_length = _HEADER.unpack_from(data)
        at = _HEADER.size + size
        number = 3 if flags & 4 else 2
        if len(data) != at + 8 * number * count:
            return None
        arrays = [array("Q"), array("Q"), array("Q")]
        for n in range(number):
            arrays[n].frombytes(memoryview(data)[at + 8 * n * count : at + 8 * (n + 1) * count])
        hashes, guids, finals = map(_little_endian, arrays)
        return cls(
            is_clean=bool(flags & 1),
            tag=b"entry" if flags & 2 else b"item",
            encoding=data[_HEADER.size : at].decode("ascii", "replace"),
            context_hash=context,
            tail_length=tail_length,
            tail_hash=tail_hash,
            end_length=end_length,
            hashes=hashes,
            guids=guids,
            final_guids=finals,
        )


def _little_endian(numbers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        numbers = array("Q", numbers)
        numbers.byteswap()
    return numbers

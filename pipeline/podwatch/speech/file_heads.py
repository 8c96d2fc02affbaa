"""What a file says of itself, where the demuxer only tells what it guesses from the bytes that are there."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

MAX_CHUNKS = 100  # of a WAV before its samples
_WHOLE = 0.9  # share of an MP3 that its first frame has to speak of: some have tags at their end
MAX_BOXES = 1_000
MAX_INDEX = 16 * 1024 * 1024  # bytes of an MP4's "moov"
_PAGE = 64 * 1024  # bytes: an Ogg page is hardly longer
_OGG_PAGE = re.compile(b"OggS\\x00(.)........(....)", re.DOTALL)
_UNKNOWN = 0x7FFF0000  # a size from here on is what a recorder writes that does not know it yet


@dataclass(frozen=True, slots=True)
class Mp3Head:
    """What the first frame of an MP3 says, where it is one of those that only say something.

    frames, length: of all, the latter in bytes. is_whole: it speaks of the whole file; podcasts are put together of
    pieces, each with a first frame of its own. has_table: with the places of hundred times, of an MP3 whose bit rate
    varies.
    """

    frames: int
    is_whole: bool
    has_table: bool


def read_mp3_head(file: BinaryIO) -> Mp3Head | None:
    """None where the first frame is sound as the others."""
    at = tag_bytes(file)
    size = file.seek(0, io.SEEK_END) - at
    file.seek(at)
    start = file.read(4096)
    if (found := re.search(b"(Xing|Info)...([\x03\x07\x0b\x0f])(....)(....)", start, re.DOTALL)) is not None:
        frames, length = _number(found[3]), _number(found[4])
        has_table = found[1] == b"Xing" and bool(found[2][0] & 4)
    elif (found := re.search(b"VBRI......(....)(....)", start, re.DOTALL)) is not None:
        frames, length, has_table = _number(found[2]), _number(found[1]), False
    else:
        return None
    return Mp3Head(frames, length >= _WHOLE * size, has_table)


def mp3_seconds(file: BinaryIO, rate: int) -> float | None:
    """How long an MP3 says that it is, in its first frame; None where it does not, or does so of its first piece."""
    head = read_mp3_head(file)
    if head is None or not head.is_whole or not head.frames or not rate:
        return None
    return head.frames * (1152 if rate >= 32_000 else 576) / rate


def tag_bytes(file: BinaryIO) -> int:
    """How long the ID3 tag at the start of a file is, 0 without one; it may have the picture of the show."""
    file.seek(0)
    head = file.read(10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    return 10 + sum((byte & 127) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))


def is_chained_ogg(file: BinaryIO) -> bool:
    """Whether an Ogg file is put together of several, whose times begin anew with each: it ends in another stream.

    Each page has the number of its stream (RFC 3533, 6); the first page of each is marked.
    """
    file.seek(0)
    start = file.read(_PAGE)
    if not start.startswith(b"OggS"):
        return False
    firsts = {m[2] for m in _OGG_PAGE.finditer(start) if m[1][0] & 2}
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _PAGE))
    lasts = [m[2] for m in _OGG_PAGE.finditer(file.read(_PAGE))]
    return not lasts or lasts[-1] not in firsts


def wav_seconds(file: BinaryIO) -> float | None:
    """How long a WAV says that it is; None where it does not."""
    file.seek(12)
    rate = 0
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        kind, size = struct.unpack("<4sI", head)
        if kind == b"data":
            return size / rate if rate and 0 < size < _UNKNOWN else None
        start = file.tell()
        if kind == b"fmt ":
            fields = file.read(16)
            rate = struct.unpack("<I", fields[8:12])[0] if len(fields) == 16 else 0
        file.seek(start + size + size % 2)
    return None


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def is_mp4(file: BinaryIO) -> bool:
    file.seek(4)
    return file.read(4) == b"ftyp"


def mp4_index(file: BinaryIO) -> bytes:
    """The bytes of the "moov" box, which may stand behind the samples; b"" where there is none."""
    at = 0
    for _ in range(MAX_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break
        size, kind = struct.unpack(">I4s", head[:8])
        if size == 1 and len(head) == 16:
            (size,) = struct.unpack(">Q", head[8:])
        if kind == b"moov":
            file.seek(at)
            return file.read(min(size, MAX_INDEX) if size else MAX_INDEX)
        if size < 8 or size >= 1 << 62:
            break
        at += size
    return b""

"""What a file says of itself, where the demuxer only tells what it guesses from the bytes that are there."""

from __future__ import annotations

import struct
from typing import BinaryIO

MAX_CHUNKS = 100  # of a WAV before its samples
MAX_BOXES = 1_000
MAX_INDEX = 16 * 1024 * 1024  # bytes of an MP4's "moov"
_UNKNOWN = 0x7FFF0000  # a size from here on is what a recorder writes that does not know it yet


def has_frame_count(file: BinaryIO) -> bool:
    """Whether an MP3 begins with the frame that says how many there are; without it its length is a guess."""
    file.seek(0)
    head = file.read(10)
    at = 0
    if head[:3] == b"ID3" and len(head) == 10:
        at = 10 + sum((byte & 127) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    file.seek(at)
    start = file.read(4096)
    return any(mark in start for mark in (b"Xing", b"Info", b"VBRI"))


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

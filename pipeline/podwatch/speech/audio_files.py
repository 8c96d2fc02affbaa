"""Whether a file that a user named is sound, told by its first bytes, so that it is heard and not read as a text."""

from __future__ import annotations

from pathlib import Path

HEAD = 64  # bytes that are looked at
SUFFIXES = frozenset(
    {
        ".mp3",
        ".m4a",
        ".m4b",
        ".mp4",
        ".aac",
        ".ogg",
        ".oga",
        ".opus",
        ".flac",
        ".wav",
        ".webm",
        ".mkv",
        ".mov",
        ".wma",
        ".aiff",
    }
)
_STARTS = (
    b"ID3",  # MP3 with a tag
    b"OggS",
    b"fLaC",
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"\x30\x26\xb2\x75",  # ASF, WMA
    b"#!AMR",
)


def is_audio(path: Path) -> bool:
    """Whether a regular file begins as audio or video does; False when it cannot be read."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return begins_as_audio(file.read(HEAD), path.suffix.lower())
    except OSError:
        return False


def begins_as_audio(head: bytes, suffix: str) -> bool:
    """Whether these first bytes are those of audio; suffix: of the file's name, which decides only for binary ones."""
    if head.startswith(_STARTS) or head[4:8] == b"ftyp":
        return True
    if head[:4] in (b"RIFF", b"RF64", b"FORM") and head[8:12] in (b"WAVE", b"AVI ", b"AIFF", b"AIFC"):
        return True
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] not in (0xFE, 0xFF):
        return True  # a frame of MPEG audio or AAC; FF FE begins a text in UTF-16
    return suffix in SUFFIXES and (b"\0" in head or not _may_be_text(head))


def _may_be_text(head: bytes) -> bool:
    """Whether the bytes may begin a text in UTF-8; their last character may be cut."""
    try:
        head.decode()
    except UnicodeDecodeError as e:
        return e.end == len(head) and len(head) - e.start < 4
    return True

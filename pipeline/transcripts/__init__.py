"""FORMATS: which parser reads which transcript. The content decides; the declared type only breaks a tie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.errors import TranscriptError
from pipeline.model import Segment
from pipeline.transcripts import cues, page, plain


@dataclass(frozen=True, slots=True)
class Format:
    """A transcript format. looks_like: whether the beginning of a text can only be this format."""

    name: str
    media_types: tuple[str, ...]
    endings: tuple[str, ...]
    looks_like: Callable[[str], bool]
    parse: Callable[[str], list[Segment]]


# In the order of preference when a feed offers several: those with the finest times first.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        f.name: f
        for f in (
            Format("vtt", ("text/vtt",), (".vtt",), cues.looks_like_vtt, cues.parse),
            Format(
                "srt",
                ("application/srt", "application/x-subrip", "text/srt", "text/x-subrip"),
                (".srt",),
                cues.looks_like_srt,
                cues.parse,
            ),
            Format("page", (), (), page.looks_like, page.parse),
            Format("plain", ("text/plain",), (".txt",), plain.looks_like, plain.parse),
        )
    }
)
SNIFF = 4096  # characters


def preference(media_type: str) -> int:
    """The rank of a declared media type: lower is better, types nobody knows come last."""
    for rank, f in enumerate(FORMATS.values()):
        if media_type in f.media_types:
            return rank
    return len(FORMATS)


def parse(data: bytes, media_type: str = "", name: str = "") -> tuple[str, list[Segment]]:
    """(format name, segments) of a transcript document; raises TranscriptError when there is nothing to read in it.

    media_type, name: what the server and the address say; about one feed in 25 says it wrong.
    """
    text = decode(data)
    start = text[:SNIFF]
    for f in FORMATS.values():
        if f.looks_like(start):
            return f.name, _checked(f.parse(text))
    for f in FORMATS.values():
        if media_type in f.media_types or name.lower().endswith(f.endings or ("\0",)):
            return f.name, _checked(f.parse(text))
    raise TranscriptError(f"is in no known transcript format ({media_type or 'no type declared'})")


def decode(data: bytes) -> str:
    """The text of the bytes: UTF-8, or what a byte order mark says, or Windows-1252 when it is not UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:SNIFF]:
        raise TranscriptError("is not text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if not text.strip():
        raise TranscriptError("is empty")
    if text[:SNIFF].lstrip().lower().startswith(("<!doctype html", "<html")):
        raise TranscriptError("is a web page, not a transcript")
    return text


def _checked(segments: list[Segment]) -> list[Segment]:
    if not any(s.text.strip() for s in segments):
        raise TranscriptError("holds no words")
    return segments

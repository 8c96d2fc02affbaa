"""A document before its format is known: its decoded text, and what several formats read of it, computed once."""

from __future__ import annotations

import codecs
import json
import re
from functools import cached_property
from typing import Any

import orjson

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats import markup

HEAD_CHARACTERS = 4096  # in which the signs of a format are looked for
MAX_BYTES = 64 * 1024 * 1024
MAX_LINES = 6_000_000
# Of JSON, counted by opening brackets and commas before it is parsed: these keep a document under about 1 GB.
MAX_OBJECTS, MAX_VALUES = 1_500_000, 10_000_000
_BINARY = {b"%PDF": "a PDF file", b"PK\x03\x04": "a zip file", b"\x1f\x8b": "a gzip file", b"ID3": "an audio file"}
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f\v\x1b\0") + b"\x7f"
_CHARSET = re.compile(
    rb"""(?:charset|encoding)=["']?(windows-125[0-8]|iso-8859-(?:2|5|7|9|15)|koi8-r|shift_jis|gb18030)""", re.IGNORECASE
)


class SourceDocument:
    """A document's text with \\n as its only line end.

    head: its first characters, without leading blanks. media_type: as declared, without parameters, in lower case.
    name: the file's name or address, in lower case. choice: why its format was chosen.
    """

    def __init__(self, text: str, media_type: str = "", name: str = "") -> None:
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if text.count("\n") > MAX_LINES:
            raise TranscriptError(f"has more than {MAX_LINES:,} lines")
        self.text = text
        self.head = text[: HEAD_CHARACTERS * 2].lstrip("\ufeff \t\n")[:HEAD_CHARACTERS]
        self.media_type = media_type.partition(";")[0].strip().lower()
        self.name = name.partition("?")[0].partition("#")[0].lower()
        self.choice = ""

    @cached_property
    def needs_cleaning(self) -> bool:
        """Whether the parsed words may hold NUL or lone surrogates, which JSON can escape and databases refuse."""
        return "\\" in self.text and ("\\u0000" in self.text or "\\ud" in self.text.lower())

    @cached_property
    def root_element(self) -> str:
        """The name of the first element in lower case, "" when the text is no markup."""
        return markup.root_name(self.head)

    @cached_property
    def tags(self) -> list[str]:
        """See split_tags."""
        return markup.split_tags(self.text)

    @cached_property
    def json(self) -> Any:
        """The value; None when the text is not meant as JSON; raises TranscriptError when it is invalid JSON."""
        if not self.head.startswith(("{", "[")) or not re.match(r'(?!\[\[\d+:\d)[{\[]\s*["{\[}\]]', self.head):
            return None
        if self.text.count("{") + self.text.count("[") > MAX_OBJECTS or self.text.count(",") > MAX_VALUES:
            raise TranscriptError(f"holds more than {MAX_OBJECTS:,} JSON objects or {MAX_VALUES:,} values")
        try:
            return orjson.loads(self.text.lstrip("\ufeff"))
        except orjson.JSONDecodeError as e:
            # Python's parser takes NaN, Infinity and lone surrogates, too, which speech recognisers do write.
            if "NaN" in self.text or "Infinity" in self.text or "\\ud" in self.text.lower():
                try:
                    return json.loads(self.text.lstrip("\ufeff"))
                except (ValueError, RecursionError):
                    pass
            raise TranscriptError(f"is no valid JSON: {e.msg}, line {e.lineno} column {e.colno}") from None


def decode_text(data: bytes, limit: int = MAX_BYTES) -> str:
    """The text of the bytes: UTF-8 or UTF-16, else the declared single-byte encoding, else Windows-1252.

    Raises TranscriptError when there are more than ``limit`` bytes, and for what is binary or empty.
    """
    if len(data) > limit:
        raise TranscriptError(f"is larger than {limit:,} bytes")
    for magic, what in _BINARY.items():
        if data.startswith(magic):
            raise TranscriptError(f"is {what}, not text")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
    else:
        head = data[:HEAD_CHARACTERS]
        if b"\0" in head or len(head) - len(head.translate(None, _CONTROL)) > len(head) // 50:
            raise TranscriptError("is not text")
        text = _decode_utf8(data)
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.strip("\ufeff \t\r\n\f\v"):
        raise TranscriptError("is empty")
    return text


def _decode_utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("utf-8-sig", "replace")
    broken = text.count("\ufffd")
    leads = len(data) - len(data.translate(None, bytes(range(0xC0, 0x100))))
    if leads - broken >= broken or (broken == 1 and text.endswith("\ufffd")):
        return text  # UTF-8 with a few broken bytes, or cut off within a character
    declared = _CHARSET.search(data[:1024])
    return data.decode(declared[1].decode() if declared else "cp1252", "replace")

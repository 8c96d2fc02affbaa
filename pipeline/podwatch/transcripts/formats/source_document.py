"""A document before its format is known: its decoded text, and what several formats read of it, computed once."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any

import orjson

from podwatch.errors import TranscriptError
from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats import markup

HEAD_CHARACTERS = 4096  # in which the signs of a format are looked for
_ESCAPED = lazy_pattern(r"\\(?:u0000|[uU][dD])")  # NUL, lone surrogates
MAX_LINES = 6_000_000
# Of JSON, counted by opening brackets and commas before it is parsed: these keep a document under about 1 GB.
MAX_OBJECTS, MAX_VALUES = 1_500_000, 10_000_000


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
        return "\\" in self.text and _ESCAPED.search(self.text) is not None

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
            if (rows := self._read_json_lines()) is not None:
                return rows
            raise TranscriptError(f"is no valid JSON: {e.msg}, line {e.lineno} column {e.colno}") from None

    def _read_json_lines(self) -> list[Any] | None:
        """The values of a text that has one a line (JSON Lines); None when a line is none."""
        lines = [line for line in self.text.lstrip("\ufeff").split("\n") if line and not line.isspace()]
        if len(lines) < 2 or not all(line.startswith("{") for line in lines):
            return None
        try:
            return [orjson.loads(line) for line in lines]
        except orjson.JSONDecodeError:
            return None

"""Parsers of feeds for tests: one without any limit in this process, and one with a sandbox of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from podwatch.feeds import SandboxedParser
from podwatch.feeds.document_parser import parse_document
from podwatch.feeds.parsed_document import ParsedDocument, Part
from podwatch.sandbox.pool import Sandbox


class InProcessParser:
    """Parses in this process, without any limit: never for a stranger's bytes."""

    def parse(self, parts: Sequence[Part], url: str, content_type: str, cpu: float) -> ParsedDocument:
        return parse_document(b"".join(parts), url, content_type)


class OwnSandboxParser(SandboxedParser):
    """A SandboxedParser with ``size`` workers that nobody else uses."""

    def __init__(self, size: int) -> None:
        self.sandbox = Sandbox(size)
        super().__init__(self.sandbox)

    @property
    def _idle(self) -> list[Any]:
        return self.sandbox._idle

    def close(self) -> None:
        self.sandbox.close()

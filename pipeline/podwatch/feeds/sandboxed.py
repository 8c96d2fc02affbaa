"""The Parser of feeds that poll and the archive crawl use: its documents are parsed by the workers of a sandbox."""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.errors import FeedError
from podwatch.feeds.parsed_document import ParsedDocument, Part, from_json
from podwatch.sandbox.pool import Sandbox, SandboxError, shared_sandbox


class SandboxedParser:
    """Threads may share it. sandbox: the workers of this process unless another pool is given."""

    def __init__(self, sandbox: Sandbox | None = None) -> None:
        self._sandbox = sandbox or shared_sandbox()

    def parse(self, parts: Sequence[Part], url: str, content_type: str, cpu: float) -> ParsedDocument:
        """Raises FeedError when the document takes more than ``cpu`` seconds, or too much memory."""
        try:
            result = self._sandbox.run("feed", {"url": url, "content_type": content_type}, parts, cpu)
        except SandboxError as e:
            raise FeedError(e.what, where=url) from None
        return from_json(result)


def was_saturated() -> bool:
    """Whether documents had to wait for a worker of this process since the last call."""
    return shared_sandbox().was_saturated()

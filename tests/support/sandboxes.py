"""A parser in a sandbox of its own, for tests that look at its workers."""

from __future__ import annotations

from typing import Any

from podwatch.feeds import SandboxedParser
from podwatch.sandbox import pool as sandbox


class Sandbox(SandboxedParser):
    """The Parser of feeds with ``size`` workers that nobody else uses."""

    def __init__(self, size: int) -> None:
        self.box = sandbox.Sandbox(size)
        super().__init__(self.box)

    @property
    def _idle(self) -> list[Any]:
        return self.box._idle

    def close(self) -> None:
        self.box.close()

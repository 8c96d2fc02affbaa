"""The ear: finds watched names where speech recognition misspelt them, by their sound and by what stands around."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.sounds.model import Heard, Name

__all__ = ["Ear", "Heard", "Name", "build"]


class Ear:
    """Listens for some names. Pure: the same text and names give the same places, in the order of the text."""

    def __init__(self, names: Sequence[Name]) -> None:
        self.names = tuple(names)
        self.notes: list[str] = []

    def hear(self, text: str, title: str = "", notes: str = "") -> list[Heard]:
        """Where the names are heard in ``text``; ``title`` and ``notes`` of the episode are evidence only."""
        return []


def build(names: Sequence[Name]) -> Ear:
    """An ear for ``names``; its ``notes`` say which of them are too short or wordlike to go by sound alone."""
    return Ear(names)

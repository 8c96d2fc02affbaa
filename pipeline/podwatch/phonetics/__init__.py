"""The ear: finds watched names where speech recognition misspelt them, by their sound and by what stands around."""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.phonetics.name_matcher import Ear
from podwatch.phonetics.watched_names import Heard, Name

__all__ = ["Ear", "Heard", "Name", "build"]


def build(names: Sequence[Name]) -> Ear:
    """An ear for ``names``; its ``notes`` say which of them are too short or wordlike to go by sound alone."""
    return Ear(names)

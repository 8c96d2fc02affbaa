"""The ear: finds watched names where speech recognition misspelt them, by their sound and by what stands around."""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.phonetics.name_matcher import NameMatcher
from podwatch.phonetics.watched_names import NameMatch, WatchedName

__all__ = ["NameMatch", "NameMatcher", "WatchedName", "build"]


def build(names: Sequence[WatchedName]) -> NameMatcher:
    """An ear for ``names``; its ``notes`` say which of them are too short or wordlike to go by sound alone."""
    return NameMatcher(names)

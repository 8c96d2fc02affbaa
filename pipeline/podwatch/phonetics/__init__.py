"""Finds watched names in a transcript where speech recognition misspelt them, by their sound and their context."""

from __future__ import annotations

from podwatch.phonetics.name_matcher import NameMatcher
from podwatch.phonetics.watched_names import NameMatch, WatchedName

__all__ = ["NameMatch", "NameMatcher", "WatchedName"]

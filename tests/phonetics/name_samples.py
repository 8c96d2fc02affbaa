"""Names to watch and talk around them, for the tests of this package; all of it is written for them."""

from __future__ import annotations

from typing import Any

from podwatch.phonetics import NameMatcher, WatchedName

FILLER = " They talked for a while about grain and the weather, and nobody in the room was in a hurry to leave."


def person(name: str, aliases: tuple[str, ...] = (), **more: Any) -> WatchedName:
    return WatchedName(name, aliases, type="person", **more)


def found_names(text: str, matcher: NameMatcher, **episode: Any) -> list[tuple[str, str]]:
    """(the watched name, what is written) of each match in the text."""
    return [(matcher.names[m.name].full, text[m.start : m.end]) for m in matcher.find_matches(text, **episode)]

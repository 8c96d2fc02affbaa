"""What stands before the talk of a text file and is none: YAML or TOML front matter, and the title's heading."""

from __future__ import annotations

import re
from typing import NamedTuple

from podwatch.lazy_patterns import lazy_pattern

MAX_FRONT = 50_000  # characters
_FENCE = lazy_pattern(r"(---|\+\+\+)[ \t]*\n(.*?)\n(?:\1|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
MIN_KNOWN_KEYS = 3
_KEY = lazy_pattern(r"(\"?[\w.-]+(?: [\w.-]+){0,2}\"?)[ \t]*(?::(?:[ \t]|$)|=)")
_KNOWN_KEYS = {
    "title", "date", "layout", "episode", "guest", "guests", "description", "slug", "tags", "url", "video", "duration",
    "length", "author", "channel", "published", "model", "keywords", "source", "language", "podcast", "id", "views",
}  # fmt: skip
_TITLE = lazy_pattern(r"^[Tt]itle[ \t]*[:=][ \t]*['\"]?(.{1,300}?)['\"]?[ \t]*$", re.MULTILINE)
_WORD = lazy_pattern(r"\w+")
_HEADING = lazy_pattern(r"(#{1,6})[ \t]+(.{1,300}?)[ \t]*#*[ \t]*")
_DETAIL = lazy_pattern(r"(\*\*|__)([^*_\n]{1,60}?):?\1:?[ \t]+\S.{0,200}")
NO_TALK = {"transcript", "full transcript", "transcription", "episode transcript", "the transcript", "transcript:"}


class Front(NamedTuple):
    """title: with what is said of the episode right below its heading. talk: the rest of the text."""

    title: str
    talk: str
    notes: list[str]


def split_front(text: str) -> Front:
    """The text in two: front matter and headings, and the talk."""
    title, text, notes = split_fenced(text)
    lines = text.split("\n", 40)
    at = 0
    while at < len(lines) - 1 or (at < len(lines) and not lines[at].strip()):
        line = lines[at].strip()
        heading = _HEADING.fullmatch(line)
        if heading and heading[2].lower() in NO_TALK:
            notes.append(f"heading {heading[2]!r}: not talk")
        elif heading and len(heading[1]) == 1 and (not title or _same(title, heading[2])):
            title = title or heading[2]
            notes.append("first heading: the title")
            details = []
            while at + 2 < len(lines) and (m := _DETAIL.fullmatch(lines[at + 1])) and text.count(m[2]) == 1:
                details.append(lines[at + 1].replace(m[1], ""))
                at += 1
            title = " - ".join([title, *details])
        elif line:
            break
        at += 1
    return Front(title, "\n".join(lines[at:]), notes)


def split_fenced(text: str) -> Front:
    """The text in two: front matter between rulers, and all below it."""
    text = text.lstrip("\ufeff\n")
    m = _FENCE.match(text[:MAX_FRONT]) if text.startswith(("---", "+++")) else None
    if m is None or not _is_front_matter(m[2]):
        return Front("", text, [])
    found = _TITLE.search(m[2])
    lines = m[0].count("\n")
    return Front(found[1] if found else "", text[m.end() :], [f"front matter of {lines} lines: not talk"])


def _is_front_matter(inner: str) -> bool:
    """Whether the lines at the left are keys with their values, so that it is no talk between two rulers.

    What several usual keys stand in is front matter, whatever else does: descriptions hold any lines.
    """
    lines = [line for line in inner.split("\n") if line and line[0] not in " \t#-[]{}"]
    found = [_KEY.match(line) for line in lines]
    keys = [m[1].strip('"') for m in found if m]
    words = [set(key.lower().replace("_", " ").split()) for key in keys]
    if found and found[0] and sum(bool(_KNOWN_KEYS & w) for w in words) >= MIN_KNOWN_KEYS:
        return True
    if not keys or None in found:
        return False
    if _KNOWN_KEYS & {k.lower() for k in keys}:
        return True
    # One unknown word before a colon may be somebody who speaks, in small letters, too.
    return all(k.islower() for k in keys) and (len({*keys}) > 1 or any(_KNOWN_KEYS & w for w in words))


def _same(title: str, heading: str) -> bool:
    return set(_WORD.findall(heading.lower())) <= set(_WORD.findall(title.lower()))

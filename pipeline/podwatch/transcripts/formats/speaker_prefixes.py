"""Moves speakers out of the words ("Marta: So what?"): which prefixes are names, and who speaks the next lines.

A wrong guess would remove words from the text, so a prefix counts only where there is more evidence in the file: the
document begins with a prefix, the name comes twice or has two parts, or it is like "Speaker 1".
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from podwatch.transcripts.formats.segment_columns import Columns

_WORD = r"(?:[^\W\d_][\w.'’\-]{0,30}|\d{1,3})"
NAME_PATTERN = rf"[^\W\d_][\w.'’\-]{{0,30}}(?: {_WORD}){{0,4}}"
_PREFIX = re.compile(rf"(?:>>[ \t]*|-[ \t]?)?({NAME_PATTERN})[ \t]?:(?:[ \t\n]+|$)")
_NUMBERED = re.compile(r"(?:speaker|spk|sprecher(?:in)?|guest|host|interlocuteur|locutor)[ _]?\w{1,2}", re.IGNORECASE)
_PARTICLES = {"de", "del", "della", "den", "der", "di", "du", "van", "von", "al", "bin", "la", "le", "the", "of", "and"}
_NO_NAMES = {
    "again", "also", "and", "answer", "because", "but", "chapter", "conclusion", "correction", "disclaimer", "edit",
    "episode", "example", "first", "finally", "http", "https", "note", "number", "ok", "okay", "oh", "part", "question",
    "quote", "right", "second", "so", "spoiler", "step", "summary", "third", "tip", "title", "today", "update",
    "warning", "well", "yes", "no",
}  # fmt: skip
MAX_NAME_LENGTH = 60  # characters


def parse_prefix(text: str) -> tuple[str, int]:
    """(name, offset of the words) of a text that begins with a speaker's name and a colon; ("", 0) otherwise."""
    if text.find(":", 0, MAX_NAME_LENGTH + 4) < 0:
        return "", 0
    m = _PREFIX.match(text)
    if m is None or len(m[1]) > MAX_NAME_LENGTH:
        return "", 0
    return (m[1], m.end()) if is_name(m[1]) else ("", 0)


@lru_cache(4096)
def is_name(text: str) -> bool:
    """Whether the words could be a speaker's name: each begins with a capital or is a particle (von, de)."""
    words = text.split()
    if not words or len(words) > 6 or not words[0][0].isalpha():
        return False
    named = all(w[0].isupper() or w[0].isdigit() or w in _PARTICLES for w in words) or _NUMBERED.fullmatch(text)
    return bool(named) and not (len(words) == 1 and words[0].lower() in _NO_NAMES)


def extract_speakers(columns: Columns, names: set[str] | None = None, *, known: bool = False) -> Columns:
    """The columns with the names moved from the words to the speakers, where a segment has no speaker yet.

    A name holds until the next one, since most files write it only where the speaker changes; known: so does a speaker
    that a segment has already. names: all names of the document, where its format marks them.
    """
    prefixes: dict[int, tuple[str, int]] = {}  # of the segment at the index
    for i, text in enumerate(columns.texts):
        if ":" in text and columns.speakers[i] is None:
            bare = text.lstrip()
            name, cut = parse_prefix(bare)
            if name:
                prefixes[i] = name, cut + len(text) - len(bare)
    if not prefixes and not known:
        return columns
    counts = Counter(name for name, _ in prefixes.values())
    first = next((i for i, t in enumerate(columns.texts) if t.strip()), -1)
    begins_with_prefix = first in prefixes
    for i, (name, _) in list(prefixes.items()):
        has_two_parts = " " in name and not name.isupper()
        is_likely = counts[name] > 1 or begins_with_prefix or has_two_parts or _NUMBERED.fullmatch(name)
        if not (name in names if names else is_likely):
            del prefixes[i]
    if not prefixes and not known:
        return columns
    current: str | None = None
    for i, text in enumerate(columns.texts):
        if columns.speakers[i] is not None:
            current = columns.speakers[i] if known else None
        elif i in prefixes:
            current, cut = prefixes[i]
            columns.texts[i], columns.speakers[i] = text[cut:], current
        elif current is not None:
            if text.lstrip().startswith(">>"):  # a change of speaker without a name
                current = None
            columns.speakers[i] = current
    return columns

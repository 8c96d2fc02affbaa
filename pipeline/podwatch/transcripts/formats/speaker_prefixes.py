"""Speakers written into the words ("Marta: So what?"): which prefixes are names, and to whom the next lines belong.

A wrong guess would take words out of the text, so a prefix counts only when the file bears it out: it opens the
document or another one does, comes twice, has two parts, or says "Speaker 1".
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
_LITTLE = {"de", "del", "della", "den", "der", "di", "du", "van", "von", "al", "bin", "la", "le", "the", "of", "and"}
_NO_NAMES = {
    "again", "also", "and", "answer", "because", "but", "chapter", "conclusion", "correction", "disclaimer", "edit",
    "episode", "example", "first", "finally", "http", "https", "note", "number", "ok", "okay", "oh", "part", "question",
    "quote", "right", "second", "so", "spoiler", "step", "summary", "third", "tip", "title", "today", "update",
    "warning", "well", "yes", "no",
}  # fmt: skip
MAX_NAME_LENGTH = 60


def parse_prefix(text: str) -> tuple[str, int]:
    """(name, where the words begin) of a text that begins like a speaker's; ("", 0) otherwise."""
    if text.find(":", 0, MAX_NAME_LENGTH + 4) < 0:
        return "", 0
    m = _PREFIX.match(text)
    if m is None or len(m[1]) > MAX_NAME_LENGTH:
        return "", 0
    return (m[1], m.end()) if is_name(m[1]) else ("", 0)


@lru_cache(4096)
def is_name(text: str) -> bool:
    """Whether the words could be a speaker's name: each begins with a capital or is a little word of names."""
    words = text.split()
    if not words or len(words) > 6 or not words[0][0].isalpha():
        return False
    named = all(w[0].isupper() or w[0].isdigit() or w in _LITTLE for w in words) or _NUMBERED.fullmatch(text)
    return bool(named) and not (len(words) == 1 and words[0].lower() in _NO_NAMES)


def extract_speakers(columns: Columns, names: set[str] | None = None, *, known: bool = False) -> Columns:
    """The columns with the names taken out of the words, where no speaker is known yet.

    known: whether speakers that are known already hold, too.
    names: the only names there are, where the format marks them. A name holds until the next one, since most files
    write it only where the speaker changes.
    """
    found: dict[int, tuple[str, int]] = {}
    for i, text in enumerate(columns.texts):
        if ":" in text and columns.speakers[i] is None:
            bare = text.lstrip()
            name, cut = parse_prefix(bare)
            if name:
                found[i] = name, cut + len(text) - len(bare)
    if not found and not known:
        return columns
    counts = Counter(name for name, _ in found.values())
    first = next((i for i, t in enumerate(columns.texts) if t.strip()), -1)
    opens = first in found
    for i, (name, _) in list(found.items()):
        borne_out = counts[name] > 1 or opens or (" " in name and not name.isupper()) or _NUMBERED.fullmatch(name)
        if not (name in names if names else borne_out):
            del found[i]
    if not found and not known:
        return columns
    who: str | None = None
    for i, text in enumerate(columns.texts):
        if columns.speakers[i] is not None:
            who = columns.speakers[i] if known else None
        elif i in found:
            who, cut = found[i]
            columns.texts[i], columns.speakers[i] = text[cut:], who
        elif who is not None:
            if text.lstrip().startswith(">>"):
                who = None
            columns.speakers[i] = who
    return columns

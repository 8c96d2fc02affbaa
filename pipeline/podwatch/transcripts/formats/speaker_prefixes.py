"""Moves speakers out of the words ("Marta: So what?"): which prefixes are names, and who speaks the next lines.

A wrong guess takes words from the text and puts the next ones into a wrong mouth, so a prefix counts only where the
file has more evidence: it recurs, or others do and it is written like them ("Ukraine: the war goes on" once is words),
or it is like "Speaker 1". What is not taken for a name stays in the words; a name that nobody's words follow, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from itertools import islice

from podwatch.transcripts.formats.segment_columns import Columns

_WORD = r"(?:[^\W\d_][\w.'’\-]{0,30}|\d{1,3})"
_SIMPLE_NAME = rf"[^\W\d_][\w.'’\-]{{0,30}}(?: {_WORD}){{0,4}}"
# With a role, an organisation or pronouns: Ann Lee (host), Kim Lee (she/her). A clock in brackets is none of these.
_ADDITION = r"[ \t]?\((?=[^()\n]{0,38}[^\W\d_])[^()\n]{1,40}\)"
NAME_PATTERN = rf"{_SIMPLE_NAME}(?:, {_SIMPLE_NAME})?(?:{_ADDITION})?"
_CHANGE = ">>"  # of speaker, without a name
_PREFIX = re.compile(rf"(?:>>[ \t]*|-[ \t]?)?({NAME_PATTERN})[ \t]?:(?:[ \t\n]+|$)")
_NUMBERED = re.compile(
    r"(?:speaker|spk|sprecher(?:in)?|guest|host|interlocuteur|locutor)(?:[ _](?:\d{1,2}|[a-z])|\d{1,2})", re.IGNORECASE
)
_PARTICLES = {"de", "del", "della", "den", "der", "di", "du", "van", "von", "al", "bin", "la", "le", "the", "of", "and"}
_NO_NAMES = {
    "absolutely", "again", "also", "and", "answer", "because", "but", "chapter", "conclusion", "correct", "correction",
    "disclaimer", "edit", "episode", "exactly", "example", "first", "finally", "hello", "hey", "hi", "hmm", "http",
    "https", "look", "mhm", "no", "note", "number", "oh", "ok", "okay", "part", "question", "quote", "really", "right",
    "second", "so", "spoiler", "step", "summary", "sure", "thanks", "third", "tip", "title", "today", "true", "uh",
    "um", "update", "warning", "well", "what", "wow", "yeah", "yep", "yes",
}  # fmt: skip
# Of several words: what begins or ends so is a topic or a credit, whoever says it.
_TOPIC_STARTS = {
    "breaking", "captions", "episode", "operation", "part", "project", "season", "step", "subtitles", "transcribed",
    "translated", "translation", "undertekster",
}  # fmt: skip
_TOPIC_ENDS = {"news", "update", "updates", "headline", "headlines", "note", "notes", "by", "af"}
MAX_NAME_LENGTH = 60  # characters
MAX_SAMPLE = 200  # prefixes


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
    name, _, addition = text.partition("(")
    family, comma, given = name.partition(",")
    words = name.replace(",", " ").split()
    if not words or len(words) > 6 or not words[0][0].isalpha() or (addition and not addition.endswith(")")):
        return False
    if comma and (len(family.split()) > 2 or not 0 < len(given.split()) < 3):
        return False
    named = all(w[0].isupper() or w[0].isdigit() or w in _PARTICLES for w in words) or _NUMBERED.fullmatch(text)
    first, last = words[0].rstrip(".").lower(), words[-1].lower()
    if len(words) == 1 or comma:
        return bool(named) and first not in _NO_NAMES
    return bool(named) and first not in _TOPIC_STARTS and last not in _TOPIC_ENDS


def is_name_alone(text: str) -> bool:
    """Whether a whole line could be a name: not a short sentence ("Yeah.", "Use Sentry.")."""
    if len(text) > MAX_NAME_LENGTH or not is_name(text):
        return False
    return text[-1] not in ".!?," or len(text.split()[-1]) <= 3  # Jr., Ann L.


def extract_speakers(columns: Columns, names: set[str] | None = None, *, known: bool = False) -> Columns:
    """The columns with the names moved from the words to the speakers, where a segment has no speaker yet.

    A name holds until the next one, since most files write it only where the speaker changes; known: so does a speaker
    that a segment has already. names: all names of the document, where its format marks them.
    """
    prefixes: dict[int, tuple[str, int]] = {}  # of the segment at the index
    for i, text in enumerate(columns.texts):
        if ":" in text and columns.speakers[i] is None:
            bare = text.lstrip()
            name, cut = _parse_marked(bare, names) if names else parse_prefix(bare)
            if name:
                prefixes[i] = name, cut + len(text) - len(bare)
    if not prefixes and not known:
        return columns
    _keep_speakers(columns, prefixes, names)
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
            if text.lstrip().startswith(_CHANGE):
                current = None
            columns.speakers[i] = current
    return columns


def _parse_marked(text: str, names: set[str]) -> tuple[str, int]:
    """parse_prefix for a text whose format marks names: these may be any words."""
    colon = text.find(":", 0, MAX_NAME_LENGTH + 20)
    if colon > 0 and (name := text[:colon].rstrip()) in names and not text[colon + 1 : colon + 2].strip():
        return name, colon + 1
    return parse_prefix(text)


def _keep_speakers(columns: Columns, prefixes: dict[int, tuple[str, int]], names: set[str] | None) -> None:
    """Removes the prefixes that are words."""
    counts = Counter(name for name, _ in prefixes.values())
    recurring = {name for name, n in counts.items() if n > 1 and (not names or name in names)}
    known = {s for s in columns.speakers if s}
    texts, last = columns.texts, len(columns.texts) - 1
    verdicts = dict.fromkeys(recurring, True)
    is_like_them: Callable[[int], bool] | None = None
    doubtful = [
        (i, p)
        for i, p in prefixes.items()
        if p[0] not in recurring or p[1] + 2 > len(texts[i]) or texts[i][-1].isspace()
    ]
    for i, (name, cut) in doubtful:
        if names or name in recurring or name in known:
            is_speaker = name in recurring or (name in (names or known) and bool(recurring or known))
        else:
            is_like_them = is_like_them or _read_style(columns, prefixes, recurring)
            is_speaker = is_like_them(i)
        verdicts[name] = is_speaker
        is_followed = bool(texts[i][cut:].strip()) or (
            i < last
            and i + 1 not in prefixes
            and columns.speakers[i + 1] is None
            and bool(following := texts[i + 1].strip())
            and not following.startswith(_CHANGE)  # which leaves the name to nobody
        )
        if not (is_speaker and is_followed):
            del prefixes[i]
    for name, is_speaker in verdicts.items():
        reason = _reason(name, recurring, is_speaker=is_speaker)
        columns.notes.append(f"{name}: {'a speaker' if is_speaker else 'words'}, {reason}")


def _read_style(columns: Columns, prefixes: dict[int, tuple[str, int]], recurring: set[str]) -> Callable[[int], bool]:
    """Whether a prefix that stands once is written like those that recur, in a dialogue; or numbered."""
    sample = [(i, cut) for i, (name, cut) in islice(prefixes.items(), MAX_SAMPLE) if name in recurring]
    lower = sum(_begins_in_lower_case(columns.texts[i], cut) for i, cut in sample)
    longest = max(map(_count_words, recurring), default=0)
    labelled = sum(name in recurring for name, _ in prefixes.values())
    is_dialogue = bool(recurring) and (len(recurring) > 1 or labelled * 4 >= len(columns.texts))

    def is_like_them(i: int) -> bool:
        name, cut = prefixes[i]
        if _NUMBERED.fullmatch(name):
            return True
        is_begun = lower * 2 >= len(sample) or not _begins_in_lower_case(columns.texts[i], cut)
        return is_dialogue and is_begun and _count_words(name) <= max(2, longest)

    return is_like_them


def _reason(name: str, recurring: set[str], *, is_speaker: bool) -> str:
    if name in recurring:
        return "since it recurs before a colon"
    if _NUMBERED.fullmatch(name) and is_speaker:
        return "since it is numbered"
    if not recurring:
        return "since it stands once before a colon, and no other name recurs there"
    return "since others recur before a colon" if is_speaker else "since it is not written like the names that recur"


def _count_words(name: str) -> int:
    return len(name.partition("(")[0].split())


def _begins_in_lower_case(text: str, at: int) -> bool:
    return next((c for c in text[at : at + 20] if c.isalpha()), "").islower()

"""Moves speakers out of the words ("Marta: So what?"): which prefixes are names, and who speaks the next lines.

A wrong guess takes words from the text and puts the next ones into a wrong mouth, so a prefix counts only where the
file has more evidence: it recurs, or others do and it is written like them ("Ukraine: the war goes on" once is words),
or it is like "Speaker 1". One without capitals (主持人：, ведущий:) counts only where such prefixes make a dialogue.
What is not taken for a name stays in the words; a name that nobody's words follow, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from itertools import islice

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.speaker_names import (
    MAX_NAME_LENGTH,
    NAME_PATTERN,
    NUMBERED,
    UNCASED_PATTERN,
    is_name,
    is_topic,
    is_uncased_name,
)

_CHANGE = ">>"  # of speaker, without a name
_PREFIX = lazy_pattern(rf"(?:>>[ \t]*|-[ \t]?)?({NAME_PATTERN})[ \t]?(?::(?:[ \t\n]+|$)|：[ \t\n]*)")
_UNCASED = lazy_pattern(rf"(?:>>[ \t]*|-[ \t]?)?({UNCASED_PATTERN})[ \t]?(?::(?:[ \t\n]+|$)|：[ \t\n]*)")
MAX_HEAD = 120  # characters before the colon of a prefix that is remembered
MAX_SAMPLE = 200  # prefixes
MAX_PREFIX = MAX_NAME_LENGTH + 20  # characters, with the blanks before it
# Prefixes without capitals are names where two recur and stand before a fifth of the segments, or one before half.
MIN_UNCASED, SHARE_OF_TWO, SHARE_OF_ONE = 4, 0.2, 0.5
MIN_UNNAMED = 2  # paragraphs before the first that is named, where one name is
SHARE_OF_TURNS = 0.5  # of the segments that begin with a name, where each turn does
Prefixes = dict[int, tuple[str, int]]  # by the segment at whose beginning they stand: the name, the offset of the words


def parse_prefix(text: str) -> tuple[str, int]:
    """(name, offset of the words) of a text that begins with a speaker's name and a colon; ("", 0) otherwise."""
    if text.find(":", 0, MAX_NAME_LENGTH + 4) < 0 and text.find("：", 0, MAX_NAME_LENGTH + 4) < 0:
        return "", 0
    if (colon := _usual_colon(text)) > 0:
        return (name, colon + 2) if (name := _name_before(text[:colon])) else ("", 0)
    m = _PREFIX.match(text)
    return (m[1], m.end()) if m is not None and _is_prefix(m[1]) else ("", 0)


def _is_prefix(name: str) -> bool:
    return len(name) <= MAX_NAME_LENGTH and is_name(name)


def _usual_colon(text: str) -> int:
    """Where "Ann: words" has its colon, 0 for another text: what stands before it recurs, and is parsed once."""
    colon = text.find(":", 0, MAX_HEAD)
    if colon > 0 and text[colon + 1 : colon + 2] == " " and text[colon + 2 : colon + 3] not in ("", " ", "\t", "\n"):
        head = text[:colon]
        return 0 if "(" in head or "：" in head or "（" in head else colon
    return 0


@lru_cache(4096)
def _name_before(head: str) -> str:
    """The name in what stands before a colon, "" for words."""
    m = _PREFIX.match(f"{head}: ")
    return m[1] if m is not None and _is_prefix(m[1]) else ""


@lru_cache(4096)
def _uncased_before(head: str) -> str:
    """The name without capitals in what stands before a colon, "" for words."""
    m = _UNCASED.match(f"{head}: ")
    return m[1] if m is not None and is_uncased_name(m[1]) else ""


def parse_uncased_prefix(text: str) -> tuple[str, int]:
    """parse_prefix for a name without capitals, which alone is no evidence of one."""
    if (colon := _usual_colon(text)) > 0:
        return (name, colon + 2) if (name := _uncased_before(text[:colon])) else ("", 0)
    m = _UNCASED.match(text)
    return (m[1], m.end()) if m is not None and is_uncased_name(m[1]) else ("", 0)


def extract_speakers(columns: Columns, names: set[str] | None = None, *, known: bool = False) -> Columns:
    """The columns with the names moved from the words to the speakers, where a segment has no speaker yet.

    A name holds until the next one, since most files write it only where the speaker changes; known: so does a speaker
    that a segment has already. names: all names of the document, where its format marks them.
    """
    prefixes, others = _find_prefixes(columns, names)
    if others:
        _add_others(columns, prefixes, others)
    if not prefixes and not known:
        return columns
    _keep_speakers(columns, prefixes, names)
    if not prefixes and not known:
        return columns
    holds = known or not _is_interjected(columns, prefixes)
    current: str | None = None
    for i, text in enumerate(columns.texts):
        if columns.speakers[i] is not None:
            current = columns.speakers[i] if known else None
        elif i in prefixes:
            current, cut = prefixes[i]
            columns.texts[i], columns.speakers[i] = text[cut:], current
            current = current if holds else None
        elif current is not None:
            if text.lstrip().startswith(_CHANGE):
                current = None
            columns.speakers[i] = current
    return columns


def _is_interjected(columns: Columns, prefixes: Prefixes) -> bool:
    """Whether one name stands before a few paragraphs of what another says, who is not named: "Q: And the cost?"."""
    is_text = not any(start == start for start in columns.starts)
    return is_text and len({name for name, _ in prefixes.values()}) == 1 and min(prefixes) >= MIN_UNNAMED


def _find_prefixes(columns: Columns, names: set[str] | None) -> tuple[Prefixes, list[int]]:
    """The prefixes of the form of a name, and the other segments with an early colon."""
    prefixes: Prefixes = {}
    others: list[int] = []
    speakers = columns.speakers
    for i, text in enumerate(columns.texts):
        if speakers[i] is not None or (text.find(":", 0, MAX_PREFIX) < 0 and text.find("：", 0, MAX_PREFIX) < 0):
            continue
        bare = text.lstrip() if text[:1].isspace() else text
        name, cut = _parse_marked(bare, names) if names else parse_prefix(bare)
        if name:
            prefixes[i] = name, cut + len(text) - len(bare)
        else:
            others.append(i)
    return prefixes, others


def _add_others(columns: Columns, prefixes: Prefixes, others: list[int]) -> None:
    """Adds what recurs in other capitals or without a blank behind its colon, and the names without capitals."""
    counts = Counter(name for name, _ in prefixes.values())
    recurring = {name.casefold(): name for name, n in counts.items() if n > 1}
    uncased: Prefixes = {}
    for i in others:
        text = columns.texts[i]
        bare = text.lstrip()
        head = re.split("[:：]", bare, maxsplit=1)[0]
        if (name := recurring.get(head.strip().casefold())) is not None:
            prefixes[i] = name, len(text) - len(bare) + len(head) + 1
            continue
        name, cut = parse_uncased_prefix(bare)
        if name:
            uncased[i] = name, cut + len(text) - len(bare)
    counts = Counter(name for name, _ in uncased.values())
    dialogue = {name for name, n in counts.items() if n > 1}
    labelled = sum(counts[name] for name in dialogue)
    share = labelled / max(1, len(columns.texts))
    if labelled >= MIN_UNCASED and share >= (SHARE_OF_TWO if len(dialogue) > 1 or recurring else SHARE_OF_ONE):
        prefixes |= {i: prefix for i, prefix in uncased.items() if prefix[0] in dialogue}
    if prefixes:
        ordered = sorted(prefixes.items())
        prefixes.clear()
        prefixes.update(ordered)


def _parse_marked(text: str, names: set[str]) -> tuple[str, int]:
    """parse_prefix for a text whose format marks names: these may be any words."""
    colon = text.find(":", 0, MAX_NAME_LENGTH + 20)
    if colon > 0 and (name := text[:colon].rstrip()) in names and not text[colon + 1 : colon + 2].strip():
        return name, colon + 1
    return parse_prefix(text)


def _keep_speakers(columns: Columns, prefixes: Prefixes, names: set[str] | None) -> None:
    """Removes the prefixes that are words."""
    counts = Counter(name for name, _ in prefixes.values())
    recurring = {name for name, n in counts.items() if n > 1 and (not names or name in names)}
    known = {s for s in columns.speakers if s}
    texts, last = columns.texts, len(columns.texts) - 1
    verdicts = {name: True for name in counts if name in recurring}
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


def _read_style(columns: Columns, prefixes: Prefixes, recurring: set[str]) -> Callable[[int], bool]:
    """Whether a prefix that stands once is written like those that recur, in a dialogue; or numbered.

    A single word ("Felix: ...", "Ukraine: ...") is a name only where each turn begins with one, nobody speaks of what
    is in it, and it is no usual topic.
    """
    sample = [(i, cut) for i, (name, cut) in islice(prefixes.items(), MAX_SAMPLE) if name in recurring]
    lower = sum(_begins_in_lower_case(columns.texts[i], cut) for i, cut in sample)
    longest = max(map(_count_words, recurring), default=0)
    labelled = sum(name in recurring for name, _ in prefixes.values())
    is_dialogue = bool(recurring) and (len(recurring) > 1 or labelled * 4 >= len(columns.texts))
    has_labelled_turns = len(prefixes) >= SHARE_OF_TURNS * len(columns.texts)

    def is_like_them(i: int) -> bool:
        name, cut = prefixes[i]
        if NUMBERED.fullmatch(name):
            return True
        is_begun = lower * 2 >= len(sample) or not _begins_in_lower_case(columns.texts[i], cut)
        if not (is_dialogue and is_begun and _count_words(name) <= max(2, longest)) or is_topic(name):
            return False
        is_single = _count_words(name) == 1
        return not is_single or (has_labelled_turns and not any(f" in {name}" in text for text in columns.texts))

    return is_like_them


def _reason(name: str, recurring: set[str], *, is_speaker: bool) -> str:
    if name in recurring:
        return "since it recurs before a colon"
    if NUMBERED.fullmatch(name) and is_speaker:
        return "since it is numbered"
    if not recurring:
        return "since it stands once before a colon, and no other name recurs there"
    return "since others recur before a colon" if is_speaker else "since it is not written like the names that recur"


def _count_words(name: str) -> int:
    return len(name.partition("(")[0].split())


def _begins_in_lower_case(text: str, at: int) -> bool:
    return next((c for c in text[at : at + 20] if c.isalpha()), "").islower()

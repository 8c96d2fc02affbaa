"""The names that are looked for in real talk: those that are said in it, and three kinds of those that nobody says.

Real talk is anybody's own, so that nothing of it is known here. Names said in it are read out of what was really said,
where that text is beside the audio: words with a capital inside of a sentence that ordinary talk has seldom. Without it
they are read out of what was recognised, where they serve for names one sound away only.
"""

from __future__ import annotations

import calendar
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.listen.twins import twin_of
from benchmarks.sounds_like.cost import invent_names
from benchmarks.sounds_like.names import fold_name, load_subjects
from podwatch.phonetics.lexicon import EVERYDAY, look_up_words
from podwatch.query.place_proposals import MAX_NAMES

MIN_LETTERS = 5  # of the longest word of a name: what is found by its sound is longer than that
INVENTED_AT_ONCE = 400
SAID, PUBLIC, INVENTED, TWIN = "said", "public", "invented", "one sound away"
AT_ONCE = "public and invented, all at once"
DATES = frozenset(word for names in (calendar.day_name, calendar.month_name) for word in names if word)
_CAPITALISED = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+(?: [A-Z][a-z]+){0,2}\b")


@dataclass(frozen=True, slots=True)
class NameList:
    """A watchlist as a small team has one, so that the wider net listens for all of it; AT_ONCE: as a large one has.

    kind: SAID, or what sort of names that nobody says.
    """

    kind: str
    names: tuple[str, ...]


def names_in(text: str) -> list[str]:
    """The names that a text seems to have, those that it has most often first."""
    found = Counter(m[0] for m in _CAPITALISED.finditer(" ".join(text.split())))
    entries = look_up_words({w.lower() for name in found for w in name.split()})

    def is_name(name: str) -> bool:
        words = name.split()
        plain = all(entries[w.lower()].flags & EVERYDAY for w in words)
        return max(map(len, words)) >= MIN_LETTERS and not plain and DATES.isdisjoint(words)

    return [name for name, _ in found.most_common() if is_name(name)]


def has_name(text: str, name: str) -> bool:
    """Whether a text has a name, in full or by its last word."""
    return count_name(text, name) > 0


def count_name(text: str, name: str) -> int:
    """How often a text says a name, in full or by its last word."""
    last = fold_name(name).split()[-1]
    return len(re.findall(rf"\b{re.escape(last)}s?\b", fold_name(text)))


def choose_lists(said: Sequence[str], recognised: str, lists: int) -> Iterator[NameList]:
    """What is looked for in one file. said: names that are said in it, as far as that is known; recognised: all that
    was heard. lists: of twelve public and of twelve invented names, each.

    Public names of which any word was recognised are left out: they may be said.
    """
    for at in range(0, len(said), MAX_NAMES):
        yield NameList(SAID, tuple(said[at : at + MAX_NAMES]))
    there = said or names_in(recognised)
    heard = set(fold_name(recognised).split())
    twins = [t for t in map(twin_of, there[:MAX_NAMES]) if not has_name(recognised, t)]
    if twins:
        yield NameList(TWIN, tuple(twins))
    public = sorted({s.name for s in load_subjects() if len(s.name) > MIN_LETTERS})
    random.Random("real talk").shuffle(public)
    invented = [s.name for s in invent_names(max(INVENTED_AT_ONCE, MAX_NAMES * lists), seed=27)]
    for i in range(lists):
        drawn = public[i * MAX_NAMES : (i + 1) * MAX_NAMES]
        yield NameList(PUBLIC, tuple(n for n in drawn if not heard & set(fold_name(n).split())))
        yield NameList(INVENTED, tuple(invented[i * MAX_NAMES : (i + 1) * MAX_NAMES]))
    unsaid = [n for n in public if not heard & set(fold_name(n).split())]
    yield NameList(AT_ONCE, (*unsaid, *invented[:INVENTED_AT_ONCE]))

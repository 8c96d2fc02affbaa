"""Takes a written name apart: its plain words, which of them are first names, and what is left out when it is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from podwatch.phonetics.lexicon import GIVEN, look_up_word, plain_spelling, word_set
from podwatch.phonetics.ngram_windows import NGram
from podwatch.phonetics.tokenizer import MAX_WORD_LENGTH
from podwatch.phonetics.watched_names import WatchedName

Part = Literal["full", "surname", "alias"]
ROLES = word_set(
    "president minister secretary ambassador envoy senator general professor doctor mr mrs ms dr chancellor "
    "colonel admiral governor congressman congresswoman congressmember congressperson "
    "ayatollah sheikh sultan emir pope cardinal director chairman chairwoman spokesman spokeswoman "
    "analyst author journalist chief adviser advisor negotiator representative king queen prince premier "
    "commissioner mayor judge justice captain commander deputy leader founder ceo economist historian philosopher "
    "coach singer writer reporter correspondent prof sir lady comrade monsieur herr senor"
)
WORD_PATTERN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
PARTICLES = word_set("de da di do dos das du del della der den van von zu zur la le el al bin ibn ben abu ter ten")
_TITLE_WORDS = word_set("attorney vice prime crown first foreign home defense defence the supreme grand chief state us")
_RELATIVE_SUFFIXES = word_set("jr sr ii iii iv")
_PERSON_SUFFIXES = _RELATIVE_SUFFIXES | word_set("phd md esq")
_COMPANY_SUFFIXES = word_set("inc corp corporation ltd limited llc plc gmbh ag sa nv bv ab asa oyj spa kg co company")


def spoken_words(text: str) -> NGram:
    """The plain words of a name, initials as one letter each; empty where one of them has no form in a-z."""
    words: list[str] = []
    for piece in WORD_PATTERN.findall(text):
        word = plain_spelling(piece) if len(piece) <= MAX_WORD_LENGTH else ""
        if not word:
            return ()
        are_initials = piece.isupper() and 1 < len(piece) <= 3 and not set(word) & set("aeiou")
        words += list(word) if are_initials else [word]
    return tuple(words)


def name_parts(name: WatchedName) -> Iterator[tuple[Part, NGram, int]]:
    """(part, words, how many of them are first names) of each form of the name without its aliases, the full one first.

    What is no person has first names, too, all words but the last: that may be misheard badly behind the others.
    """
    full = spoken_words(name.full)
    last_piece = len(spoken_words(name.full.split()[-1])) if name.full.split() else 0  # Okonjo-Iweala: one surname
    while len(full) > 1 and full[0] in ROLES and name.may_be_person:
        full = full[1:]
    while len(full) > 1 and (full[-1] in _PERSON_SUFFIXES or (name.kind != "person" and full[-1] in _COMPANY_SUFFIXES)):
        full = full[:-1]
        last_piece = 1
    if not full:
        return
    has_first_name = name.kind == "person" or (not name.kind and look_up_word(full[0]).flags & GIVEN)
    if len(full) == 1 or not has_first_name:
        yield "full", full, len(full) - 1
        return
    last = max(1, len(full) - max(1, last_piece))
    while last > 1 and full[last - 1] in PARTICLES:
        last -= 1
    yield "full", full, last
    surname = full[last:]
    first = next((i for i, w in enumerate(full[:last]) if len(w) > 1), None)
    if first is not None and last > 1:
        yield "full", (full[first], *surname), 1
        if first == 0:  # two surnames, or a middle name that runs into one
            yield "full", full, 1
    yield "surname", surname, 0
    if first == 0 and last > 1 and all(len(w) > 1 for w in full[1:]):
        yield "surname", full[1:], 0  # Abrego Garcia, Coney Barrett: also said without the first name


def split_titles(words: NGram) -> tuple[NGram, NGram]:
    """(the titles that plain words begin with, the rest); no titles where the rest would be empty or none is a role."""
    n = 0
    while n < len(words) and (words[n] in ROLES or words[n] in _TITLE_WORDS):
        n += 1
    return (words[:n], words[n:]) if 0 < n < len(words) and not ROLES.isdisjoint(words[:n]) else ((), words)


def relative_suffix(name: WatchedName) -> str:
    """What tells a person from a relative of the same name and is often not said, as Jr.; empty where there is none."""
    pieces = name.full.split()
    if len(pieces) < 2 or not name.may_be_person:
        return ""
    return pieces[-1] if set(spoken_words(pieces[-1])) & _RELATIVE_SUFFIXES else ""


def use_latin_alias(name: WatchedName) -> WatchedName:
    """A name without a form in a-z (Владимир Зеленский, 习近平) by the first alias that is it in Latin letters.

    That is one with capitals and no title that has as many words, where the script has blanks between them.
    """
    if spoken_words(name.full):
        return name
    count = len(name.full.split())
    for alias in name.aliases:
        pieces, words = alias.split(), spoken_words(alias)
        has_capitals = bool(words) and pieces[0][0].isupper() and pieces[-1][0].isupper()
        if has_capitals and count in (1, len(pieces)) and words[0] != "the" and not set(words) & ROLES:
            return replace(name, full=alias)
    return name

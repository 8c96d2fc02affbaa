"""The spellings under which a term of a query is found: plurals, acronyms and numbers however written, apostrophes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod

from podwatch.lazy_patterns import lazy_pattern
from podwatch.query.annotations import blank_annotations
from podwatch.query.normaliser import normalise

ES_ENDINGS = ("s", "x", "z", "ch", "sh", "o")  # words whose plural may end in es: taxes
# What an acronym without dots is in small letters: another word.
_WORDS = """
    ad ai aid aim all am an are art as at be bid by can cap cat cop cup do ed eve fed go gop has he her hi his id
    if in ion is it its lot ma mad may me mom my no nor not nut of oh on op or our own pa pan pat pot race sad sat
    set she sin sit so star tag tar ten the to up us via war was we who
"""
_WORDS_LIKE_ACRONYMS = frozenset(_WORDS.split())
# Words that end in s, with another word before it: its is not it's.
_NOT_POSSESSIVE = frozenset(("let", "that", "what", "here", "there", "where", "who", "how", "why", "when", "she"))
_DOTTED = lazy_pattern(r"(?<![^\W_])(?:[^\W\d_]\.)+[^\W\d_](?![^\W_])")
_DEGREE = lazy_pattern(r"(?<![^\W_.])(?:[^\W\d_]{1,3}\.)+[^\W\d_]{1,3}(?![^\W_])")  # Ph.D
_JOINED_DEGREE = lazy_pattern(r"\b([A-Z][a-z])(?=[A-Z]\b)")  # PhD
_INITIALS = lazy_pattern(r"[^\W\d_]{2,3}")
_INNER_APOSTROPHE = lazy_pattern(r"(?<=[^\W\d_])['’‘‛ʼʻʽʾʿʹ′`´](?=[^\W\d_])")
_LETTER_AND_APOSTROPHE = lazy_pattern(r"(?<![^\W_])[^\W\d_]['’‘‛ʼʻʽʾʿʹ′`´]")  # O'Brien
_JOINED_PREFIX = lazy_pattern(r"\b([DL])(?=[A-Z][a-z])")  # DAngelo
# T-Mobile, Wi-Fi; but re-sign and co-op are other words than those without a hyphen.
_HYPHEN = lazy_pattern(r"(?<![^\W_])(?!(?:re|co|un|de)-)([^\W\d_]{1,2})[-‐‑*](?=[^\W\d_]{2})", re.IGNORECASE)
_LETTER_AND_WORD = lazy_pattern(r"(?<!\S)([^\W\d_aioAIO]) (?=[^\W\d_]{3})")  # T Mobile, not a part
_CAPITAL_WITHIN = lazy_pattern(
    r"(?<=[a-z])(?<!\bMc)(?=[A-Z][a-z])|(?<=[a-z]{2})(?=[A-Z]{2})|(?<=\b[A-Z])(?=[A-Z][a-z]{2})"
)
_LETTERS_LIKE_WORDS = "aioAIO"  # an iPhone is no "i phone" wherever that is said
_LETTER_BEFORE = lazy_pattern(r"([b-df-hj-np-tv-xz])([b-df-hj-np-tv-xz]{1,2}[aeiouy][a-z]+)")
# Two consonants that words and names begin with; with any other two it is a letter and a word: tmobile, xray, kpop.
_ONSET_PAIRS = """
    bh bl br ch cl cr cz dh dj dr dw fj fl fr gh gj gl gn gr gw hj hl hr kh kj kl kn kr kv kw lj ll mb mc mn mr ng nj nk
    pf ph pl pn pr ps pt qu rh rz sb sc sf sh sj sk sl sm sn sp sq sr st sv sw sz th tj tr tw tz vl vr wh wr zb zd zh
    zl zn zv zw
"""
_ONSETS = frozenset(_ONSET_PAIRS.split())
_WITH_E = lazy_pattern(r"e(?=(?:mail|book|commerce|bike|scooter|sport|cigarette|learning)s?$)")
_PAIR = lazy_pattern(r"([a-z]{1,12}) (\d{1,4}[a-z]?)|(\d{1,3}) ([a-z])|([a-z]{1,3}\d{1,3}) ([a-z]{1,3}\d{1,3})")
_JOINED = lazy_pattern(r"([a-z]{1,12})(\d{1,4}[a-z]?)|(\d{1,3})([a-z])|([a-z]{1,3}\d{1,3})([a-z]{1,3}\d{1,3})")
_MEASURE = lazy_pattern(r"[ai]\d|\d{1,3}[a-z](?![^ ])")  # A1 is not a 1 in 5 chance, 5G not 5 g
MAX_FORMS = 16
_YEAR = lazy_pattern(r"1\d\d0|20\d0")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a term may be written.

    forms: normalised. is_acronym: without dots only in capitals where its letters are another word: US, not us.
    is_word: not with dots, in small letters it is a word: us, not U.S. most_words: what has more words than this in
    the stored text is something else; None: it may have. apart: what has more words than most_words is right where this
    expression matches: You Tube, not "if you tube".
    """

    forms: tuple[str, ...]
    is_acronym: bool = False
    is_word: bool = False
    most_words: int | None = None
    apart: str = ""

    @property
    def accept(self) -> Callable[[str], bool] | None:
        """Says of stored text that is normalised to a form whether it will do; None: all will."""
        return self.accepts if self.is_acronym or self.is_word or self.most_words is not None else None

    def accepts(self, stored: str) -> bool:
        if self.most_words is not None:
            chunks = blank_annotations(stored).split()
            words = sum(any(map(str.isalnum, chunk)) for chunk in chunks)
            if words > self.most_words and not (self.apart and re.search(self.apart, stored)):
                return False
        if self.is_word and "." in stored:
            return False
        return not self.is_acronym or is_written_as_acronym(stored)


@lru_cache(maxsize=65536)
def spell(text: str, written: str, *, inflected: bool = True) -> Spelling:
    """The spellings of a normalised term. written: as it stands in the query. inflected: it is a word, no name."""
    is_plain = written.islower() and text.isascii() and text.isalpha() and len(text) > 3
    if is_plain and text[-1] != "s" and text[0] != "e" and (text[:2] in _ONSETS or not _LETTER_BEFORE.match(text)):
        return Spelling((text,))  # as most terms are
    bases, dotted = _bases(text, written)
    count = text.count(" ") + 1
    most_words = count if _MEASURE.match(text) else None
    apart = ""
    if capital := _CAPITAL_WITHIN.search(written):
        bases.add(normalise(_CAPITAL_WITHIN.sub(" ", written)).text.strip())
        first = written[: capital.start()].rpartition(" ")[2]
        if len(first) > 1 or first in _LETTERS_LIKE_WORDS:
            most_words, apart = count, rf"{re.escape(first)}\s+{re.escape(written[capital.start()])}"
    forms = {form for base in bases for form in _expand(base, inflected)}
    is_one = count == 1
    return Spelling(
        tuple(sorted(forms)),
        is_acronym=bool(dotted) and is_one,
        is_word=is_one and written.islower() and not dotted and text in _WORDS_LIKE_ACRONYMS,
        most_words=most_words,
        apart=apart,
    )


def _bases(text: str, written: str) -> tuple[set[str], list[str]]:
    """(the term, with its acronyms in letters apart, with other apostrophes; its acronyms with dots)."""
    bases = {text}
    if " " not in text and text[:2] not in _ONSETS and (m := _LETTER_BEFORE.fullmatch(text)):
        bases.add(f"{m[1]} {m[2]}")
    elif _WITH_E.match(text):
        bases.add(f"e {text[1:]}")
    if written.islower() and written.isalpha():
        return bases, []
    dotted: list[str] = _DOTTED.findall(written)
    words = written.split()
    initials = [w for w in words if len(words) > 1 and w.isupper() and _INITIALS.fullmatch(w)]
    if dotted or initials:
        apart = f" {text} "
        for acronym in {normalise(d).text.strip() for d in (*dotted, *initials)}:
            apart = apart.replace(f" {acronym} ", f" {' '.join(acronym)} ")
        bases.add(apart.strip())
    if _INNER_APOSTROPHE.search(written):
        bases.add(normalise(_INNER_APOSTROPHE.sub("", written)).text.strip())
        if _LETTER_AND_APOSTROPHE.search(written):
            bases.add(normalise(_INNER_APOSTROPHE.sub(" ", written)).text.strip())
    if _HYPHEN.search(written):
        bases.add(normalise(_HYPHEN.sub(r"\1", written)).text.strip())
    if _LETTER_AND_WORD.search(written):
        bases.add(normalise(_LETTER_AND_WORD.sub(r"\1", written)).text.strip())
    if not dotted and _DEGREE.search(written):
        bases.add(normalise(_DEGREE.sub(lambda m: m[0].replace(".", ""), written)).text.strip())
    if _JOINED_DEGREE.search(written):
        bases.add(normalise(_JOINED_DEGREE.sub(r"\1 ", written)).text.strip())
    if _JOINED_PREFIX.search(written):
        bases.add(normalise(_JOINED_PREFIX.sub(r"\1'", written)).text.strip())
    return bases, dotted


def _expand(text: str, inflected: bool) -> Iterator[str]:
    """The term with each number joined to its letters or apart, and each last s with an apostrophe or without."""
    choices: list[tuple[str, ...]] = []
    words = text.split(" ")
    has_digits = any(c.isdigit() for c in text)
    while words:
        word, following = words.pop(0), words[0] if words else ""
        pair = has_digits and (_PAIR.fullmatch(f"{word} {following}") or _JOINED.fullmatch(word))
        if pair:
            if pair[0] != word:
                words.pop(0)
            one, two = (part for part in pair.groups() if part)
            choices.append((one + two, f"{one} {two}"))
        elif "'" in word:
            choices.append((word, word.replace("'", "")))
        elif inflected and (other := _possessive(word)):
            choices.append((word, other))
        else:
            choices.append((word,))
    few = choices if prod(map(len, choices)) <= MAX_FORMS else [c[:1] for c in choices]
    return map(" ".join, product(*few))


def _possessive(word: str) -> str:
    """A word that ends in s with an apostrophe before it, mcdonald's for mcdonalds; empty where it has none."""
    base = word[:-1]
    is_base = word.endswith("s") and len(base) > 2 and base.isalpha() and base[-1] != "s"
    return f"{base}'s" if is_base and base not in _NOT_POSSESSIVE else ""


def takes_plural(text: str) -> bool:
    """Whether the plain plural of a normalised term is looked for: not of short words, where it is another (its).

    What ends in a number has one, too (F-35s, 737s), but not a year or a short number (1990s, in his 50s).
    """
    last = text.rpartition(" ")[2]
    if last[-1:].isdigit():
        is_named = any(c.isalpha() for c in text)
        return is_named or (last.isdigit() and len(last) >= 3 and not _YEAR.fullmatch(last))
    return len(last) >= 3 and last[-1].isalpha()


def plural_in_ies(text: str) -> str | None:
    """The plural of a normalised term that is not the term with an ending behind it: parties for party."""
    last = text.rpartition(" ")[2]
    if len(last) > 3 and last[-1] == "y" and last[-2].isalpha() and last[-2] not in "aeiou":
        return f"{text[:-1]}ies"
    return None


def is_written_as_acronym(stored: str) -> bool:
    """Whether stored text that matches an acronym is one. What is also a word counts only in capitals: US, not us."""
    return "." in stored or " " in stored or stored.isupper() or stored.casefold() not in _WORDS_LIKE_ACRONYMS


def cased_letters(text: str) -> str:
    """What a term that is wanted in exact case is compared by: its letters, digits and symbols, in their case."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    return "".join(ch for ch in plain if ch.isalnum() or ch in "'+#&%@$")


def signs_within(text: str) -> list[str]:
    """The * and ? within a text, which elsewhere in a query are wildcards."""
    return re.findall(r"[*?]", text.strip("*?"))

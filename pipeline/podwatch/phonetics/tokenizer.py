"""Cuts a transcript into words and says where a name may not run on: never over the end of a sentence.

Recognisers write a name as one word, as two or three, with a hyphen or a comma in it; so what matters of the
characters between two words is only how likely a name goes on behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from podwatch.phonetics.lexicon import INVISIBLE, plain_spelling, word_set

OPEN, COMMA, CLOSED = 0, 1, 2
CHUNK_LENGTH, MAX_TEXT_LENGTH = 300_000, 4_000_000  # characters: five hours of talk, and sixty-five
MAX_WORD_LENGTH = 30  # letters; what is longer is no word that anybody said
_WORD_PATTERN = re.compile(rf"[^\W_]+(?:(?:['’]|[{INVISIBLE}]+)[^\W_]+)*")
_ACRONYM = re.compile(r"[A-Z]{2,}(?:['’]?s)?")  # and more than one of them: CPUs
# Capitals within a word are written for what is known (MacOS, GoLand), or behind a few beginnings of names.
_SURNAME_PREFIXES = r"(?:Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|Al|El|Ben|Bin|Ibn|[OD]['’])[A-Z][a-z]+(?:['’]s)?$"
_INNER_CAPITALS = re.compile(rf"(?!{_SURNAME_PREFIXES})\w*(?:[a-z][A-Z]|[A-Z]{{2}}[a-z])\w*(?:['’]s)?")
_ABBREVIATED_TITLES = word_set("mr mrs ms dr st jr sr gen sen prof rep gov lt col capt")
_COMMA_CHARACTERS = frozenset(",\"“”‘’'—–")


def split_chunks(text: str) -> Iterator[tuple[int, str]]:
    """(where it begins, the piece) of a text; one piece, if it is no longer than nearly every episode.

    A hostile text may be one near miss after the other, each of which costs memory: so each piece is heard alone, and
    of what is longer than LISTENED characters only the beginning.
    """
    at, stop = 0, min(len(text), MAX_TEXT_LENGTH)
    while stop - at > CHUNK_LENGTH:
        cuts = (text.rfind(mark, at + CHUNK_LENGTH // 2, at + CHUNK_LENGTH) for mark in ("\n", ". ", " "))
        end = next((cut + 1 for cut in cuts if cut >= 0), at + CHUNK_LENGTH)
        yield at, text[at:end]
        at = end
    yield at, text[at:stop]


@lru_cache(maxsize=4096)
def _classify_gap(between: str) -> int:
    if any(c in ".?!…" for c in between):
        return CLOSED
    if "\n\n" in between:
        return CLOSED
    kind = OPEN
    for c in between:
        if c in _COMMA_CHARACTERS:
            kind = COMMA
        elif not (c.isspace() or c in "-‐‑"):
            return CLOSED
    return kind


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a text, in columns of the same length.

    ``plain``: spelt in a-z (empty where that cannot be). ``starts``, ``ends``: characters. ``gaps``: OPEN, COMMA or
    CLOSED to the next word. ``big``: begins with a capital. ``first``: begins a sentence.
    ``shout``: in capitals throughout or within, in a text that is not. ``cased``: whether the text
    has capitals where they belong at all, as captions made by machines often have not.
    """

    plain: list[str]
    starts: list[int]
    ends: list[int]
    gaps: list[int]
    is_capitalised: list[bool]
    starts_sentence: list[bool]
    is_acronym: list[bool]
    has_case: bool


def tokenize(text: str) -> Tokens:
    """The words of ``text``."""
    spans = [m.span() for m in _WORD_PATTERN.finditer(text)]
    raw = [text[a:b] for a, b in spans]
    words = [plain_spelling(w) if len(w) <= MAX_WORD_LENGTH else "" for w in raw]
    gaps: list[int] = []
    for i in range(len(spans) - 1):
        end, start = spans[i][1], spans[i + 1][0]
        kind = OPEN if start - end == 1 and text[end] in " \n" else _classify_gap(text[end:start])
        if kind == CLOSED and text[end] == "." and (end - spans[i][0] == 1 or words[i] in _ABBREVIATED_TITLES):
            kind = OPEN if text[end + 1 : start].strip() == "" else kind
        gaps.append(kind)
    gaps.append(CLOSED)
    big = [w[0].isupper() for w in raw]
    first = [i == 0 or gaps[i - 1] == CLOSED for i in range(len(raw))]
    small = sum(1 for i, b in enumerate(big) if not b and not first[i])
    capital = sum(1 for i, b in enumerate(big) if b and not first[i] and words[i] not in ("i", "i'm", "i'll", "i've"))
    cased = capital * 200 > small and capital < 4 * small + 8
    shout = [cased and bool(_ACRONYM.fullmatch(w) or _INNER_CAPITALS.fullmatch(w)) for w in raw]
    return Tokens(words, [a for a, _ in spans], [b for _, b in spans], gaps, big, first, shout, cased)

"""Cuts a transcript into words and says where a name cannot run on: never over the end of a sentence.

Speech recognition writes a name as one word, as two or three, with a hyphen or a comma in it; so all that matters of
the characters between two words is how likely a name goes on behind them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from podwatch.phonetics.lexicon import INVISIBLE, plain_spelling, word_set

OPEN, COMMA, CLOSED = 0, 1, 2  # between two words: a name may go on; over a comma or dash; the sentence ends
CHUNK_LENGTH, MAX_TEXT_LENGTH = 300_000, 4_000_000  # characters: five hours of talk, and sixty-five
MAX_WORD_LENGTH = 30  # letters; what is longer is no word that anybody said
_WORD_PATTERN = re.compile(rf"[^\W_]+(?:(?:['’]|[{INVISIBLE}]+)[^\W_]+)*")
_ACRONYM = re.compile(r"[A-Z]{2,}(?:['’]?s)?")  # also their plural: CPUs
# Capitals within a word are those of products (MacOS, GoLand), or follow the prefixes of some surnames.
_SURNAME_PREFIXES = r"(?:Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|Al|El|Ben|Bin|Ibn|[OD]['’])[A-Z][a-z]+(?:['’]s)?$"
_INNER_CAPITALS = re.compile(rf"(?!{_SURNAME_PREFIXES})\w*(?:[a-z][A-Z]|[A-Z]{{2}}[a-z])\w*(?:['’]s)?")
_ABBREVIATED_TITLES = word_set("mr mrs ms dr st jr sr gen sen prof rep gov lt col capt")
_COMMA_CHARACTERS = frozenset(",\"“”‘’'—–")
_CAPITAL_PRONOUNS = ("i", "i'm", "i'll", "i've")


def split_chunks(text: str) -> Iterator[tuple[int, str]]:
    """(offset, chunk) of a text, in its order: one chunk for nearly every episode.

    A hostile text may be one near miss after the other, each of which costs memory: so it is searched in chunks of
    CHUNK_LENGTH characters at most, and only the first MAX_TEXT_LENGTH of it. A chunk ends with a line, else with a
    sentence, else with a word.
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
    if any(c in ".?!…" for c in between) or "\n\n" in between:
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
    """The words of a text, in columns of one length.

    ``plain``: the plain spelling, empty where there is none. ``starts``, ``ends``: half-open, in characters of the
    text. ``gaps``: OPEN, COMMA or CLOSED to the next word. ``is_capitalised``: begins with a capital.
    ``starts_sentence``: is the first word of one. ``is_acronym``: capitals throughout (NSA) or within (MacOS), in a
    text that has case. ``has_case``: whether the text has capitals where they belong at all, as captions made by
    machines often have not.
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
    plain = [plain_spelling(w) if len(w) <= MAX_WORD_LENGTH else "" for w in raw]
    gaps: list[int] = []
    for i, ((start, end), (following, _)) in enumerate(pairwise(spans)):
        gap = _classify_gap(text[end:following])
        abbreviated = text[end] == "." and (end - start == 1 or plain[i] in _ABBREVIATED_TITLES)
        if abbreviated and not text[end + 1 : following].strip():
            gap = OPEN
        gaps.append(gap)
    gaps.append(CLOSED)
    capitalised = [w[0].isupper() for w in raw]
    first = [i == 0 or gaps[i - 1] == CLOSED for i in range(len(raw))]
    inside = [
        (capital, word) for capital, word, at_start in zip(capitalised, plain, first, strict=True) if not at_start
    ]
    small = sum(not capital for capital, _ in inside)
    large = sum(capital and word not in _CAPITAL_PRONOUNS for capital, word in inside)
    has_case = large * 200 > small and large < 4 * small + 8
    acronyms = {w for w in set(raw) if _ACRONYM.fullmatch(w) or _INNER_CAPITALS.fullmatch(w)} if has_case else set()
    acronym = [w in acronyms for w in raw]
    return Tokens(plain, [a for a, _ in spans], [b for _, b in spans], gaps, capitalised, first, acronym, has_case)

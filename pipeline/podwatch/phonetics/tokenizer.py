"""Cuts a transcript into words and says where a name cannot run on: never over the end of a sentence.

Speech recognition writes a name as one word, as two or three, with a hyphen or a comma in it; so all that matters of
the characters between two words is how likely a name goes on behind them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, compress
from operator import not_

from podwatch.phonetics.lexicon import INVISIBLE, plain_spelling, word_set

OPEN, COMMA, CLOSED = 0, 1, 2  # between two words: a name may go on; over a comma or dash; the sentence ends
CHUNK_LENGTH, MAX_TEXT_LENGTH = 300_000, 4_000_000  # characters: five hours of talk, and sixty-five
MAX_WORD_LENGTH = 30  # letters; what is longer is no word that anybody said
_WORD_PATTERN = re.compile(rf"([^\W_]+(?:(?:['’]|[{INVISIBLE}]+)[^\W_]+)*)")
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
    """The words of ``text``.

    What is asked of a word or of what is between two is asked once of each distinct one.
    """
    parts = _WORD_PATTERN.split(text)  # what is between the words, and the words
    raw, between = parts[1::2], parts[2:-1:2]
    borders = list(accumulate(map(len, parts)))
    distinct = set(raw)
    plain_of = {w: plain_spelling(w) if len(w) <= MAX_WORD_LENGTH else "" for w in distinct}
    has_capital = {w: w[0].isupper() for w in distinct}
    plain = [plain_of[w] for w in raw]
    gap_of = {gap: _classify_gap(gap) for gap in set(between)}
    gaps = [gap_of[gap] for gap in between]
    if dots := {gap for gap in gap_of if gap[:1] == "." and not gap[1:].strip()}:
        for i in [i for i, gap in enumerate(between) if gap in dots]:
            if len(raw[i]) == 1 or plain[i] in _ABBREVIATED_TITLES:
                gaps[i] = OPEN
    gaps.append(CLOSED)
    capitalised = [has_capital[w] for w in raw]
    first = [True, *(gap == CLOSED for gap in gaps[:-1])] if raw else []
    inside = Counter(compress(raw, map(not_, first)))
    small = sum(times for w, times in inside.items() if not has_capital[w])
    large = sum(times for w, times in inside.items() if has_capital[w] and plain_of[w] not in _CAPITAL_PRONOUNS)
    has_case = large * 200 > small and large < 4 * small + 8
    acronyms = {w for w in distinct if _ACRONYM.fullmatch(w) or _INNER_CAPITALS.fullmatch(w)} if has_case else set()
    acronym = [w in acronyms for w in raw]
    return Tokens(plain, borders[:-1:2], borders[1::2], gaps, capitalised, first, acronym, has_case)

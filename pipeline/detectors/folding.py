"""Makes texts comparable without moving a character: case and accents folded one for one, so offsets stay.

str.casefold and Unicode decomposition change lengths (the German sharp s, the Turkish dotted I); a span found in
such a text would point beside the word in the stored one.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_LIKE = {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"', "ı": "i", "ø": "o", "ł": "l", "đ": "d"}
_DASHES = "-‐‑‒–—\u00a0\u2009"


@lru_cache(maxsize=65536)
def _fold(character: str) -> str:
    if character in _DASHES:
        return " "
    low = character.lower()
    low = low if len(low) == 1 else low[0]
    low = _LIKE.get(low, low)
    base = unicodedata.normalize("NFD", low)[0]
    return base if unicodedata.category(base)[0] != "M" else low


class _Table(dict[int, str]):
    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold(chr(code))
        return folded


_table = _Table()


def fold(text: str) -> str:
    """As long as ``text``, character by character: lower case, without accents, dashes as blanks."""
    return text.lower() if text.isascii() and "-" not in text and "`" not in text else text.translate(_table)


def is_word(character: str) -> bool:
    return character.isalnum() or character == "_"

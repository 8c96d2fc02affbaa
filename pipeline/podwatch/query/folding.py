"""What each character of Unicode counts as in a comparison: a letter, a mark that is dropped, a symbol, a blank.

Compatibility forms are folded everywhere, by Unicode's own tables (NFKC and case folding). A mark is dropped only where
it is an accent: on Latin and Greek letters, the stress on Cyrillic ones, the vowel points of Arabic and Hebrew. In
all other scripts a mark is a letter. docs/queries.md has this as a table for users.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# What a character is; from SYMBOL to ATTACHED a word or the end of one whatever stands beside it, from APOSTROPHE on it
# depends on that.
SEPARATOR, WORD, DIGIT, NOTHING, ACCENT, SYMBOL, IDEOGRAPH, ATTACHED, APOSTROPHE, DOT, COMMA = range(11)
SEVERAL, UNCLASSIFIED = 254, 255
Fold = tuple[int, int]  # (kind, code point that it is folded to)

BOUNDARY, STAR, QUESTION_MARK = "\ue000", "\ue001", "\ue002"  # private use: a border of texts, * and ? in a word
_SYMBOLS = "+#&%@"
# Letters of Latin that are written over, or joined: Unicode has no decomposition of them.
_LATIN = dict(zip("ıøłđħŧæœþ", ("i", "o", "l", "d", "h", "t", "ae", "oe", "th"), strict=True))
# The apostrophe, what is typed for it, and the okina, ayin, hamza and prime of transliterations.
_APOSTROPHES = frozenset("'’‘‛ʼʻʽʾʿʹˈ′`´ꞌꞋ՚׳")
_STANDS_FOR_NOTHING = frozenset("™℠…‥¨¯¸˚˛˜˝")  # their compatibility forms are letters, dots or marks of their own
_STRESS = "\u0301"
# Scripts without blanks between words: of line-breaking class SA, Han and kana, Javanese and Balinese.
_WITHOUT_BLANKS = (
    (0x0E00, 0x0E7F),  # Thai
    (0x0E80, 0x0EFF),  # Lao
    (0x1000, 0x109F),  # Burmese, with what follows
    (0xA9E0, 0xA9FE),
    (0xAA60, 0xAA7F),
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0xAA80, 0xAADF),  # Tai Viet
    (0x11700, 0x1174F),  # Ahom
    (0xA980, 0xA9DF),  # Javanese
    (0x1B00, 0x1B7F),  # Balinese
    (0x3005, 0x3007),  # the repetition mark and zero of Han
    (0x3021, 0x3029),
    (0x3040, 0x30FF),  # kana
    (0x31F0, 0x31FF),
    (0x1AFF0, 0x1B16F),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_ACCENT_BLOCKS = ((0x0300, 0x036F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0xFE20, 0xFE2F))  # of no script of their own
_VOWEL_POINTS = (
    (0x0591, 0x05C7),  # Hebrew
    (0x0610, 0x061A),  # Arabic; not the hamza and the madda above, which make other letters
    (0x064B, 0x0652),
    (0x0656, 0x065E),
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x08CA, 0x08FF),
)
_TATWEEL = "\u0640"
# Marks that are no part of any spelling: variation selectors, circles and keycaps around a character.
_INVISIBLE = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF), (0x20D0, 0x20FF), (0x034F, 0x034F), (0x180B, 0x180F))


def _is_in(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


@lru_cache(maxsize=65536)
def fold_character(c: str) -> tuple[Fold, ...]:
    """What a character is folded to, as one or more code points with their kinds."""
    if c in _APOSTROPHES:
        return ((APOSTROPHE, ord("'")),)
    if c in _STANDS_FOR_NOTHING:
        return ((SEPARATOR, 32),)
    if unicodedata.category(c) == "Cs":
        return ((SEPARATOR, 32),)
    base = unicodedata.normalize("NFD", c)[0] if has_accents(c) else c
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", base).casefold())
    folded = tuple(fold for d in plain for fold in _fold_plain(d))
    if unicodedata.category(c) == "No" and unicodedata.decomposition(c).startswith("<fraction>"):
        folded = ((SEPARATOR, 32), *folded)  # 3½ is 3 1/2, not 31/2
    visible = tuple(f for f in folded if f[0] != NOTHING)
    return visible or ((NOTHING, ord(c)),)


def _fold_plain(d: str) -> tuple[Fold, ...]:
    """The same of a character in lower case that has no compatibility form."""
    code, category = ord(d), unicodedata.category(d)
    if d in _APOSTROPHES:
        return ((APOSTROPHE, ord("'")),)
    if d in ".,":
        return ((DOT if d == "." else COMMA, code),)
    if d == BOUNDARY or d in _SYMBOLS or category == "Sc":
        return ((SYMBOL, code),)
    if category[0] == "M":
        return ((_kind_of_mark(code, category), code),)
    if category == "Cf" or d == _TATWEEL:
        return ((NOTHING, code),)
    if category == "Nd":
        return ((DIGIT, ord(str(unicodedata.digit(d)))),)
    if d in (STAR, QUESTION_MARK):
        return ((WORD, code),)
    if not d.isalnum():
        return ((SEPARATOR, 32),)
    if _is_in(code, _WITHOUT_BLANKS):
        return ((IDEOGRAPH, code),)
    if d == "ё":
        return ((WORD, ord("е")),)
    if has_accents(d):
        base = unicodedata.normalize("NFD", d)[0]
        return tuple((WORD, ord(x)) for x in _LATIN.get(base, base))
    return ((WORD, code),)


def _kind_of_mark(code: int, category: str) -> int:
    if category == "Me" or _is_in(code, _INVISIBLE) or _is_in(code, _VOWEL_POINTS):
        return NOTHING
    if _is_in(code, _ACCENT_BLOCKS):
        return ACCENT
    return ATTACHED if _is_in(code, _WITHOUT_BLANKS) else WORD


def is_without_blanks(c: str) -> bool:
    """Whether this is of a script that writes no blanks between words."""
    return _is_in(ord(c), _WITHOUT_BLANKS)


@lru_cache(maxsize=65536)
def has_accents(letter: str) -> bool:
    """Whether the marks on this letter are accents: those of Latin and Greek."""
    return unicodedata.name(letter, "").startswith(("LATIN ", "GREEK ", "MODIFIER LETTER SMALL ", "KELVIN", "ANGSTROM"))


def takes_accent(letter: str, mark: str) -> bool:
    """Whether a mark of no script of its own is dropped behind this character; else it is a letter."""
    if unicodedata.name(letter, "").startswith("CYRILLIC "):
        return mark == _STRESS
    return has_accents(letter) or not letter.isalpha()


@lru_cache(maxsize=65536)
def goes_with_previous(c: str) -> bool:
    """Whether a character makes one letter with the one before: a mark, a vowel or final of a Hangul syllable."""
    code = ord(c)
    if code < 0x300:
        return False
    is_jamo = 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FB
    return is_jamo or code in (0xFF9E, 0xFF9F) or unicodedata.category(c)[0] == "M"

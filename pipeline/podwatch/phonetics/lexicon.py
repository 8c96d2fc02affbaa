"""What is known of a word out of context: how common it is, how it sounds, whether it is a name of people or places.

data/words.npz is made by ``python -m benchmarks.sounds_like.words`` (sources and licences: data/NOTICE.md). A plain
word is one that is spelt in a-z and apostrophes, lower case; ``plain_spelling`` makes it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from podwatch.phonetics.pronunciation import PHONES, pronounce

EVERYDAY, GIVEN, SURNAME, PLACE = 1, 2, 4, 8  # flags of an Entry
UNKNOWN_COST = 18.5  # -log P of a word that no list has
INVISIBLE = "\u00ad\u200b-\u200d\u2060\ufeff"  # soft hyphen, zero-width blanks: the word goes on behind them
_WITHOUT_INVISIBLE = dict.fromkeys((0xAD, *range(0x200B, 0x200E), 0x2060, 0xFEFF))
_MAX_CACHED = 100_000  # entries of unlisted words in one process
_MAX_ENTRIES = 10_000  # of listed words: two megabytes, and what is said in ten hours of talk
_LETTERS = (
    "a EY;b B IY;c S IY;d D IY;e IY;f EH F;g JH IY;h EY CH;i AY;j JH EY;k K EY;l EH L;m EH M;n EH N;o OW;p P IY;"
    "q K Y UW;r AA R;s EH S;t T IY;u Y UW;v V IY;w D AH B AH L Y UW;x EH K S;y W AY;z Z IY"
)
LETTER_PHONES = {
    letter: bytes(PHONES.index(p) for p in sound.split())
    for letter, _, sound in (entry.partition(" ") for entry in _LETTERS.split(";"))
}
_SPECIAL_LETTERS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ə": "a",
}  # fmt: skip


class Entry(NamedTuple):
    """What is known of one word.

    ``cost``: -log P of the word in ordinary speech, in nats. ``flags``: EVERYDAY, GIVEN (a first name), SURNAME,
    PLACE. ``sound``: its phones, as indices into PHONES.
    """

    cost: float
    flags: int
    sound: bytes

    def is_everyday(self, below: float = math.inf) -> bool:
        """Whether it is an everyday word that costs less than ``below``: the lower, the more often it is said."""
        return bool(self.flags & EVERYDAY) and self.cost < below


def word_set(words: str) -> frozenset[str]:
    """The words of a line, as a set."""
    return frozenset(words.split())


_unlisted: dict[str, Entry] = {}
_entries: dict[str, Entry] = {}  # of listed words, as talk says the same ones again and again
_TITLES = ("mr", "mrs", "ms", "dr")  # the lists of words have few short ones
_CONTRACTION_ENDINGS = word_set("ll d ve re m t")
_BEFORE_IS = word_set("he she it that this what who there here where how when let")
_CONTRACTED_COST = 11.5  # -log P: words that others are contracted with (I, there, who) are said often
_DOUBLED_CONSONANT = re.compile(r"([bdfgklmnprtvz])\1(?=.)")  # at the end of a word they change how it is pronounced
_INITIALS = re.compile(r"[b-df-hj-np-tv-xz]{2,4}")
_NOT_INITIALS = word_set("mr mrs ms dr st vs hm hmm mm shh nth jr sr")


@lru_cache(maxsize=1)
def listed_words() -> dict[str, tuple[float, int, bytes]]:
    """All words of the lists, each with the fields of its Entry.

    Plain tuples: 140,000 of a class are all visited by the garbage collector, which made the start of a command 0.15 s
    longer.
    """
    import numpy as np

    with resources.as_file(resources.files(__package__) / "data" / "words.npz") as path, np.load(path) as data:
        words = data["words"].tobytes().decode().split("\n")
        costs = (data["cost"] / 10).tolist()
        flags = data["flags"].tolist()
        shift = bytes((i - 48) % 256 for i in range(256))
        sounds = [s.translate(shift) for s in data["sounds"].tobytes().split(b"\n")]
    table = dict(zip(words, zip(costs, flags, sounds, strict=True), strict=True))
    for letter, sound in LETTER_PHONES.items():
        if letter not in "ai":  # an article and a pronoun, far more often than letters
            table[letter] = (8.0, EVERYDAY, sound)
    table["i"] = (*table["i"][:2], LETTER_PHONES["i"])
    for word in _TITLES:
        table[word] = (8.0, EVERYDAY, table[word][2] if word in table else sound_out([word])[0])
    for word in [w for w in table if "'" in w]:
        if (contraction := _contraction(word, table)) is not None:
            table[word] = (*contraction, table[word][2])
    return table


def _contraction(word: str, table: Mapping[str, tuple[float, int, bytes]]) -> tuple[float, int] | None:
    """Cost and flags of a contraction of everyday words (I'll, there'd), as no list has them all; None for others."""
    base, mark, end = word.partition("'")
    if not mark or (end not in _CONTRACTION_ENDINGS and not (end == "s" and base in _BEFORE_IS)):
        return None
    bases = (base, base.removesuffix("n")) if end == "t" else (base,)
    costs = [table[b][0] for b in bases if b in table and Entry(*table[b]).is_everyday(_CONTRACTED_COST)]
    return (min(costs) + 1.0, EVERYDAY) if costs else None


def normalise_spelling(word: str) -> str:
    """A plain word without what spellers disagree about (ck, ph, doubled letters): it must not change the sound."""
    word = _DOUBLED_CONSONANT.sub(r"\1", word.replace("'", "").replace("ck", "k").replace("ph", "f"))
    return "w" + word[2:] if word.startswith("wh") else word


def sound_out(words: Sequence[str], *, names: bool = True) -> list[bytes]:
    """The phones of each plain word: initials letter by letter, all else as the network pronounces it.

    ``names``: spell the words in one way first, as spellers do not agree about names.
    """
    sounds = pronounce([normalise_spelling(w) if names else w.replace("'", "") for w in words])
    return [
        b"".join(LETTER_PHONES[c] for c in w) if _INITIALS.fullmatch(w) and w not in _NOT_INITIALS else s
        for w, s in zip(words, sounds, strict=True)
    ]


@lru_cache(maxsize=200_000)
def plain_spelling(word: str) -> str:
    """The word in a-z and apostrophes, lower case; empty when a letter has no such form (Cyrillic, digits)."""
    low = word.lower().replace("’", "'").translate(_WITHOUT_INVISIBLE)
    if not low.isascii():
        parts = unicodedata.normalize("NFKD", "".join(_SPECIAL_LETTERS.get(c, c) for c in low))
        low = "".join(c for c in parts if not unicodedata.combining(c))
    return low if low and all("a" <= c <= "z" or c == "'" for c in low) else ""


def look_up_words(words: Iterable[str]) -> dict[str, Entry]:
    """The entry of each plain word; those that no list has are pronounced together, in one pass of the network."""
    listed = listed_words()
    found: dict[str, Entry] = {}
    new: set[str] = set()
    for word in words:
        if (entry := _entries.get(word) or _unlisted.get(word)) is not None:
            found[word] = entry
        elif word in listed:
            if len(_entries) >= _MAX_ENTRIES:
                _entries.clear()
            found[word] = _entries[word] = Entry(*listed[word])
        else:
            new.add(word)
    if len(_unlisted) + len(new) > _MAX_CACHED:
        _unlisted.clear()
    order = sorted(new)
    for word, sound in zip(order, sound_out(order), strict=True):
        found[word] = _unlisted[word] = Entry(*(_contraction(word, listed) or (UNKNOWN_COST, 0)), sound)
    return found


def look_up_word(word: str) -> Entry:
    """The entry of one plain word."""
    return look_up_words([word])[word]


def list_everyday_words(below: float) -> list[tuple[str, Entry]]:
    """The everyday words that cost less than ``below``, in alphabetical order."""
    return [(w, e) for w, fields in sorted(listed_words().items()) if (e := Entry(*fields)).is_everyday(below)]

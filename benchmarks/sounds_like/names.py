"""The names of the set, and the fixed rule that splits them into train, tune and test before anything is measured.

The rule hashes what relatives and spellings of a name share (the first letters of the surname, or of the longest word
of a company or place), so Aliyev and Aliyeva, or two bearers of a surname, never stand on both sides.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Split = Literal["train", "tune", "test"]
SPLITS: tuple[Split, ...] = ("train", "tune", "test")

# Part of the rule: changing any of these makes another set, and voids every figure in the README.
SPLIT_RULE = "podwatch sounds-like, rule 1: "
SPLIT_SHARES = (0.50, 0.65)  # train below the first, tune below the second, test above
FAMILY_LETTERS = 5

# Where the family name comes first, or is a syllable shared by millions, English speech repeats the whole name.
WHOLE_NAME_LANGUAGES = frozenset({"zh", "ko", "vi", "km", "my"})
PARTICLES = frozenset({"al", "bin", "da", "de", "del", "el", "la", "le", "van", "von"})
MIN_SURNAME_LETTERS = 4  # a shorter surname cannot be recognised by its sound alone

_LETTERS = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i", "ə": "e"}


@dataclass(frozen=True, slots=True)
class Subject:
    """A name, its type, and how it is pronounced: ``respelling`` has one word for each word of ``name``."""

    name: str
    type: str  # person | company | place
    role: str  # of a person: politics | business | science | sport | culture; else "-"
    language: str
    respelling: str

    @property
    def surname(self) -> str:
        """What a later, bare mention says: the family name with its particles, or the whole name again."""
        return " ".join(self.name.split()[self._given :])

    @property
    def surname_respelling(self) -> str:
        return " ".join(self.respelling.split()[self._given :])

    @property
    def _given(self) -> int:
        words = self.name.split()
        if self.type != "person" or self.language in WHOLE_NAME_LANGUAGES:
            return 0
        at = len(words) - 1
        while at > 1 and words[at - 1].lower() in PARTICLES:
            at -= 1
        return at if len("".join(words[at:])) >= MIN_SURNAME_LETTERS else 0

    @property
    def split(self) -> Split:
        return assign_split(family_key(self))


def fold_name(text: str) -> str:
    """Lower case without accents, one space between words, for comparing what is written with what was heard."""
    lowered = "".join(_LETTERS.get(c, c) for c in text.lower())
    plain = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"['’ʻ]", "", plain)))


def is_same_name(said: str, heard: str) -> bool:
    """Whether a name was recognised right, apart from case, accents, hyphens and a possessive s."""
    a, b = fold_name(said), fold_name(heard)
    return a == b or a + "s" == b


def family_key(subject: Subject) -> str:
    words = fold_name(subject.name).split()
    word = words[-1] if subject.type == "person" else max(words, key=len)
    return word[:FAMILY_LETTERS]


def assign_split(key: str) -> Split:
    share = int.from_bytes(hashlib.sha256((SPLIT_RULE + key).encode()).digest()[:8], "big") / 2**64
    return "train" if share < SPLIT_SHARES[0] else "tune" if share < SPLIT_SHARES[1] else "test"


@cache
def load_subjects() -> tuple[Subject, ...]:
    """All names of names.txt, in its order."""
    found: list[Subject] = []
    kind = role = language = ""
    for line in Path(__file__).with_name("names.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kind, role, language = line.strip("[]").split()
        elif line and not line.startswith("#"):
            name, _, say = line.partition(" / ")
            found.append(Subject(name, kind, role, language, say or name))
    return tuple(found)

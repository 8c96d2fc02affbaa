"""The keys under which a window and a form meet: their consonants by class, with one of them left out.

Vowels are what recognisers (and spellers) change most, voice and place of a consonant what they change next; so a
form is kept under the classes of its consonants, and under each string that one consonant less makes of it. Two
strings that share a key differ in one consonant swapped, dropped or added at most (after SymSpell, Garbe 2012).
A class is a digit from 1 to 7, and a key the number they make in base 8: so all windows of a text get theirs at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from podwatch.phonetics.pronunciation import PHONES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

LONG_LENGTH = 7  # consonants
MAX_LENGTH = 20  # consonants of a key: so many digits are one number of 64 bits; what comes behind does not count
_RUN_LENGTH = 4  # consonants in a row that are enough for two long names to meet
_CLASSES = ("P B F V", "T D TH DH", "S Z SH ZH CH JH", "K G", "M N NG", "L R", "W")
_LETTERS = ("bpfv", "dt", "szcj", "kgqx", "mn", "lr", "w")
# H and Y are dropped so often that they are no help; ER is a vowel with an R.
_CLASS_OF_PHONE = {p: i for i, phones in enumerate(_CLASSES, 1) for p in phones.split()} | {"ER": 6}
_CLASS_OF_LETTER = {ord(c) - 97: i for i, letters in enumerate(_LETTERS, 1) for c in letters}
_PHONE_TABLE = bytes(_CLASS_OF_PHONE.get(p, 0) for p in PHONES).ljust(256, b"\0")
_IGNORED_PHONES = bytes(i for i, p in enumerate(PHONES) if p not in _CLASS_OF_PHONE)
_LETTER_TABLE = bytes(_CLASS_OF_LETTER.get(i, 0) for i in range(256))
_IGNORED_LETTERS = bytes(i for i in range(26) if i not in _CLASS_OF_LETTER)


def phone_classes(sound: bytes) -> bytes:
    """The classes of the consonants of some phones."""
    return sound.translate(_PHONE_TABLE, _IGNORED_PHONES)


def letter_classes(letters: bytes) -> bytes:
    """The classes of the consonants of some letters."""
    return letters.translate(_LETTER_TABLE, _IGNORED_LETTERS)


def deletion_keys(skeletons: Sequence[bytes]) -> tuple[Numbers, Numbers]:
    """(number of the skeleton, key) for all keys of all: each skeleton itself and, unless it is too short to lose one,
    with one consonant less; of a long one also each run of four, as more than one consonant may have changed.
    """
    import numpy as np

    width = min(max(map(len, skeletons), default=0), MAX_LENGTH)
    lengths = np.minimum(np.fromiter(map(len, skeletons), dtype=np.int64, count=len(skeletons)), width)
    filled = b"".join([s[:width].ljust(width, b"\0") for s in skeletons])
    digits = np.frombuffer(filled, dtype=np.uint8).reshape(len(skeletons), width).astype(np.int64)
    every = np.arange(len(skeletons), dtype=np.int64)
    begins = np.zeros((width + 1, len(skeletons)), dtype=np.int64)  # the number that the first i digits make
    for i in range(width):
        begins[i + 1] = np.where(i < lengths, begins[i] * 8 + digits[:, i], begins[i])
    whole = begins[width]
    owners, found = [every], [whole]
    for i in range(width):
        has = (i < lengths) & (lengths > 2)
        if i:  # of two alike it does not matter which is left out
            has &= digits[:, i] != digits[:, i - 1]
        behind = 3 * (lengths[has] - 1 - i)
        owners.append(every[has])
        found.append((begins[i][has] << behind) | (whole[has] & ((1 << behind) - 1)))
    for i in range(width - _RUN_LENGTH + 1):
        has = (i + _RUN_LENGTH <= lengths) & (lengths >= LONG_LENGTH)
        owners.append(every[has])
        found.append(
            -1 - (begins[i + _RUN_LENGTH][has] - (begins[i][has] << 3 * _RUN_LENGTH))
        )  # below zero: no skeleton's number
    return np.concatenate(owners), np.concatenate(found)

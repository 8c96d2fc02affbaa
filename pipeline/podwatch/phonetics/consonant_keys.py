"""The keys under which an n-gram and a form of a name meet: classes of their consonants, with one of them left out.

Vowels are what speech recognition and spellers change most, voice and place of a consonant what they change next. So a
form is indexed under the classes of its consonants (its skeleton), and under each skeleton with one consonant less. Two
strings share a key where one consonant at most is substituted, deleted or inserted (after SymSpell, Garbe 2012). A
class is a digit from 1 to 7 and a key the number that these make in base 8, so that all n-grams of a text get their
keys in one pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podwatch.phonetics.pronunciation import PHONES
from podwatch.phonetics.symbol_strings import SymbolStrings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

LONG_LENGTH = 7  # consonants; a skeleton this long has keys of runs, too
MAX_LENGTH = 20  # consonants; that many digits are a number of 64 bits, what comes behind is ignored
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
    """The skeleton of some phones."""
    return sound.translate(_PHONE_TABLE, _IGNORED_PHONES)


def letter_classes(letters: bytes) -> bytes:
    """The skeleton of some letters, as encoded for the channel of letters."""
    return letters.translate(_LETTER_TABLE, _IGNORED_LETTERS)


def deletion_keys(skeletons: SymbolStrings) -> tuple[Numbers, Numbers]:
    """Two columns, index of the skeleton and key: all keys of all skeletons.

    They are each skeleton itself and, where it has more than two consonants, each with one consonant less; of a long
    one also each run of four, as more than one consonant may have changed. Keys of runs are below zero.
    """
    import numpy as np

    digits = skeletons.pad(0, MAX_LENGTH).astype(np.int64)
    width = digits.shape[1]
    lengths = np.minimum(skeletons.lengths, width)
    every = np.arange(len(skeletons), dtype=np.int64)
    prefixes = np.zeros((width + 1, len(skeletons)), dtype=np.int64)  # the number that the first i digits make
    for i in range(width):
        prefixes[i + 1] = np.where(i < lengths, prefixes[i] * 8 + digits[:, i], prefixes[i])
    whole = prefixes[width]
    owners, keys = [every], [whole]
    for i in range(width):
        has = (i < lengths) & (lengths > 2)
        if i:  # of two alike it does not matter which is left out
            has &= digits[:, i] != digits[:, i - 1]
        bits_behind = 3 * (lengths[has] - 1 - i)
        owners.append(every[has])
        keys.append((prefixes[i][has] << bits_behind) | (whole[has] & ((1 << bits_behind) - 1)))
    for i in range(width - _RUN_LENGTH + 1):
        has = (i + _RUN_LENGTH <= lengths) & (lengths >= LONG_LENGTH)
        owners.append(every[has])
        keys.append(-1 - (prefixes[i + _RUN_LENGTH][has] - (prefixes[i][has] << 3 * _RUN_LENGTH)))
    return np.concatenate(owners), np.concatenate(keys)

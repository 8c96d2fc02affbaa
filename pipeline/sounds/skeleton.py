"""The keys under which a window and a form meet: their consonants by class, with one of them left out.

Vowels are what recognisers (and spellers) change most, voice and place of a consonant what they change next; so a
form is kept under the classes of its consonants, and under each string that one consonant less makes of it. Two
strings that share a key differ in one consonant swapped, dropped or added at most (after SymSpell, Garbe 2012).
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.sounds.network import PHONES

LONG = 7  # consonants
_CLASSES = {
    "P": "P B F V",
    "T": "T D TH DH",
    "S": "S Z SH ZH CH JH",
    "K": "K G",
    "N": "M N NG",
    "L": "L R",
    "W": "W",
}  # H and Y are dropped so often that they are no help
_CLASS_OF = {phone: c for c, phones in _CLASSES.items() for phone in phones.split()}
_PHONES = bytes(ord(_CLASS_OF.get(p, " ")) for p in PHONES).ljust(256, b" ")
_ER = PHONES.index("ER")
_NO_PHONE = bytes(i for i, p in enumerate(PHONES) if p not in _CLASS_OF and i != _ER)
_WITH_R = bytes(_PHONES[i] if i != _ER else ord("L") for i in range(256))
_LETTER_CLASSES = {"P": "bpfv", "T": "dt", "S": "szcj", "K": "kgqx", "N": "mn", "L": "lr"}
_LETTERS = bytes(
    next((ord(c) for c, letters in _LETTER_CLASSES.items() if chr(i + 97) in letters), 32) for i in range(26)
).ljust(256, b" ")
_NO_LETTER = bytes(i for i in range(26) if _LETTERS[i] == 32)


def of_sound(sound: bytes) -> bytes:
    """The classes of the consonants of some phones; ER is a vowel with an R."""
    return sound.translate(_WITH_R, _NO_PHONE)


def of_letters(letters: bytes) -> bytes:
    """The classes of the consonants of some letters."""
    return letters.translate(_LETTERS, _NO_LETTER)


def keys(bones: bytes) -> Iterable[bytes]:
    """The skeleton and, unless it is too short to lose one, each with one consonant less."""
    n = len(bones)
    if n < 3:
        return (bones,)
    found = {bones, *[bones[:i] + bones[i + 1 :] for i in range(n)]}
    if n >= LONG:  # in a long name more than one consonant may have changed: four in a row are enough to meet
        found.update([b"*" + bones[i : i + 4] for i in range(n - 3)])
    return found

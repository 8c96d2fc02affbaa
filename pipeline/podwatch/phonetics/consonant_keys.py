"""The keys under which an n-gram and a form of a name meet: classes of their consonants, with one of them left out.

Vowels are what speech recognition and spellers change most, voice and place of a consonant what they change next. So a
form is indexed under the classes of its consonants (its skeleton), and under each skeleton with one consonant less. Two
strings share a key where one consonant at most is substituted, deleted or inserted (after SymSpell, Garbe 2012). A
class is a digit from 1 to 7 and a key the number that these make in base 8, so that all n-grams of a text get their
keys in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from podwatch.phonetics.pronunciation import PHONES
from podwatch.phonetics.symbol_strings import SymbolStrings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

LONG_LENGTH = 7  # consonants; a skeleton this long has keys of runs, too
MAX_LENGTH = 20  # consonants; that many digits are a number of 64 bits, what comes behind is ignored
_RUN_LENGTH = 4  # consonants in a row that are enough for two long names to meet
_EVERY_RUN = 8**_RUN_LENGTH
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
    return number_keys(number_skeletons(skeletons))


def number_keys(skeletons: SkeletonNumbers) -> tuple[Numbers, Numbers]:
    """The same of skeletons that are numbers already."""
    import numpy as np

    order = np.argsort(-skeletons.lengths, kind="stable")  # those with an i-th consonant are the first ones
    numbers, lengths = skeletons.numbers[order], skeletons.lengths[order]
    owners, keys = [order], [numbers]
    for behind in range(int(lengths.max(initial=0))):
        some = numbers[: np.searchsorted(-lengths, -max(3, behind + 1), side="right")]
        before, shift = some >> (3 * behind + 3), 3 * behind
        is_other = np.flatnonzero(((some >> shift) ^ before) & 7)  # of two alike it does not matter which is left out
        owners.append(order[is_other])
        keys.append((before[is_other] << shift) | (some[is_other] & ((1 << shift) - 1)))
    for behind in range(int(lengths.max(initial=0)) - _RUN_LENGTH + 1):
        some = numbers[: np.searchsorted(-lengths, -max(LONG_LENGTH, behind + _RUN_LENGTH), side="right")]
        owners.append(order[: len(some)])
        keys.append(-1 - ((some >> 3 * behind) & (_EVERY_RUN - 1)))
    return np.concatenate(owners), np.concatenate(keys)


@dataclass(frozen=True, slots=True)
class SkeletonNumbers:
    """Skeletons as the numbers that their first MAX_LENGTH digits make in base 8, and how many digits these are."""

    numbers: Numbers
    lengths: Numbers

    def take(self, which: Numbers) -> SkeletonNumbers:
        """These, by number, alone."""
        return SkeletonNumbers(self.numbers[which], self.lengths[which])

    def join(self, rows: Numbers) -> SkeletonNumbers:
        """One for each row: those that it numbers, put together."""
        import numpy as np

        joined = self.take(rows[:, 0])
        numbers, lengths = joined.numbers, joined.lengths
        for column in rows.T[1:]:
            kept = np.minimum(self.lengths[column], MAX_LENGTH - lengths)
            numbers = (numbers << 3 * kept) | (self.numbers[column] >> 3 * (self.lengths[column] - kept))
            lengths = lengths + kept
        return SkeletonNumbers(numbers, lengths)


def number_skeletons(skeletons: SymbolStrings) -> SkeletonNumbers:
    """The numbers of some skeletons."""
    import numpy as np

    lengths = np.minimum(skeletons.lengths, MAX_LENGTH)
    numbers = np.zeros(len(skeletons), dtype=np.int64)
    for i, digits in enumerate(skeletons.pad(0, MAX_LENGTH).T):
        numbers = np.where(i < lengths, numbers * 8 + digits, numbers)
    return SkeletonNumbers(numbers, lengths)


def may_share_key(first: Numbers, second: Numbers) -> Flags:
    """Whether skeletons of such lengths may have a key in common."""
    import numpy as np

    found: Flags = (np.abs(first - second) <= 1) | ((first >= LONG_LENGTH) & (second >= LONG_LENGTH))
    return found


def share_key(first: SkeletonNumbers, second: SkeletonNumbers) -> Flags:
    """Whether each of the first has a key, but for runs, that the one of the second at its side has, too.

    Told by what the numbers have in common at their ends: to make the keys of both takes five times as long.
    """
    import numpy as np

    a, b, more = first.numbers, second.numbers, first.lengths - second.lengths
    found: Flags = a == b
    longest = np.maximum(first.lengths, second.lengths)
    for longer, shorter, at in ((a, b, more == 1), (b, a, more == -1)):
        at = np.flatnonzero(at & (longest > 2))
        found[at] = _is_one_less(longer[at], shorter[at])
    at = np.flatnonzero((more == 0) & (longest > 2) & ~found)
    a, b = a[at], b[at]
    # Where one digit less makes two of a length alike, it is the last that differs in one of them, and in the other
    # the first; what stands between is shifted.
    behind = _common_suffix(a, b)
    found[at] = _is_one_less(a, _without_digit(b, behind)) | _is_one_less(b, _without_digit(a, behind))
    return found


def _common_suffix(first: Numbers, second: Numbers) -> Numbers:
    """How many digits two numbers that differ have in common at their ends."""
    import numpy as np

    differ = first ^ second
    lowest_bit = (differ & -differ).astype(np.float64)  # a power of two, which is exact
    digits: Numbers = (np.frexp(lowest_bit)[1].astype(np.int64) - 1) // 3
    return digits


def _without_digit(numbers: Numbers, behind: Numbers) -> Numbers:
    """The numbers without the digit that has so many behind it."""
    shift = 3 * behind
    return (numbers >> (shift + 3) << shift) | (numbers & ((1 << shift) - 1))


def _is_one_less(longer: Numbers, shorter: Numbers) -> Flags:
    """Whether the shorter number is the longer one, which has one digit more, without one of its digits."""
    shift = 3 * _common_suffix(longer, shorter)
    found: Flags = (longer >> (shift + 3)) == (shorter >> shift)
    return found


class RunTable:
    """Which of some forms have a run of four in common with a skeleton, where both are long."""

    def __init__(self, forms: SkeletonNumbers) -> None:
        import numpy as np

        long = np.flatnonzero(forms.lengths >= LONG_LENGTH)
        has = np.zeros((_EVERY_RUN, len(forms.numbers)), dtype=bool)
        if len(long):
            has[_list_runs(forms.take(long)), long[:, None]] = True
        self._forms_by_run = np.packbits(has, axis=1)  # a bit for each form

    def share_run(self, skeletons: SkeletonNumbers, which: Numbers, forms: Numbers) -> Flags:
        """For each pair, of one of the skeletons and one of the forms by number, whether they have a run in common."""
        import numpy as np

        common = np.zeros((len(skeletons.numbers), self._forms_by_run.shape[1]), dtype=np.uint8)
        long = np.flatnonzero(skeletons.lengths >= LONG_LENGTH)
        if len(long):
            own = np.zeros((len(long), common.shape[1]), dtype=np.uint8)
            for runs in _list_runs(skeletons.take(long)).T:
                own |= self._forms_by_run.take(runs, axis=0)
            common[long] = own
        found: Flags = common[which, forms >> 3] >> (7 - (forms & 7)).astype(np.uint8) & 1 > 0
        return found


def _list_runs(skeletons: SkeletonNumbers) -> Numbers:
    """All runs of each skeleton, a row for each; the first one again where another one has more."""
    import numpy as np

    last = skeletons.lengths - _RUN_LENGTH
    shifts = 3 * np.minimum(np.arange(int(last.max()) + 1), last[:, None])
    runs: Numbers = (skeletons.numbers[:, None] >> shifts) & (_EVERY_RUN - 1)
    return runs

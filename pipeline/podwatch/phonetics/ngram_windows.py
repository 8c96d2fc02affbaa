"""The n-gram windows of a transcript: one to four words in a row that may be one name, each distinct one once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from podwatch.phonetics.lexicon import GIVEN, Entry, word_set
from podwatch.phonetics.noisy_channel import Encoded, encode_letters, load_channels
from podwatch.phonetics.symbol_strings import EncodedNGrams, NGramStrings, WordStrings
from podwatch.phonetics.tokenizer import CLOSED, Tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

MAX_WORDS = 4
_FEW_WORDS = 50_000  # MAX_WORDS numbers below it are one number of 64 bits
STOP_WORDS = word_set(  # no name begins or ends with these: they stand beside most rare words
    "the and of to that is was it's it for you we they this with so but or as be are have not he she i what like just "
    "my your if i'm you're that's there from which who these those were been has had would could should about because "
    "when where how then than them their our also very really some any more"
)
RARE_COST = 10.5  # -log P: words said more seldom may be part of a misspelt name; about one word in six
_NEVER_NAMES = word_set("i i'm i've i'll i'd") | {""}  # whatever capital they have
NGram = tuple[str, ...]  # plain words


class Windows:
    """Distinct n-grams of a text, in the order in which they first occur there.

    ``words``: the distinct words of the text, an empty one last. ``rows``: for each n-gram the numbers of its words,
    filled up with the empty one. ``encoded``: the n-grams in both alphabets.
    """

    def __init__(self, words: EncodedWords, places: Numbers, rows: Numbers) -> None:
        """``places``: of each occurrence the index of its first word; ``rows``: the numbers of its words."""
        import numpy as np

        order, begins = _group_equal(rows, len(words.plain))
        firsts = order[begins[:-1]]
        by_first = np.argsort(firsts)
        self.words = words.plain
        self.rows = rows[firsts[by_first]]
        self.encoded = EncodedNGrams(NGramStrings(words.sounds, self.rows), NGramStrings(words.letters, self.rows))
        self._places, self._begins, self._ends = places[order], begins[:-1][by_first], begins[1:][by_first]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def sizes(self) -> Numbers:
        """How many words each n-gram has."""
        found: Numbers = (self.rows < len(self.words) - 1).sum(axis=1)
        return found

    def ngram(self, window: int) -> NGram:
        """The words of an n-gram."""
        return tuple([self.words[i] for i in self.rows[window].tolist() if self.words[i]])

    def encoded_ngram(self, window: int) -> Encoded:
        """The phones and the letters of an n-gram."""
        row = self.rows[window].tolist()
        sounds, letters = self.encoded.by_sound.words.strings, self.encoded.by_spelling.words.strings
        return b"".join([sounds[i] for i in row]), b"".join([letters[i] for i in row])

    def positions(self, window: int) -> list[int]:
        """The indices, in the text, of the first words of an n-gram."""
        found: list[int] = self._places[self._begins[window] : self._ends[window]].tolist()
        return found


def _group_equal(rows: Numbers, base: int) -> tuple[Numbers, Numbers]:
    """The numbers of all rows, those of equal rows side by side and ascending; and where the groups begin, and end.

    ``base``: more than any number in a row. As many columns as a number of 64 bits can hold are made one number, and
    numbered anew before the next ones.
    """
    import numpy as np

    keys = np.zeros(len(rows), dtype=np.int64)
    order, is_new = keys, keys > 0
    at_once = rows.shape[1] if base < _FEW_WORDS else 2
    for begin in range(0, rows.shape[1], at_once):
        for column in rows[:, begin : begin + at_once].T:
            keys = keys * base + column
        order = np.argsort(keys, kind="stable")
        is_new = np.diff(keys[order], prepend=-1) > 0
        keys[order] = np.cumsum(is_new) - 1
    return order, np.append(np.flatnonzero(is_new), len(rows))


def strip_possessive(ngram: NGram) -> NGram:
    """The n-gram without the 's of its last word."""
    return (*ngram[:-1], ngram[-1].removesuffix("'s"))


class EncodedWords:
    """The distinct words of a text, those in 's without it, too, and an empty one last; ``numbers``: of each word."""

    def __init__(self, plain: Sequence[str], entries: Mapping[str, Entry]) -> None:
        distinct = dict.fromkeys(plain)
        distinct.pop("", None)
        distinct |= dict.fromkeys(base for w in distinct if (base := w.removesuffix("'s")))
        phones, letters = load_channels()
        self.plain = [*distinct, ""]
        self.numbers = {word: i for i, word in enumerate(self.plain)}
        self.sounds = WordStrings([*(entries[w].sound for w in distinct), b""], phones)
        self.letters = WordStrings([*map(encode_letters, distinct), b""], letters)


class TextNGrams:
    """All n-grams of a text that run over no end of a sentence. One that ends in 's is there without it, too."""

    def __init__(self, tokens: Tokens, entries: Mapping[str, Entry]) -> None:
        """``entries``: of all words of the text, and of those in 's without it."""
        import numpy as np

        self._words = words = EncodedWords(tokens.plain, entries)
        empty, n = len(words.plain) - 1, len(tokens.plain)
        at = np.full(n + MAX_WORDS, empty, dtype=np.int64)
        at[:n] = np.fromiter(map(words.numbers.__getitem__, tokens.plain), dtype=np.int64, count=n)
        is_stop = np.fromiter(map(STOP_WORDS.__contains__, words.plain), dtype=bool, count=len(words.plain))[at]
        is_open = np.zeros(n + MAX_WORDS, dtype=bool)
        is_open[:n] = np.array(tokens.gaps, dtype=np.int64) != CLOSED
        goes_on = at != empty  # from each word on, so many words more run over no end of a sentence
        may_end = []
        for more in range(MAX_WORDS):
            if more:
                goes_on = goes_on[:n] & is_open[more - 1 : more - 1 + n] & (at[more : more + n] != empty)
            may_end.append(goes_on[:n] & ~is_stop[:n] & ~is_stop[more : more + n])
        first, size = np.nonzero(np.stack(may_end, axis=1))  # size: words behind the first
        columns = np.arange(MAX_WORDS)
        rows = np.where(columns <= size[:, None], at[first[:, None] + columns], empty)
        base = np.full(empty + 1, -1, dtype=np.int64)
        for number, word in enumerate(words.plain):
            if word.endswith("'s"):
                base[number] = words.numbers.get(word[:-2], -1)
        last_base = base[at[first + size]]
        is_possessive = (last_base >= 0) & (last_base < empty)
        twice = np.repeat(np.arange(len(rows)), 1 + is_possessive)
        possessive = np.flatnonzero(is_possessive)
        self._rows, self._first, self._behind = rows[twice], first[twice], (first + size + 1)[twice]
        stripped = possessive + np.arange(1, len(possessive) + 1)  # the second one of each two
        self._rows[stripped, size[possessive]] = last_base[possessive]

    def windows(self) -> Windows:
        """All of them."""
        return Windows(self._words, self._first, self._rows)

    def windows_with(self, wanted: Flags) -> Windows:
        """Those that hold a wanted word; ``wanted``: a flag for each word of the text."""
        import numpy as np

        before = np.concatenate(([0], np.cumsum(wanted)))
        has = before[self._behind] > before[self._first]
        return Windows(self._words, self._first[has], self._rows[has])


def find_rare_words(tokens: Tokens, entries: Mapping[str, Entry]) -> Flags:
    """Flags, for each word of a text, of what may be part of a misspelt name.

    That is a word seldom said, a first name, or one with a capital inside a sentence.
    """
    import numpy as np

    rare = {w for w, (cost, flags, _) in entries.items() if cost > RARE_COST or flags & GIVEN}
    n = len(tokens.plain)
    is_rare = np.fromiter(map(rare.__contains__, tokens.plain), dtype=bool, count=n)
    if tokens.has_case:
        is_name = np.array(tokens.is_capitalised, dtype=bool) & ~np.array(tokens.starts_sentence, dtype=bool)
        is_rare |= is_name & ~np.fromiter(map(_NEVER_NAMES.__contains__, tokens.plain), dtype=bool, count=n)
    return is_rare

"""The n-gram windows of a transcript: one to four words in a row that may be one name, each distinct one once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from podwatch.phonetics.lexicon import GIVEN, Entry, word_set
from podwatch.phonetics.noisy_channel import Encoded, encode_letters
from podwatch.phonetics.tokenizer import CLOSED, Tokens

MAX_WORDS = 4
STOP_WORDS = word_set(  # no name begins or ends with these: they stand beside most rare words
    "the and of to that is was it's it for you we they this with so but or as be are have not he she i what like just "
    "my your if i'm you're that's there from which who these those were been has had would could should about because "
    "when where how then than them their our also very really some any more"
)
RARE_COST = 10.5  # -log P: words said more seldom may be part of a misspelt name; about one word in six
_FIRST_PERSON = word_set("i i'm i've i'll i'd")
NGram = tuple[str, ...]  # plain words


@dataclass(frozen=True, slots=True)
class Windows:
    """Distinct n-grams, in columns; ``positions``: for each the indices of its first words in the text."""

    ngrams: list[NGram]
    encoded: list[Encoded]
    positions: list[list[int]]


def strip_possessive(ngram: NGram) -> NGram:
    """The n-gram without the 's of its last word."""
    return (*ngram[:-1], ngram[-1].removesuffix("'s"))


def cut_windows(tokens: Tokens, entries: Mapping[str, Entry], is_wanted: Callable[[int], bool]) -> Windows:
    """The n-grams that hold a wanted word (by its index) and run over no end of a sentence.

    One that ends in 's is there without it, too.
    """
    positions: dict[NGram, list[int]] = {}
    plain, gaps, n = tokens.plain, tokens.gaps, len(tokens.plain)
    next_wanted = [n] * (n + 1)
    for i in range(n - 1, -1, -1):
        next_wanted[i] = i if plain[i] and is_wanted(i) else next_wanted[i + 1]
    for i in range(n):
        wanted = next_wanted[i]
        if wanted - i >= MAX_WORDS or plain[i] in STOP_WORDS:
            continue
        for end in range(i, min(i + MAX_WORDS, n)):
            if not plain[end]:
                break
            if end >= wanted and (end == i or plain[end] not in STOP_WORDS):
                ngram = tuple(plain[i : end + 1])
                positions.setdefault(ngram, []).append(i)
                if ngram[-1].endswith("'s"):
                    positions.setdefault(strip_possessive(ngram), []).append(i)
            if gaps[end] == CLOSED:
                break
    words = {w for ngram in positions for w in ngram if w in entries}
    sounds, letters = {w: entries[w].sound for w in words}, {w: encode_letters(w) for w in words}
    ngrams = [ngram for ngram in positions if words.issuperset(ngram)]
    encoded = [(b"".join([sounds[w] for w in k]), b"".join([letters[w] for w in k])) for k in ngrams]
    return Windows(ngrams, encoded, [positions[k] for k in ngrams])


def rare_word_test(tokens: Tokens, entries: Mapping[str, Entry]) -> Callable[[int], bool]:
    """A test of words, by index, for what may be part of a misspelt name.

    That is a word seldom said, a first name, or one with a capital inside a sentence.
    """
    rare = {w for w, e in entries.items() if e.cost > RARE_COST or e.flags & GIVEN}
    plain, capitalised, first = tokens.plain, tokens.is_capitalised, tokens.starts_sentence

    def is_rare(i: int) -> bool:
        has_capital = tokens.has_case and capitalised[i] and not first[i]
        return plain[i] in rare or (has_capital and plain[i] not in _FIRST_PERSON)

    return is_rare

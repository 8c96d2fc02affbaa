"""The windows of a transcript: one to four words in a row that may be one name, each distinct one looked at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from podwatch.phonetics.lexicon import GIVEN, Entry
from podwatch.phonetics.noisy_channel import encode_letters
from podwatch.phonetics.tokenizer import CLOSED, Tokens

MAX_WORDS = 4  # words
STOP_WORDS = frozenset(  # no name begins with these, nor ends with them: they stand beside most rare words
    [
        "the",
        "and",
        "of",
        "to",
        "that",
        "is",
        "was",
        "it's",
        "it",
        "for",
        "you",
        "we",
        "they",
        "this",
        "with",
        "so",
        "but",
        "or",
        "as",
        "be",
        "are",
        "have",
        "not",
        "he",
        "she",
        "i",
        "what",
        "like",
        "just",
        "my",
        "your",
        "if",
        "i'm",
        "you're",
        "that's",
        "there",
        "from",
        "which",
        "who",
        "these",
        "those",
        "were",
        "been",
        "has",
        "had",
        "would",
        "could",
        "should",
        "about",
        "because",
        "when",
        "where",
        "how",
        "then",
        "than",
        "them",
        "their",
        "our",
        "also",
        "very",
        "really",
        "some",
        "any",
        "more",
    ]
)
RARE_COST = 10.5  # -log P: words said more seldom may be part of a misspelt name; about one in six
NGram = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Windows:
    """Distinct windows, in columns. ``keys``: their words. ``places``: the numbers of the first words of each."""

    ngrams: list[NGram]
    sounds: list[bytes]
    letters: list[bytes]
    positions: list[list[int]]


def cut_windows(words: Tokens, known: Mapping[str, Entry], is_wanted: Callable[[int], bool]) -> Windows:
    """The windows that hold a wanted word (by its number) and run over no end of a sentence."""
    places: dict[NGram, list[int]] = {}
    plain, gaps, n = words.plain, words.gaps, len(words.plain)
    last = -1  # the newest wanted word: a window from i is kept when one stands in it
    ahead = [n] * (n + 1)
    for i in range(n - 1, -1, -1):
        last = i if plain[i] and is_wanted(i) else last
        ahead[i] = last if last >= 0 else n
    for i in range(n):
        near = ahead[i]
        if near - i >= MAX_WORDS or plain[i] in STOP_WORDS:
            continue
        for end in range(i, min(i + MAX_WORDS, n)):
            if not plain[end]:
                break
            if end >= near and (end == i or plain[end] not in STOP_WORDS):
                key = tuple(plain[i : end + 1])
                at = places.get(key)
                if at is None:
                    places[key] = [i]
                else:
                    at.append(i)
                if key[-1].endswith("'s"):  # whose: the name alone
                    places.setdefault((*key[:-1], key[-1][:-2]), []).append(i)
            if gaps[end] == CLOSED:
                break
    keys = [k for k in places if all(w in known for w in k)]
    sounds = [b"".join([known[w][2] for w in k]) for k in keys]
    return Windows(keys, sounds, [b"".join([encode_letters(w) for w in k]) for k in keys], [places[k] for k in keys])


def rare_word_test(words: Tokens, known: Mapping[str, Entry]) -> Callable[[int], bool]:
    """Whether a word may be part of a misspelt name: seldom said, a first name, or written large within a sentence."""
    odd = {w for w, e in known.items() if e.cost > RARE_COST or e.flags & GIVEN}
    plain, big, first, cased = words.plain, words.is_capitalised, words.starts_sentence, words.has_case

    def wanted(i: int) -> bool:
        return plain[i] in odd or (cased and big[i] and not first[i] and plain[i] not in _FIRST_PERSON)

    return wanted


_FIRST_PERSON = frozenset(("i", "i'm", "i've", "i'll", "i'd"))

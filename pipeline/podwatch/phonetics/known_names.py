"""Names that everybody in the news talks of, and how often: what a word may stand for in place of a watched name.

data/known_names.txt is made by ``python -m benchmarks.sounds_like.known_names``: words and full names that stand with a
capital in talk of the news, with the thousandths of the episodes that have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from podwatch.phonetics.lexicon import look_up_words
from podwatch.phonetics.name_parts import ROLES
from podwatch.phonetics.ngram_windows import NGram
from podwatch.phonetics.noisy_channel import Encoded, encode_words


@dataclass(frozen=True, slots=True)
class KnownNames:
    """How often each is said, in thousandths of episodes. ``as_first``, ``as_last``: a word in one of ``persons``."""

    words: Mapping[str, float]
    persons: Mapping[NGram, float]
    as_first: Mapping[str, float]
    as_last: Mapping[str, float]

    def is_mostly_first_name(self, word: str) -> bool:
        """Whether well-known people are called so by their first name rather than by their surname: Hassan."""
        return self.as_first.get(word, 0.0) > self.as_last.get(word, 0.0)


@lru_cache(maxsize=1)
def load_known_names() -> KnownNames:
    """The list as it is shipped."""
    words: dict[str, float] = {}
    persons: dict[NGram, float] = {}
    as_first: dict[str, float] = {}
    as_last: dict[str, float] = {}
    text = (resources.files(__package__) / "data" / "known_names.txt").read_text("utf-8")
    for line in text.splitlines():
        name, _, often = line.partition("\t")
        first, _, last = name.partition(" ")
        if not last:
            words[first] = float(often)
            continue
        if first in ROLES:
            continue  # General Soleimani: a title, that is listed as a first name, too
        persons[first, last] = float(often)
        as_first[first] = as_first.get(first, 0.0) + float(often)
        as_last[last] = as_last.get(last, 0.0) + float(often)
    return KnownNames(words, persons, as_first, as_last)


@lru_cache(maxsize=1)
def encoded_words() -> tuple[tuple[str, ...], tuple[Encoded, ...]]:
    """The single words, and how each sounds and is spelt."""
    words = tuple(load_known_names().words)
    entries = look_up_words(words)
    return words, tuple(encode_words((word,), entries) for word in words)

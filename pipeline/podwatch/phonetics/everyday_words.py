"""Finds the short names that sound like everyday words: by its sound, one would match wherever the word is said."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from podwatch.phonetics.consonant_keys import phone_classes
from podwatch.phonetics.lexicon import list_everyday_words
from podwatch.phonetics.noisy_channel import load_channels
from podwatch.phonetics.symbol_index import SymbolIndex
from podwatch.phonetics.symbol_strings import whole_strings

NEAR_COST = 0.56  # nats per phone: one vowel of four changed, or one sound of four or five dropped
MAX_PHONES = 5  # a longer name that is near to a word is still far from most of what is said
FREQUENT_COST = 11.0  # -log P: words said so often that some hour of talk has them


@lru_cache(maxsize=1)
def _frequent_words() -> tuple[list[str], list[bytes]]:
    words = [(w, e.sound) for w, e in list_everyday_words(FREQUENT_COST) if len(e.sound) > 1]
    return [w for w, _ in words], [s for _, s in words]


def find_near_words(names: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    """The nearest everyday word of each name (spelling, phones) that is short and sounds like one."""
    short = sorted({(word, sound) for word, sound in names if 0 < len(sound) <= MAX_PHONES})
    if not short:
        return {}
    words, sounds = _frequent_words()
    index = SymbolIndex(load_channels()[0], [s for _, s in short], [NEAR_COST] * len(short), phone_classes)
    strings = whole_strings(sounds, load_channels()[0])
    pairs = index.find_pairs(strings)
    best: dict[str, tuple[float, str]] = {}
    for pair, cost in zip(pairs.tolist(), index.costs(strings, pairs).tolist(), strict=True):
        name, word = short[pair % len(short)][0], words[pair // len(short)]
        if word != name and (name not in best or (cost, word) < best[name]):
            best[name] = (cost, word)
    return {name: word for name, (_, word) in best.items()}

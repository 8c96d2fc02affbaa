"""Which names sound like everyday words: a short one that does is heard wherever the word is said."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from podwatch.phonetics import consonant_keys as skeleton
from podwatch.phonetics.form_index import SymbolIndex
from podwatch.phonetics.lexicon import EVERYDAY, common_words
from podwatch.phonetics.noisy_channel import load_channels

NEAR_COST = 0.56  # nats by phone: one vowel of four changed, or one sound of four or five dropped
MAX_PHONES = 5  # phones; a longer name that is near to a word is still far from most of what is said
FREQUENT_COST = 11.0  # -log P: words said so often that some hour of talk has them


@lru_cache(maxsize=1)
def _frequent_words() -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    words = [(w, e.sound) for w, e in common_words(FREQUENT_COST) if e.flags & EVERYDAY and len(e.sound) > 1]
    return tuple(w for w, _ in words), tuple(s for _, s in words)


def find_near_words(names: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    """Those of the names (spelling, phones) that are short and near to an everyday word by sound, and the nearest."""
    short = sorted({(word, sound) for word, sound in names if 0 < len(sound) <= MAX_PHONES})
    if not short:
        return {}
    words, sounds = _frequent_words()
    index = SymbolIndex(load_channels()[0], [s for _, s in short], [NEAR_COST] * len(short), skeleton.phone_classes)
    pairs = index.filter_within_limit(sounds, index.pairs_sharing_key(sounds))
    best: dict[str, tuple[float, str]] = {}
    for pair, cost in zip(pairs.tolist(), index.costs(sounds, pairs).tolist(), strict=True):
        name, word = short[pair % len(short)][0], words[pair // len(short)]
        if word != name and (name not in best or (cost, word) < best[name]):
            best[name] = (cost, word)
    return {name: word for name, (_, word) in best.items()}

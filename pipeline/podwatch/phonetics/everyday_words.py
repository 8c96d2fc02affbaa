"""Which names sound like everyday words: a short one that does is heard wherever the word is said."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from podwatch.phonetics import consonant_keys as skeleton
from podwatch.phonetics.form_index import Index
from podwatch.phonetics.lexicon import EVERYDAY, common
from podwatch.phonetics.noisy_channel import channels

NEAR = 0.56  # nats by phone: one vowel of four changed, or one sound of four or five dropped
MOST = 5  # phones; a longer name that is near to a word is still far from most of what is said
OFTEN = 11.0  # -log P: words said so often that some hour of talk has them


@lru_cache(maxsize=1)
def _often() -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    words = [(w, e.sound) for w, e in common(OFTEN) if e.flags & EVERYDAY and len(e.sound) > 1]
    return tuple(w for w, _ in words), tuple(s for _, s in words)


def near_words(names: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    """Those of the names (spelling, phones) that are short and near to an everyday word by sound, and the nearest."""
    short = sorted({(word, sound) for word, sound in names if 0 < len(sound) <= MOST})
    if not short:
        return {}
    words, sounds = _often()
    index = Index(channels()[0], [s for _, s in short], [NEAR] * len(short), skeleton.of_sound)
    pairs = index.within(sounds, index.meet(sounds))
    best: dict[str, tuple[float, str]] = {}
    for pair, cost in zip(pairs.tolist(), index.costs(sounds, pairs).tolist(), strict=True):
        name, word = short[pair % len(short)][0], words[pair // len(short)]
        if word != name and (name not in best or (cost, word) < best[name]):
            best[name] = (cost, word)
    return {name: word for name, (_, word) in best.items()}

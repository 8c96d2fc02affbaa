"""The sieves beside comparing all with all: what a listener finds must not depend on how it is found."""

from __future__ import annotations

import random

from podwatch.phonetics.blas_threads import single_blas_thread
from podwatch.phonetics.candidate_search import index_strings
from podwatch.phonetics.lexicon import GIVEN, SURNAME, listed_words, look_up_words
from podwatch.phonetics.noisy_channel import encode_letters, load_channels


def strings(words: list[str]) -> list[tuple[bytes, bytes]]:
    known = look_up_words(words)
    return [(known[w].sound, encode_letters(w)) for w in words]


def misheard(word: str, rng: random.Random) -> str:
    """The word with one or two of its letters as a recogniser may write them."""
    like = {
        "b": "p",
        "p": "b",
        "d": "t",
        "t": "d",
        "k": "g",
        "g": "k",
        "v": "f",
        "f": "v",
        "a": "o",
        "o": "a",
        "e": "i",
    }
    letters = list(word)
    for _ in range(rng.choice((1, 2))):
        at = rng.randrange(len(letters))
        letters[at] = like.get(letters[at], letters[at] * 2)
    return "".join(letters)


def test_what_is_near_by_sound_is_met_under_a_key() -> None:
    """The keys are the one sieve that may lose: at the default nearness, at most one in fifty of what is near."""
    rng = random.Random(6)
    listed = listed_words()
    names = sorted(w for w, (_, f, _) in listed.items() if f & (SURNAME | GIVEN) and 6 <= len(w) <= 10)
    names = rng.sample(names, 150)
    heard = [misheard(n, rng) for n in names] + rng.sample(sorted(listed), 600)
    said, windows = strings(names), strings(heard)
    with single_blas_thread():
        listener = index_strings(said, [(0.7, 0.5)] * len(said))
        sounds, letters = [w[0] for w in windows], [w[1] for w in windows]
        fast = set(zip(*listener.find_near(sounds, letters)[:2], strict=True))
        slow = set(zip(*listener.find_near(sounds, letters, all_pairs=True)[:2], strict=True))
    assert fast <= slow
    assert len(slow) > 100
    assert len(fast) >= 0.98 * len(slow)


def test_the_sieve_without_order_loses_nothing() -> None:
    rng = random.Random(7)
    listed = sorted(w for w in listed_words() if 5 <= len(w) <= 9)
    said, windows = strings(rng.sample(listed, 80)), strings(rng.sample(listed, 400))
    phones, letters = load_channels()
    listener = index_strings(said, [(2.0, 1.6)] * len(said))
    with single_blas_thread():
        found = set(
            zip(*listener.find_near([w[0] for w in windows], [w[1] for w in windows], all_pairs=True)[:2], strict=True)
        )
        expected = set()
        for f, (sound, spelling) in enumerate(said):
            by_sound = phones.costs(phones.pad([sound] * len(windows)), phones.pad([w[0] for w in windows]))
            by_letter = letters.costs(letters.pad([spelling] * len(windows)), letters.pad([w[1] for w in windows]))
            for w in range(len(windows)):
                if by_sound[w] <= 2.0 * len(sound) - 1e-3 or by_letter[w] <= 1.6 * len(spelling) - 1e-3:
                    expected.add((w, f))
    assert len(expected) > 20
    assert expected <= found

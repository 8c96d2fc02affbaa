"""The filters of a form index, compared with comparing all with all: they must not lose what is near."""

from __future__ import annotations

import random

from podwatch.phonetics.blas_threads import single_blas_thread
from podwatch.phonetics.form_index import FormIndex
from podwatch.phonetics.lexicon import GIVEN, SURNAME, listed_words, look_up_words
from podwatch.phonetics.noisy_channel import Encoded, encode_words, load_channels
from podwatch.phonetics.symbol_strings import whole_ngrams


def encode(words: list[str]) -> list[Encoded]:
    entries = look_up_words(words)
    return [encode_words([w], entries) for w in words]


def misheard(word: str, rng: random.Random) -> str:
    """The word with one or two of its letters as speech recognition may write them."""
    like = dict(zip("bpdtkgvfaoe", "pbtdgkfvoai", strict=True))
    letters = list(word)
    for _ in range(rng.choice((1, 2))):
        at = rng.randrange(len(letters))
        letters[at] = like.get(letters[at], letters[at] * 2)
    return "".join(letters)


def test_what_is_near_by_sound_shares_a_key() -> None:
    """The keys are the one filter that may lose: at the default limits, at most one in fifty of what is near."""
    rng = random.Random(6)
    listed = listed_words()
    names = sorted(w for w, (_, f, _) in listed.items() if f & (SURNAME | GIVEN) and 6 <= len(w) <= 10)
    names = rng.sample(names, 150)
    heard = [misheard(n, rng) for n in names] + rng.sample(sorted(listed), 600)
    said, windows = encode(names), encode(heard)
    with single_blas_thread():
        index = FormIndex(said, [(0.7, 0.5)] * len(said))
        fast = {pair[:2] for pair in index.find_near(whole_ngrams(windows))}
        slow = {pair[:2] for pair in index.find_near_without_key(whole_ngrams(windows))}
    assert fast <= slow
    assert len(slow) > 100
    assert len(fast) >= 0.98 * len(slow)


def test_the_lower_bound_loses_nothing() -> None:
    rng = random.Random(7)
    listed = sorted(w for w in listed_words() if 5 <= len(w) <= 9)
    said, windows = encode(rng.sample(listed, 80)), encode(rng.sample(listed, 400))
    phones, letters = load_channels()
    index = FormIndex(said, [(2.0, 1.6)] * len(said))
    with single_blas_thread():
        found = {pair[:2] for pair in index.find_near_without_key(whole_ngrams(windows))}
        expected = set()
        for f, (sound, spelling) in enumerate(said):
            by_sound = phones.costs(phones.pad([sound] * len(windows)), phones.pad([w[0] for w in windows]))
            by_letter = letters.costs(letters.pad([spelling] * len(windows)), letters.pad([w[1] for w in windows]))
            for w in range(len(windows)):
                if by_sound[w] <= 2.0 * len(sound) - 1e-3 or by_letter[w] <= 1.6 * len(spelling) - 1e-3:
                    expected.add((w, f))
    assert len(expected) > 20
    assert expected <= found

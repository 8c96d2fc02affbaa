"""The cost of hearing one name as another, compared with its definition; and pronunciation."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.phonetics import noisy_channel
from podwatch.phonetics.lexicon import look_up_word
from podwatch.phonetics.noisy_channel import Channel, encode_letters, load_channels, measure_joint_costs
from podwatch.phonetics.pronunciation import PHONES
from tests.support.hypothesis_profiles import examples


def cost_by_definition(channel: Channel, said: bytes, heard: bytes) -> float:
    @cache
    def cost(i: int, j: int) -> float:
        ways = [0.0] if i == j == 0 else []
        if i:
            ways.append(cost(i - 1, j) + float(channel.deletion[said[i - 1]]))
        if j:
            ways.append(cost(i, j - 1) + float(channel.insertion[heard[j - 1]]))
        if i and j:
            ways.append(cost(i - 1, j - 1) + float(channel.substitution[said[i - 1], heard[j - 1]]))
        return min(ways)

    return cost(len(said), len(heard))


words = st.lists(st.integers(0, 25), min_size=1, max_size=9).map(bytes)


@given(st.lists(st.tuples(words, words), min_size=1, max_size=8))
@settings(max_examples=examples(60))
def test_many_pairs_cost_what_each_costs_by_the_definition(pairs: list[tuple[bytes, bytes]]) -> None:
    for channel in load_channels():
        fast = channel.costs(channel.pad([a for a, _ in pairs]), channel.pad([b for _, b in pairs]))
        for (said, heard), cost in zip(pairs, fast.tolist(), strict=True):
            assert cost == pytest.approx(cost_by_definition(channel, said, heard), abs=1e-3)


@given(st.lists(st.tuples(words, words), min_size=1, max_size=9), st.floats(0, 40), st.sampled_from((2, 2048)))
@settings(max_examples=examples(60))
def test_costs_within_a_limit_are_the_costs_and_what_is_given_up_is_over_it(
    pairs: list[tuple[bytes, bytes]], limit: float, chunk_rows: int
) -> None:
    """Whatever stands together in a table, and however often a string that was heard is asked for."""
    heard = sorted({b for _, b in pairs})
    which = np.array([heard.index(b) for _, b in pairs])
    limits = np.full(len(pairs), limit, dtype=np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noisy_channel, "_CHUNK_ROWS", chunk_rows)
        for channel in load_channels():
            found = channel.costs_within(channel.pad([a for a, _ in pairs]), channel.pad(heard), which, limits)
            for (a, b), cost in zip(pairs, found.tolist(), strict=True):
                expected = cost_by_definition(channel, a, b)
                assert cost == pytest.approx(expected, abs=1e-3) or (cost == np.inf and expected > limit - 1e-3)


@given(st.lists(st.tuples(words, words, words, words), min_size=1, max_size=6))
@settings(max_examples=examples(30))
def test_costs_in_both_alphabets_at_once_are_those_in_each(pairs: list[tuple[bytes, bytes, bytes, bytes]]) -> None:
    phones, letters = load_channels()
    a, b, c, d = zip(*pairs, strict=True)
    joint = measure_joint_costs((phones.pad(a), letters.pad(b)), (phones.pad(c), letters.pad(d)))
    expected = phones.costs(phones.pad(a), phones.pad(c)), letters.costs(letters.pad(b), letters.pad(d))
    assert joint == pytest.approx(np.array(expected), abs=1e-4)


@given(words)
@settings(max_examples=examples(30))
def test_the_same_costs_nothing_and_edits_cost_something(said: bytes) -> None:
    for channel in load_channels():
        assert channel.costs(channel.pad([said]), channel.pad([said]))[0] == 0
        assert (channel.deletion[:-1] > 0).all()
        assert (channel.insertion[:-1] > 0).all()


# said: what is nearer, what is farther
NEARER = {
    "witkoff": ("whitgoff", "whitcomb"),
    "hegseth": ("hegset", "heads"),
    "kissinger": ("kissingher", "kislyak"),
    "mearsheimer": ("mersheimer", "marshall"),
    "dobrynin": ("dobrinin", "dobson"),
    "kallas": ("callas", "collins"),
}


@pytest.mark.parametrize("said", NEARER, ids=str)
def test_a_misspelling_costs_less_than_another_name(said: str) -> None:
    phones, letters = load_channels()

    def cost(heard: str) -> float:
        sounds, spellings = [look_up_word(w).sound for w in (said, heard)], [encode_letters(w) for w in (said, heard)]
        by_sound = phones.costs(phones.pad(sounds[:1]), phones.pad(sounds[1:]))[0] / len(sounds[0])
        by_letter = letters.costs(letters.pad(spellings[:1]), letters.pad(spellings[1:]))[0] / len(said)
        return float(min(by_sound, by_letter))

    near, far = NEARER[said]
    assert cost(near) < cost(far)


SAID = {"hegseth": "HH EH G S IH TH", "sky": "S K AY", "phone": "F OW N", "jd": "JH EY D IY"}


@pytest.mark.parametrize("word", SAID, ids=str)
def test_a_spelling_is_pronounced_as_an_american_would(word: str) -> None:
    assert " ".join(PHONES[p] for p in look_up_word(word).sound) == SAID[word]


def test_doubled_letters_do_not_change_the_sound() -> None:
    assert look_up_word("heggseth").sound == look_up_word("hegseth").sound
    assert look_up_word("whitkoff").sound == look_up_word("witkoff").sound


# what spellers disagree about: (one spelling, another) of the same letters
SPELT_ALIKE = {
    "a double letter": ("witkoff", "witkof"),
    "wh": ("whitman", "witman"),
    "ck": ("becker", "beker"),
    "ph": ("phillips", "filips"),
    "a hard c": ("witcov", "witkov"),
    "a doubled hard c": ("accra", "akra"),
    "q": ("qatar", "katar"),
    "an f at the end": ("smirnoff", "smirnov"),
    "an h behind a stop": ("ghebreyesus", "gebreyesus"),
    "an apostrophe": ("o'neill", "oneil"),
}
SPELT_APART = {
    "a soft c": ("cecil", "kekil"),
    "ch": ("schumer", "skumer"),
    "th": ("smith", "smit"),
    "sh": ("shaw", "saw"),
}


@pytest.mark.parametrize("case", SPELT_ALIKE, ids=str)
def test_what_spellers_disagree_about_is_encoded_alike(case: str) -> None:
    one, other = SPELT_ALIKE[case]
    assert encode_letters(one) == encode_letters(other)


@pytest.mark.parametrize("case", SPELT_APART, ids=str)
def test_what_sounds_otherwise_is_encoded_otherwise(case: str) -> None:
    one, other = SPELT_APART[case]
    assert encode_letters(one) != encode_letters(other)

"""The keys of many strings in one pass, compared with those of one string made the plain way."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from podwatch.phonetics.consonant_keys import (
    LONG_LENGTH,
    MAX_LENGTH,
    RunTable,
    deletion_keys,
    letter_classes,
    number_skeletons,
    share_key,
)
from podwatch.phonetics.noisy_channel import encode_letters
from podwatch.phonetics.symbol_strings import pack_strings

skeletons = st.binary(max_size=MAX_LENGTH).map(lambda b: bytes(1 + i % 7 for i in b))


def plain_keys(skeleton: bytes) -> set[str]:
    """The keys as strings: the skeleton, each with one consonant less, each run of four of a long one."""
    digits = "".join(map(str, skeleton))
    n = len(digits)
    if n < 3:
        return {digits}
    found = {digits, *(digits[:i] + digits[i + 1 :] for i in range(n))}
    return found | {"*" + digits[i : i + 4] for i in range(n - 3)} if n >= LONG_LENGTH else found


def as_number(key: str) -> int:
    return -1 - int(key[1:], 8) if key.startswith("*") else int(key or "0", 8)


@given(st.lists(skeletons, max_size=8))
def test_the_keys_of_many_are_those_of_each(strings: list[bytes]) -> None:
    owners, keys = deletion_keys(pack_strings(strings))
    for number, string in enumerate(strings):
        mine = {int(k) for o, k in zip(owners, keys, strict=True) if o == number}
        assert mine == {as_number(key) for key in plain_keys(string)}


@given(st.lists(skeletons, min_size=1, max_size=8))
def test_no_key_is_given_twice_to_one_but_for_runs(strings: list[bytes]) -> None:
    owners, keys = deletion_keys(pack_strings(strings))
    given_ = [(int(o), int(k)) for o, k in zip(owners, keys, strict=True) if k >= 0]
    assert len(given_) == len(set(given_))


def edited(skeleton: bytes, edits: list[tuple[int, int, int]]) -> bytes:
    """The skeleton with one consonant after the other put in, left out or replaced."""
    for at, what, digit in edits:
        at = at % (len(skeleton) + 1)
        skeleton = skeleton[:at] + bytes([digit] * (what > 0)) + skeleton[at + (what < 2) :]
    return skeleton[:MAX_LENGTH]


edits = st.lists(st.tuples(st.integers(0, MAX_LENGTH), st.integers(0, 2), st.integers(1, 7)), max_size=4)


@given(st.lists(st.tuples(skeletons, edits), min_size=1, max_size=8))
def test_whether_two_share_a_key_is_told_without_making_the_keys(
    cases: list[tuple[bytes, list[tuple[int, int, int]]]],
) -> None:
    pairs = [(skeleton, edited(skeleton, some)) for skeleton, some in cases]
    pairs += [(a, b) for a, _ in pairs for b, _ in pairs]
    first, second = (number_skeletons(pack_strings(strings)) for strings in zip(*pairs, strict=True))
    expected = [not plain_keys(a).isdisjoint(plain_keys(b)) for a, b in pairs]
    every = np.arange(len(pairs))
    assert (share_key(first, second) | RunTable(second).share_run(first, every, every)).tolist() == expected


@given(st.lists(skeletons, min_size=1, max_size=8), st.data())
def test_skeletons_of_words_are_put_together_to_those_of_ngrams(strings: list[bytes], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.lists(st.integers(0, len(strings) - 1), min_size=4, max_size=4), min_size=1))
    joined = number_skeletons(pack_strings(strings)).join(np.array(rows))
    whole = number_skeletons(pack_strings([b"".join([strings[i] for i in row]) for row in rows]))
    assert joined.numbers.tolist() == whole.numbers.tolist()
    assert joined.lengths.tolist() == whole.lengths.tolist()


def test_what_comes_behind_the_longest_key_does_not_count() -> None:
    long = bytes([1, 2, 3, 4, 5] * 5)
    [(_, keys), (_, same)] = [deletion_keys(pack_strings([s])) for s in (long[:MAX_LENGTH], long)]
    assert list(keys) == list(same)


def test_voice_and_place_of_a_consonant_and_all_vowels_do_not_count() -> None:
    assert letter_classes(encode_letters("witkoff")) == letter_classes(encode_letters("wideguvv"))
    assert letter_classes(encode_letters("aeiouhy")) == b""

"""The keys of many strings in one pass, compared with those of one string made the plain way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podwatch.phonetics.consonant_keys import LONG_LENGTH, MAX_LENGTH, deletion_keys, letter_classes
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


def test_what_comes_behind_the_longest_key_does_not_count() -> None:
    long = bytes([1, 2, 3, 4, 5] * 5)
    [(_, keys), (_, same)] = [deletion_keys(pack_strings([s])) for s in (long[:MAX_LENGTH], long)]
    assert list(keys) == list(same)


def test_voice_and_place_of_a_consonant_and_all_vowels_do_not_count() -> None:
    assert letter_classes(encode_letters("witkoff")) == letter_classes(encode_letters("wideguvv"))
    assert letter_classes(encode_letters("aeiouhy")) == b""

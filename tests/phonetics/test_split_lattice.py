"""The lattice of a name has the rows of plain words that it may be heard as, no other ones, and finds them in a text."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.phonetics.noisy_channel import load_channels
from podwatch.phonetics.pronunciation import PHONES
from podwatch.phonetics.split_lattice import (
    MAX_WORDS,
    MIN_PHONES,
    PIECE_COST,
    SHORT_PIECE_COST,
    WAY_COST,
    HeardWords,
    Piece,
    SplitLattice,
    list_plain_pieces,
)
from tests.support.hypothesis_profiles import examples

ROUNDING = 1e-3
# Phones that are heard as one another for little, so that most examples have ways.
SOUNDS = st.binary(min_size=1, max_size=3).map(lambda b: bytes(PHONES.index(("T", "D", "AH", "IH")[i % 4]) for i in b))
NAMES = st.lists(st.lists(SOUNDS, min_size=1, max_size=3).map(b"".join), min_size=1, max_size=3)
PIECES = st.lists(SOUNDS, min_size=1, max_size=4, unique=True).map(
    lambda sounds: tuple((word, sound) for word, sound in zip("abcd", sounds, strict=False))
)


def cost(said: bytes, heard: bytes) -> float:
    channel = load_channels()[0]
    return float(channel.costs(channel.pad([said]), channel.pad([heard]))[0])


def cheapest_cut(name: bytes, sounds: tuple[bytes, ...]) -> float:
    """What hearing a name as these words costs where each is a piece of it: every cut is tried."""
    first, *rest = sounds
    if not rest:
        is_near = cost(name, first) <= PIECE_COST * len(name) + SHORT_PIECE_COST
        return cost(name, first) if is_near else float("inf")
    cuts = range(1, len(name) - len(rest) + 1)
    return min((cheapest_cut(name[:at], (first,)) + cheapest_cut(name[at:], tuple(rest)) for at in cuts), default=99.0)


def enumerate_ways(name: bytes, pieces: tuple[Piece, ...]) -> dict[tuple[str, ...], float]:
    """The ways by trying every row of words: what the lattice must have."""
    found: dict[tuple[str, ...], float] = {}
    for count in range(2, MAX_WORDS + 1):
        for row in product(pieces, repeat=count):
            if (most := cheapest_cut(name, tuple(sound for _, sound in row))) <= WAY_COST * len(name):
                found[tuple(word for word, _ in row)] = most / len(name)
    return found if len(name) >= MIN_PHONES else {}


@settings(max_examples=examples(40), deadline=None)
@given(NAMES, PIECES)
def test_the_ways_are_those_that_trying_every_row_of_words_finds(names: list[bytes], pieces: tuple[Piece, ...]) -> None:
    lattice = SplitLattice(names, pieces)
    for number, name in enumerate(names):
        expected = enumerate_ways(name, pieces)
        found = dict(lattice.list_ways(number))
        sure = {words for words, most in expected.items() if most < WAY_COST - ROUNDING}
        assert sure <= found.keys()
        assert all(words in expected or most > WAY_COST - ROUNDING for words, most in found.items())
        for words, most in found.items():
            assert most == pytest.approx(expected.get(words, most), abs=ROUNDING)


@settings(max_examples=examples(60), deadline=None)
@given(NAMES, PIECES)
def test_words_put_together_are_as_near_to_the_name_as_their_way_says(
    names: list[bytes], pieces: tuple[Piece, ...]
) -> None:
    sounds = dict(pieces)
    lattice = SplitLattice(names, pieces)
    for number, name in enumerate(names):
        for words, most in lattice.list_ways(number):
            joined = cost(name, b"".join(sounds[word] for word in words)) / len(name)
            assert joined <= most + ROUNDING <= WAY_COST + 2 * ROUNDING


@settings(max_examples=examples(60), deadline=None)
@given(NAMES, PIECES, st.text("abcde", max_size=12), st.sets(st.integers(0, 11)))
def test_a_text_has_every_way_that_stands_in_it_and_none_over_the_end_of_a_sentence(
    names: list[bytes], pieces: tuple[Piece, ...], text: str, ends: set[int]
) -> None:
    lattice = SplitLattice(names, pieces)
    goes_on = [i not in ends for i in range(len(text))]
    expected = [
        (number, first, last)
        for number in range(len(names))
        for words, _ in lattice.list_ways(number)
        for first in range(len(text))
        if tuple(text[first : (last := first + len(words))]) == words and all(goes_on[first : last - 1])
    ]
    found = [(way.name, way.first, way.last) for way in lattice.find(list(text), goes_on)]
    assert sorted(found) == sorted(expected)


# name, as its phones: words that it may be heard as
HEARD_AS = {
    "N UW Z AH M": "new some",
    "K IH L M IH D": "kill mid",
    "N UW B AE NG K": "new bank",
    "D EH T AH B R IH K S": "data bricks",
}


@pytest.mark.parametrize("phones", HEARD_AS)
def test_plain_words_are_found_for_a_name(phones: str) -> None:
    name = bytes(map(PHONES.index, phones.split()))
    words = HEARD_AS[phones].split()
    known = {word for word, _ in list_plain_pieces()}
    found = SplitLattice([name]).find(["they", *words, "said"], [True] * (len(words) + 2))
    is_plain = known.issuperset(words)
    assert any((way.first, way.last) == (1, 1 + len(words)) for way in found) == is_plain


def test_a_short_name_has_no_way() -> None:
    name = bytes(map(PHONES.index, ["P", "UH", "T", "IH"]))
    assert SplitLattice([name]).find(["put", "in"], [True, True]) == []
    assert HeardWords(0, 0, 2, 0.0).cost == 0.0

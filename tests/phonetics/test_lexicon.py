"""What is known of a word out of context."""

from __future__ import annotations

import pytest

from podwatch.phonetics.lexicon import EVERYDAY, UNKNOWN_COST, look_up_word

# words that are no names, however seldom a list has them
EVERYDAY_WORDS = (
    "i'll",
    "i'd",
    "there'll",
    "what'd",
    "we're",
    "they've",
    "can't",
    "won't",
    "he's",
    "let's",
    "mr",
    "dr",
)
NAMES = ("o'neill", "d'angelo", "trump'll", "witkoff", "witkoff's")


@pytest.mark.parametrize("word", EVERYDAY_WORDS)
def test_a_contraction_of_everyday_words_is_one(word: str) -> None:
    known = look_up_word(word)
    assert known.flags & EVERYDAY
    assert known.cost < 12.0


@pytest.mark.parametrize("word", NAMES)
def test_an_apostrophe_makes_no_name_an_everyday_word(word: str) -> None:
    assert not look_up_word(word).flags & EVERYDAY


def test_what_no_list_has_stays_unknown_with_an_apostrophe_in_it() -> None:
    assert look_up_word("brzezolski'd").cost == UNKNOWN_COST

"""How likely words are in a row: what is said all the time, what never is, and that it is a probability."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.phonetics.lexicon import look_up_words
from podwatch.phonetics.sentence_model import BOUNDARY, NAME, encode_tokens, list_symbols, load_sentence_model
from podwatch.phonetics.tokenizer import tokenize
from tests.support.hypothesis_profiles import examples

# what is said more often, what less
LIKELIER = {
    "way more": "way mow",
    "put in": "put inn",
    "white house": "white mouse",
    "to leave": "two leave",
    "knew some": "new some",
}


def row_of(text: str) -> list[int]:
    tokens = tokenize(text)
    return encode_tokens(tokens, look_up_words({w for w in tokens.plain if w}))


@pytest.mark.parametrize("text", LIKELIER)
def test_what_people_say_is_likelier_than_what_they_do_not(text: str) -> None:
    model = load_sentence_model()
    said, other = (model.log_probability(*row_of(words)[1:3]) for words in (text, LIKELIER[text]))
    assert said > other


@settings(max_examples=examples(50), deadline=None)
@given(st.integers(0, len(list_symbols()) - 1), st.integers(0, len(list_symbols()) - 1))
def test_a_logarithm_of_a_probability_is_below_zero_and_finite(first: int, second: int) -> None:
    assert -40.0 < load_sentence_model().log_probability(first, second) < 0.0


@pytest.mark.parametrize("word", ["the", "kill", "journey"])
def test_what_stands_behind_a_word_adds_up_to_one(word: str) -> None:
    model, first = load_sentence_model(), list_symbols()[word]
    total = sum(math.exp(model.log_probability(first, second)) for second in range(len(list_symbols())))
    assert total == pytest.approx(1.0, abs=0.35)  # pairs said less than four times are left out


def test_a_text_is_its_words_names_and_ends_of_sentences() -> None:
    symbols = list_symbols()
    row = row_of("They met Qxzhvar there. The rain")
    they, met, there, the, rain = (symbols[word] for word in ("they", "met", "there", "the", "rain"))
    assert row == [BOUNDARY, they, met, NAME, there, BOUNDARY, the, rain, BOUNDARY]

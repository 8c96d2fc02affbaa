"""Passages of another language: nothing there is a name by its sound, unless it is nearly right."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.phonetics import NameMatcher
from podwatch.phonetics.lexicon import look_up_words
from podwatch.phonetics.passage_language import find_foreign_words
from podwatch.phonetics.tokenizer import tokenize
from tests.phonetics.name_samples import FILLER, found_names, person
from tests.support.hypothesis_profiles import examples

# Written for this test, of Welsh words, as recognition writes them where there is music.
WELSH = (
    "Mae'r hyn yn cael ei ddod ar y cyfnod, mae'n dda iawn yma ac yn wir yn dda. Hyn yw'r sgwrs am y "
    "gwasanaethau, yn enwedig yr hyn a ddaeth o'r Amal ac yn y blaen, mae'n dda'n bwysig i gael hynny yn dda. "
)
NAMES = [person("Ismail Haniyeh"), person("Pete Hegseth")]


@pytest.mark.parametrize("text", [WELSH, FILLER * 3 + WELSH * 2 + FILLER * 3], ids=["throughout", "in the middle"])
def test_words_of_another_language_are_no_names(text: str) -> None:
    assert found_names(text, NameMatcher(NAMES)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Gestern sprach Pete Hegsett in Berlin mit den Ministern über die Lage und reiste danach weiter nach Warschau.",
        WELSH + "Pete Hegseth, yn dda iawn yma. " + WELSH,
    ],
    ids=["nearly right", "spelt right"],
)
def test_a_name_that_is_nearly_right_is_found_in_any_language(text: str) -> None:
    assert [name for name, _ in found_names(text, NameMatcher(NAMES))] == ["Pete Hegseth"]


@settings(max_examples=examples(50))
@given(st.integers(0, 30), st.integers(0, 30))
def test_talk_beside_a_foreign_passage_stays_talk(before: int, behind: int) -> None:
    text = FILLER * before + " " + WELSH * 3 + FILLER * behind
    tokens = tokenize(text)
    flags = find_foreign_words(tokens, look_up_words({w for w in tokens.plain if w}))
    assert len(flags) == len(tokens.plain)
    if before > 3:
        assert not flags[: 12 * before].any()

"""How the text is cut into words: where a name may go on, and where it may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.phonetics import NameMatcher, WatchedName, tokenizer
from podwatch.phonetics.lexicon import plain_spelling
from podwatch.phonetics.tokenizer import CLOSED, COMMA, OPEN, tokenize

GAPS = {
    "a blank": ("Wit Goff", OPEN),
    "a line break": ("Wit\nGoff", OPEN),
    "a hyphen": ("Wick-Gov", OPEN),
    "an initial": ("J. Vance", OPEN),
    "a title cut short": ("Dr. Vance", OPEN),
    "a comma": ("Heg says, to", OPEN),
    "over a comma": ("says, to", COMMA),
    "over a dash": ("Wit — Goff", COMMA),
    "the end of a sentence": ("I saw Wit. Goff", OPEN),
    "over the end of a sentence": ("Wit. Goff", CLOSED),
    "over a question": ("Wit? Goff", CLOSED),
    "over a paragraph": ("Wit\n\nGoff", CLOSED),
    "over who speaks next": ("Wit: Goff", CLOSED),
}


@pytest.mark.parametrize("case", GAPS, ids=str)
def test_a_name_goes_on_over_blanks_and_hyphens_but_not_over_the_end_of_a_sentence(case: str) -> None:
    text, gap = GAPS[case]
    assert tokenize(text).gaps[0] == gap


PLAIN = {
    "Núñez": "nunez",
    "Støre": "store",
    "Wałęsa": "walesa",
    "it’s": "it's",
    "Киев": "",
    "G7": "",
    "Größe": "grosse",
}


@pytest.mark.parametrize("word", PLAIN, ids=str)
def test_a_plain_spelling_has_letters_from_a_to_z_or_is_empty(word: str) -> None:
    assert plain_spelling(word) == PLAIN[word]


def test_captions_without_capitals_have_no_case() -> None:
    assert tokenize("Then Ms Dobson met Mr Whitlow in Oslo and they spoke for an hour about grain.").has_case
    assert not tokenize("then ms dobson met mr whitlow in oslo and they spoke for an hour about grain. " * 5).has_case


def test_words_in_capitals_are_acronyms() -> None:
    words = tokenize("The NSA and two CPUs of the CLI's maker met Anna Kallas in Oslo, and it was a good day for all.")
    assert [w for w, shout in zip(words.plain, words.is_acronym, strict=True) if shout] == ["nsa", "cpus", "cli's"]


@pytest.mark.parametrize(
    ("word", "product"), [("QAnon", True), ("MacOS", True), ("GoLand's", True), ("McDonald", False), ("Qanon", False)]
)
def test_capitals_within_a_word_are_of_products_but_for_surname_prefixes(word: str, product: bool) -> None:
    words = tokenize(f"Nobody asked {word} about Anna Kallas in Oslo, and it was a good day for all of them.")
    assert any(words.is_acronym) == product


@given(st.lists(st.sampled_from(["a", " ", "\n", ". ", "word", "w" * 50]), max_size=80).map("".join))
def test_the_chunks_of_a_text_are_the_text(text: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tokenizer, "CHUNK_LENGTH", 40)
        patched.setattr(tokenizer, "MAX_TEXT_LENGTH", 300)
        found = list(tokenizer.split_chunks(text))
    assert "".join(chunk for _, chunk in found) == text[:300]
    assert all(text[at : at + len(chunk)] == chunk and len(chunk) <= 40 for at, chunk in found)


def test_a_chunk_ends_with_a_line_a_sentence_or_a_word() -> None:
    text = ("word " * 30 + "end. " + "\n") * (tokenizer.CHUNK_LENGTH // 100)
    assert {text[at - 1] for at, _ in tokenizer.split_chunks(text) if at} == {"\n"}
    text = text.replace("\n", "")
    assert {text[at - 2 : at + 1] for at, _ in tokenizer.split_chunks(text) if at} == {"d. "}


def test_names_are_found_in_every_chunk_of_a_long_text() -> None:
    text = "They talked about grain. " * (tokenizer.CHUNK_LENGTH // 20) + "Then Steve Whitkoff spoke."
    [match] = NameMatcher([WatchedName("Steve Witkoff", type="person")]).find_matches(text)
    assert text[match.start : match.end] == "Steve Whitkoff"

"""Aligning what was said with what was recognised: cases written by hand, as recognisers mishear names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.sounds_like.alignment import align, edit_distance

# said, with the names in [ ]; heard, with what is right for them in [ ] in the same order ([] for nothing heard)
CASES = {
    "as it was said": ("And [Golob] said no.", "And [Golob] said no."),
    "another spelling": ("the road to [Bakhmut] is closed", "the road to [Baamud] is closed"),
    "split in two": ("I think [Tokarczuk] knows.", "I think [Takar Chuk] knows."),
    "split in three": ("that is [Wembanyama] again", "that is [when been yama] again"),
    "two words fused": ("shares of [Al Jazeera] fell", "shares of [Aljazeera] fell"),
    "hyphens joined it": ("our guest is [Ren Zhengfei], and", "our guest is [Ren-Yung-Fei], and"),
    "a possessive": ("it is [Zuma]'s plan", "it is [Zooma's] plan"),
    "a possessive that was not said": ("and [Manaus] is far", "and [Mana's] is far"),
    "plain words": ("shares of [Hapoalim] fell by six", "shares of [happy aleem] fell by six"),
    "all small letters": ("then [Feijóo] stood up", "then [faye ho] stood up"),
    "accents": ("in [Galați] on Thursday", "in [Galati] on Thursday"),
    "nothing was heard": ("and [Cai Qi] will meet in the capital", "and [] will meet in the capital"),
    "a comma inside": ("if you listen to [Jørgensen], you hear", "if you listen to [you, Jensen], you hear"),
    "first word of all": ("[Michelin] is next", "[Mission] is next"),
    "last word of all": ("they went to [Tampere]", "they went to [Tom Perry]"),
    "another word is wrong beside it": ("a delegation flew to [Hargeisa] for talks", "the allegation flew to [Argaiza] for talks"),
    "a number is written in figures": ("shares of [Skanska] fell by six percent", "shares of [Scansca] fell by 6%"),
    "two names, one of them right": ("[Lei Jun] met [Wilders] today", "[Lay June] met [Wilders] today"),
    "two names in a row": ("with [Attal] [Bayrou] left", "with [a tall] [buy rue] left"),
    "the same name twice": ("[Orpo] said that [Orpo] wins", "[or poor] said that [Orpo] wins"),
    "words were invented before it": ("So [Thales] won", "So you know, I mean, [Talus] won"),
    "a word was left out before it": ("because of that [Thales] won", "because of [Talus] won"),
    "a sentence end was put inside": ("and [Ouagadougou] is calm", "and [waga. Doogoo] is calm"),
}  # fmt: skip


def unmarked(text: str) -> tuple[str, list[tuple[int, int]]]:
    plain, spans, begin = "", [], 0
    for c in text:
        if c == "[":
            begin = len(plain)
        elif c == "]":
            spans.append((begin, len(plain)))
        else:
            plain += c
    return plain, spans


@pytest.mark.parametrize(("said", "heard"), CASES.values(), ids=CASES)
def test_a_name_is_found_where_it_was_heard(said: str, heard: str) -> None:
    plain_said, names = unmarked(said)
    plain_heard, right = unmarked(heard)
    plain_heard = " ".join(plain_heard.split()) if "[]" in heard else plain_heard
    found = align(plain_said, plain_heard, names)
    surfaces = [plain_heard[span.start : span.end] for span in found.spans]
    assert surfaces == [plain_heard[a:b] if a < b else "" for a, b in right]


def test_the_share_of_wrong_letters_leaves_the_names_out() -> None:
    said, spans = unmarked("the mayor of [Zaporizhzhia] asked")
    assert align(said, "the mayor of somewhere else asked", spans).word_errors == 0
    assert align(said, "one two three four five six seven", spans).word_errors > 0.5


def test_ordinary_words_say_where_a_passage_begins() -> None:
    words = align("one two. three four", "one to three for", []).words
    assert dict(words)[9] == 7


@given(st.lists(st.sampled_from(["so", "and", "peace", "talks", "river"]), min_size=1, max_size=12), st.data())
def test_a_text_heard_right_gives_every_span_back(words: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(words) - 1))
    start = len(" ".join(words[:at])) + (at > 0)
    text = " ".join(words)
    found = align(text, text, [(start, start + len(words[at]))])
    assert text[found.spans[0].start : found.spans[0].end] == words[at]
    assert found.word_errors == 0


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_the_distance_is_one(a: str, b: str, c: str) -> None:
    assert edit_distance(a, b) == edit_distance(b, a)
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)

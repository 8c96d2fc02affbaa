"""The prefilter excludes texts that hold nothing of a few watches; it may never exclude one that holds something."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.model import Segment, Watch, join_segments
from podwatch.query import build_engine
from podwatch.query.engine import PLANNED_AFTER
from podwatch.query.literals import Ending, Literal
from podwatch.query.normaliser import normalise, to_ascii
from podwatch.query.prefilter import MAX_WORDS, build_prefilter
from tests.support.hypothesis_profiles import examples

# name: (what is looked for, a text, whether it is excluded)
CASES: dict[str, tuple[list[str], str, bool]] = {
    "a word that is not said": (["grain"], "No corn.", True),
    "a word that is said": (["grain"], "GRAIN!", False),
    "a word within a word is left to the engine": (["art"], "The start.", False),
    "a phrase whose rare word is not said": (["black sea"], "The black cat.", True),
    "one of two words": (["grain", "corn"], "Some corn.", False),
    "typographic quotes and dashes do not keep a text from being excluded": (["grain"], "“Well — it’s…”", True),
    "an apostrophe of another kind": (["o'brien"], "O’Brien said", False),
    "a letter that is not ASCII may fold to one that is": (["elysee"], "L'Élysée", False),
    "nothing is looked for": ([], "Anything.", True),
}


@pytest.mark.parametrize("name", CASES)
def test_a_text_without_the_words_is_excluded(name: str) -> None:
    words, text, excluded = CASES[name]
    prefilter = build_prefilter([Literal(w, i, Ending.PLURAL) for i, w in enumerate(words)], {"black": 9})
    assert prefilter is not None
    assert prefilter.excludes(text) is excluded


@pytest.mark.parametrize(
    "words", [["東京"], ["%"], [f"word{n}" for n in range(MAX_WORDS + 1)]], ids=["no ASCII", "symbol", "many"]
)
def test_there_is_no_prefilter_where_it_would_not_help(words: list[str]) -> None:
    assert build_prefilter([Literal(w, i, Ending.WHOLE) for i, w in enumerate(words)], {}) is None


QUERIES = (
    "grain",
    '"black sea"',
    "grain NEAR/3 ships",
    "corn AND NOT left",
    "sea OR elysee",
    '"U.S. ships"',
    "party",
    "sanction*",
    "=US",
    "(ships){2,}",
    "$500",
    "left AND title:x",
)
WORDS = (
    "grain",
    "Grain’s",
    "Black",
    "Sea",
    "corn",
    "ships",
    "left,",
    "Élysée",
    "élysée",
    "U.S.",
    "US",
    "parties",
    "party’s",
)
TALK = st.lists(st.sampled_from((*WORDS, "sanctions", "$500", "“", "…", "—", "\u00a0", "and", "東京")), max_size=30)


@given(
    queries=st.sets(st.sampled_from(QUERIES), min_size=1, max_size=4), texts=st.lists(TALK, min_size=20, max_size=30)
)
@settings(max_examples=examples(60))
def test_mentions_are_the_same_with_a_prefilter_and_without(queries: set[str], texts: list[list[str]]) -> None:
    watches = [Watch(name=q, query=q) for q in sorted(queries)]
    engine = build_engine(watches)
    for n, words in enumerate(texts):
        transcript = join_segments([Segment(0, 9, " ".join(words) or "-")])
        fresh = build_engine(watches)  # which has chosen no triggers yet, and so has no prefilter
        assert engine(transcript).mentions == fresh(transcript).mentions
        if n >= PLANNED_AFTER[-1]:
            assert engine._prefilter is not None or any("$" in q for q in queries)


@given(st.text(st.sampled_from("aé’‘“”…—–\u00a0 'É.ß-s1"), max_size=40))
def test_typographic_signs_are_normalised_like_their_ascii(text: str) -> None:
    plain = normalise(to_ascii(text))
    assert len(to_ascii(text)) == len(text)
    assert normalise(text).text == plain.text
    assert normalise(text).origins.tolist() == plain.origins.tolist()

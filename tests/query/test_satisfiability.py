"""A query that is called impossible can never match; where only AND, OR, NOT and counts decide, none is overlooked."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.query import clauses
from podwatch.query.equivalence import equivalence_key
from podwatch.query.parser import parse
from podwatch.query.satisfiability import conflicting_languages, find_contradictions, is_possible
from tests.query.test_operators import anything, texts
from tests.support import query_oracle
from tests.support.hypothesis_profiles import examples

IMPOSSIBLE = [
    "x AND NOT x",
    "Zürich AND NOT zurich",
    '"black sea" AND NOT sea',
    '"black sea port" -"sea port"',
    '="Black Sea" -sea',
    "(x OR y) -x -y",
    "(a){3,} AND NOT a",
    "(a){3,} AND (a){1,2}",
    "a{2} a{3}",
    "(a OR b){2,} -(b OR a){2,}",
    "a NEAR/3 b AND NOT b",
    "a ONEAR/0 b AND NOT (a ONEAR/0 b)",
    "a NOT NEAR/5 a",
    "(a AND b) WITHIN 5s AND NOT (a AND b) WITHIN 5 seconds",
    '"a b"~3 -a',
    "x title:y -title:Y",
    "x lang:en -lang:EN",
    "(a AND b){2,} a -b",
    "x title:(y AND NOT y)",
    "sanct* -sanct*",
    "/ab+/ -/ab+/",
    "witkoff~2 -Witkoff~2",
    "=NATO AND NOT nato",
    "McDonalds -McDonald's",
    "F-35 AND NOT F35",
    "entity:Kellogg -entity:kellogg",
    f"({' OR '.join(f'word{i}' for i in range(200))}) AND x AND NOT x",
]
POSSIBLE = [
    "x AND NOT y",
    'black AND NOT "black sea"',
    '"black sea" -seas',  # a plural in es: seases
    "nato AND NOT =NATO",
    "US AND NOT us",  # U.S
    "=US AND NOT us",
    "sanctions -sanction",  # sanctionses
    "(a){2,} AND (a){1,2}",
    "(a){1,3} -(a){2}",
    "a NEAR/3 b AND NOT (a NEAR/1 b)",
    "a ONEAR/3 b AND b ONEAR/3 a",
    "x speaker:ann -speaker:ann",  # somebody else says it too
    "x -(x speaker:ann)",
    "(a AND b){2,} a -c",
    "x lang:en lang:us",
    "a NEAR/2 a",
]


@pytest.mark.parametrize("query", IMPOSSIBLE, ids=lambda q: q[:40])
def test_a_query_that_contradicts_itself_can_never_be_true(query: str) -> None:
    assert not is_possible(parse(query))


@pytest.mark.parametrize("query", POSSIBLE)
def test_a_query_that_may_be_true_has_no_contradictions(query: str) -> None:
    assert list(find_contradictions(parse(query))) == []


def test_a_part_of_an_or_that_can_never_be_true_is_named() -> None:
    assert [p.source for p in find_contradictions(parse("a OR (b AND NOT b) OR (c -a)"))] == ["b AND NOT b"]


LANGUAGES = {
    "x lang:en lang:de": ("de", "en"),
    "x lang:(en AND de)": ("de", "en"),
    "x lang:(en OR de)": (),
    "x (lang:en OR lang:de)": (),
    "x lang:en -lang:de": (),
    'x lang:"es ar"': (),
    "x lang:en lang:us": (),
    "(x lang:en) OR (y lang:de)": (),
}


@pytest.mark.parametrize("query", LANGUAGES)
def test_two_languages_at_once_are_reported(query: str) -> None:
    assert conflicting_languages(parse(query)) == LANGUAGES[query]


@settings(max_examples=examples(500))
@given(anything, st.lists(texts, min_size=1, max_size=4))
def test_a_query_that_matches_anywhere_is_never_called_impossible(tree: clauses.Clause, documents: list[str]) -> None:
    if any(query_oracle.find_word_spans(tree, d) is not None for d in documents):
        assert is_possible(tree)


letters = st.sampled_from("abc").map(lambda w: clauses.Term(text=w, source=w))
counted = st.tuples(letters, st.integers(0, 3), st.integers(0, 1) | st.none()).map(
    lambda t: clauses.Count(parts=(t[0],), least=t[1], most=None if t[2] is None else max(1, t[1] + t[2]))
)
logic = st.recursive(
    letters | counted,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: clauses.Or(parts=tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: clauses.And(parts=tuple(parts))),
        inner.map(lambda parts: clauses.Not(parts=(parts,))),
    ),
    max_leaves=7,
)
EVERY = [" ".join("a" * i + "b" * j + "c" * k) for i, j, k in product(range(6), repeat=3)]


@settings(max_examples=examples(50))
@given(logic)
def test_and_or_not_and_counts_of_words_are_decided_exactly(tree: clauses.Clause) -> None:
    assert is_possible(tree) is any(query_oracle.find_word_spans(tree, text) is not None for text in EVERY)


EQUIVALENT = [
    ("grain AND sea", "sea grain"),
    ("a OR (b OR c)", "c OR b OR a"),
    ("a AND a", "a"),
    ("Zürich", "zurich"),
    ('"black-sea"', '"Black Sea"'),
    ("a NEAR/3 b", "b NEAR/3 a"),
    ("a ONEAR/3 b", "a NEAR/3f b"),
    ("a WITHIN 1 minute b", "(b AND a) WITHIN 60s"),
    ("grain{2}", "(grain){2,2}"),
    ("a -b", "NOT b AND a"),
    ("lang:EN x", "x lang:en"),
]
DIFFERENT = [
    ("grain AND sea", "grain OR sea"),
    ("grain", "=grain"),
    ("a ONEAR/3 b", "b ONEAR/3 a"),
    ("a NEAR/3 b", "a NEAR/4 b"),
    ("a NOT NEAR/3 b", "b NOT NEAR/3 a"),
    ("US", "us"),
    ("grain", "grains"),
    ("title:x y", "notes:x y"),
    ("a{2}", "a{2,}"),
]


@pytest.mark.parametrize(("one", "other"), EQUIVALENT)
def test_queries_that_find_the_same_have_equal_keys(one: str, other: str) -> None:
    assert equivalence_key(parse(one)) == equivalence_key(parse(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_queries_that_find_something_else_have_different_keys(one: str, other: str) -> None:
    assert equivalence_key(parse(one)) != equivalence_key(parse(other))


@settings(max_examples=examples(300))
@given(anything, anything, texts)
def test_clauses_with_equal_keys_find_the_same(one: clauses.Clause, other: clauses.Clause, text: str) -> None:
    if equivalence_key(one) == equivalence_key(other):
        assert query_oracle.find_surfaces(one, text) == query_oracle.find_surfaces(other, text)

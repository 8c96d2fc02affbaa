"""What a query may cost: it grows with the text and not faster, whatever the query and whatever is said."""

from __future__ import annotations

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch import query as detectors
from podwatch.model import Segment, Watch, join_segments
from podwatch.query import regular_expressions as patterns
from podwatch.query import satisfiability as truth
from podwatch.query.parser import parse

WORDS = 10_000
FACTOR = 10.0  # of the time for four times the text, at most: what is linear has 4, what is quadratic 16
BOUND = 60.0  # seconds of CPU for a million words: a hundred hours of talk


def seconds(query: str, text: str) -> float:
    engine = detectors.build([Watch(name="w", query=query)])
    assert not engine.broken
    transcript = join_segments([Segment(0.0, 9.0, text)])
    began = process_time()
    assert not engine(transcript).failed
    return process_time() - began


FOUND_EVERYWHERE = "alpha beta gamma delta "
# query: what is said, again and again
COSTLY = {
    "al* be* ga*": FOUND_EVERYWHERE,
    "al* NEAR/3 be* NEAR/3 ga*": FOUND_EVERYWHERE,
    "(alpha OR beta) NEAR/100000 (gamma OR delta)": FOUND_EVERYWHERE,
    "alpha NOT NEAR/1 gamma": FOUND_EVERYWHERE,
    '"alpha beta gamma delta"~4': FOUND_EVERYWHERE,
    "(alpha AND delta) WITHIN 1s": FOUND_EVERYWHERE,
    "(alpha){2,} AND NOT omega": FOUND_EVERYWHERE,
    "alpa~1 delt~1": FOUND_EVERYWHERE,
    "/(a+)+b/": "aaaa ",
    "/(x+x+)+y/": "xxxx",
    "/al(.*omega)?/": "alpha ",
}


@pytest.mark.parametrize("query", COSTLY)
def test_four_times_the_text_takes_about_four_times_the_time(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "LOOKED", 1 << 20)  # in proportion to a text that is small
    said = COSTLY[query]
    text = said * (WORDS // len(said.split()))
    seconds(query, text)  # libraries loaded
    once, four = (min(seconds(query, t) for _ in range(3)) for t in (text, text * 4))
    assert four <= FACTOR * max(once, 0.005)


def test_a_million_words_with_stars_are_gone_through() -> None:
    text = (FOUND_EVERYWHERE + "and so on and on " * 4) * 50_000
    assert len(text.split()) == 1_200_000
    assert seconds("al* be* ga*", text) < BOUND


def test_a_query_of_ten_thousand_characters_is_built_and_examined_at_once() -> None:
    parts = [f'(word{i} NEAR/5 w{i}* AND NOT "no{i} x")' for i in range(250)]
    query = " OR ".join(parts)[:10_000].rsplit(" OR ", 1)[0]
    assert len(query) > 9_000
    began = process_time()
    assert truth.is_possible(parse(query))
    assert not detectors.build([Watch(name="w", query=query)]).broken
    assert process_time() - began < 10


@given(
    st.text("ab x", max_size=400),
    st.sampled_from([r"a(.*b)?", r"\ba+", r"a\b", r"ab?", r"(a|x b)+", r"b$", r"^a"]),
    st.integers(0, 50),
)
def test_in_windows_the_same_is_found(text: str, expression: str, looked: int) -> None:
    compiled = patterns._compiled(expression)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "LOOKED", looked)
        patch.setattr(patterns, "LONGEST", 50)
        patch.setattr(patterns, "WINDOW", 450)  # more than the text: only where it begins anew is in question
        assert list(patterns._matches(compiled, text)) == [m.span() for m in re.finditer(expression, text)]


@given(st.text("ab x", max_size=600), st.sampled_from([r"\ba+\b", r"a{1,5}b?", r"(a|x b){1,6}", r"b$", r"^a", r"x\b"]))
def test_windows_of_any_place_lose_and_add_nothing_that_is_short(text: str, expression: str) -> None:
    short = [s for m in re.finditer(expression, text) if (s := m.span())[1] - s[0] <= 30]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patterns, "LOOKED", 0)
        patch.setattr(patterns, "LONGEST", 30)
        patch.setattr(patterns, "WINDOW", 100)
        found = list(patterns._matches(patterns._compiled(expression), text))
    assert [s for s in found if s[1] - s[0] <= 30] == short

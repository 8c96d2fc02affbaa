"""Which sentences are shown first: sure before doubtful, own before a sponsor's, spread over the episode."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Kind, Mention
from podwatch.notifiers.mention_ranking import best_mentions, have_same_words
from tests.support.builders import mention


def said(start: int, **changes: Any) -> Mention:
    return mention(f"w{start}", f"sentence {start} of w{start}", **({"start": start, "kind": Kind.EXACT} | changes))


def chosen(*mentions: Mention, count: int = 3) -> list[int]:
    return [m.start for m in best_mentions(mentions, count)]


def test_exact_comes_before_what_sounds_alike() -> None:
    assert chosen(said(1, kind=Kind.SOUNDS_LIKE), said(2), count=1) == [2]


def test_what_a_sponsor_reads_comes_last() -> None:
    assert chosen(said(1, label="sponsor"), said(2, kind=Kind.SOUNDS_LIKE, score=0.5), count=1) == [2]


def test_the_better_score_comes_first() -> None:
    assert chosen(said(1, score=0.7), said(2, score=0.9), count=2) == [2, 1]


def test_among_equals_the_choice_is_spread_over_the_episode() -> None:
    assert chosen(said(10), said(20), said(30), said(500), said(1000)) == [10, 1000, 500]


def around(text: str, surface: str, nth: int, reach: int) -> Mention:
    """The mention of the nth ``surface`` in a text without stops, with what stands around it."""
    at = -1
    for _ in range(nth):
        at = text.index(surface, at + 1)
    left = max(0, at - reach)
    return mention(surface, text[left : at + reach], start=at, end=at + len(surface), snippet_start=at - left)


TALK = "we spoke of grain and then again of grain until the others came and then they spoke of ships and grain and coal"
# what is one sentence to a reader, and what is not
SAME = {
    "two words of one sentence": [mention("so", "so and so", start=n) for n in (100, 107)],
    "said again an hour later": [mention("so", "so and so", start=n) for n in (100, 90_000)],
    "written with other stops": [mention("so", t, start=n) for t, n in (("So, and so.", 1), ("so and so", 900))],
    "neighbours in a text without stops": [around(TALK, "grain", n, 60) for n in (1, 2)],
}
OTHER = {
    "far apart in a text without stops": [around(TALK, "grain", n, 25) for n in (1, 3)],
    "one word differs": [mention("so", t, start=n) for t, n in (("so and so", 1), ("so or so", 900))],
    "nothing but signs": [mention("*", t, start=n) for t, n in (("* !", 1), ("? *", 900))],
}


@pytest.mark.parametrize("case", SAME, ids=str)
def test_the_same_sentence_is_never_shown_twice(case: str) -> None:
    assert len(best_mentions(SAME[case])) == 1


@pytest.mark.parametrize("case", OTHER, ids=str)
def test_another_sentence_is_another(case: str) -> None:
    assert len(best_mentions(OTHER[case])) == 2


# Letters that become two, or a letter and a sign, when their case is folded; a sign that becomes a letter.
PIECES = st.text(st.sampled_from("aAbß\u0130i\u0307\u0345\u03b9*'- \n\u2003"), max_size=12)


@given(PIECES, PIECES)
def test_words_are_the_same_when_those_of_the_whole_folded_texts_are(one: str, other: str) -> None:
    a, b = (re.findall(r"\w+", text.casefold()) for text in (one, other))
    assert have_same_words(one, other) is (a == b != [])
    assert have_same_words(one, one.swapcase()) is (a == re.findall(r"\w+", one.swapcase().casefold()) != [])


def naive_rank(m: Mention) -> tuple[bool, bool, float]:
    return m.label is not None, m.kind is Kind.SOUNDS_LIKE, -round(m.score, 1)


MENTIONS = st.lists(
    st.tuples(
        st.integers(0, 9), st.sampled_from([Kind.EXACT, Kind.SOUNDS_LIKE]), st.sampled_from([0.5, 0.9, 1.0]),
        st.sampled_from([None, "sponsor"]),
    ),
    max_size=9,
    unique_by=lambda t: t[0],
)  # fmt: skip


@given(MENTIONS, st.integers(1, 5))
def test_nothing_better_is_left_out_and_nothing_is_invented(
    facts: list[tuple[int, Kind, float, str | None]], count: int
) -> None:
    mentions = [said(start, kind=kind, score=score, label=label) for start, kind, score, label in facts]
    shown = best_mentions(mentions, count)
    assert len(shown) == min(count, len(mentions))
    left = [m for m in mentions if m not in shown]
    assert all(naive_rank(s) <= naive_rank(m) for s in shown for m in left)

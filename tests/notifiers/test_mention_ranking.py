"""Which sentences are shown first: sure before doubtful, own before a sponsor's, spread over the episode."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Kind, Mention
from podwatch.notifiers.mention_ranking import best_mentions
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


def test_another_sentence_comes_before_the_same_again() -> None:
    twice = [mention("so", "so and so", start=n, kind=Kind.EXACT) for n in (100, 107)]
    assert chosen(*twice, said(103, kind=Kind.SOUNDS_LIKE, score=0.3), count=2) == [100, 103]


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

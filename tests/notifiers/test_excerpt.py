"""A sentence that is shortened for a card: what matched stays to be seen, and the cuts are between it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Mention, Watch
from podwatch.notifiers.escaping import text_weight
from podwatch.notifiers.excerpt import MAX_HITS, excerpt
from tests.support.builders import mention, watch

NEAR = Watch(name="grain", query="(grain AND corridor) WITHIN 60s")
FILLER = " ".join(f"word{n}" for n in range(400))


def stretch(before: str, between: str, after: str) -> Mention:
    surface = f"grain {between} corridor"
    return mention(surface, f"{before} {surface} {after}".strip())


def text(watch: Watch, m: Mention, limit: int) -> str:
    return "".join(f"*{p.text}*" if p.hit else p.text for p in excerpt(watch, m, limit))


# (before, between, after, limit) -> the excerpt
CUTS = {
    "all of it fits": ("the", "in the", "opens", 600, "the *grain* in the *corridor* opens"),
    "cut between": ("the", FILLER, "opens", 80, "the *grain* word0 word1 word2 word3 … word397 word398 word399 *corridor* opens"),
    "cut everywhere": (FILLER, FILLER, FILLER, 90,
                       "…word398 word399 *grain* word0 … word399 *corridor* word0 word1 word2 word3…"),
    "hardly any room": (FILLER, FILLER, FILLER, 40, "…word399 *grain* … *corridor* word0…"),
}  # fmt: skip


@pytest.mark.parametrize("case", CUTS, ids=str)
def test_a_stretch_is_cut_between_the_words_that_matched(case: str) -> None:
    before, between, after, limit, shown = CUTS[case]
    assert text(NEAR, stretch(before, between, after), limit) == shown


def test_of_very_many_words_that_matched_the_first_and_the_last_are_shown() -> None:
    names = [f"n{n:02}" for n in range(60)]
    query = f"({' AND '.join(names)}) WITHIN 60s"
    pieces = excerpt(Watch(name="w", query=query), mention("; ".join(names), "; ".join(names)), 600)
    hits = [p.text for p in pieces if p.hit]
    assert (len(hits), hits[0], hits[-1]) == (MAX_HITS, "n00", "n59")


ANY = st.text(max_size=400) | st.sampled_from(["grain", "corridor", FILLER, "🎧" * 99, "@here", "\x00", ""])


@given(st.lists(ANY, min_size=5, max_size=5), st.sampled_from([40, 120, 140, 300, 600]), st.booleans())
def test_whatever_is_said_the_excerpt_keeps_about_its_limit_and_no_piece_is_empty(
    parts: list[str], limit: int, is_name: bool
) -> None:
    before, first, between, last, after = parts
    surface = f"{first} {between} {last}"
    about: Any = watch() if is_name else NEAR
    pieces = excerpt(about, mention(surface, before + surface + after, snippet_start=len(before)), limit)
    assert all(p.text for p in pieces)
    assert sum(text_weight(p.text.replace("\u2060", "")) for p in pieces) <= limit + 3 * len(pieces)


@given(st.text(alphabet="ab .,é", max_size=900), st.sampled_from([60, 120, 600]))
def test_both_words_are_whole_wherever_there_is_room_for_them(between: str, limit: int) -> None:
    shown = excerpt(NEAR, stretch(FILLER, between, FILLER), limit)
    assert [p.text for p in shown if p.hit] in (["grain", "corridor"], ["grain corridor"])

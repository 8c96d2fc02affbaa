"""A short text is read without numpy, and what is found is what arrays find."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from podwatch.model import Transcript, Watch
from podwatch.query import build_engine, context, short_texts
from podwatch.query.mention_batches import _sort_few, _sort_rows
from podwatch.query.normaliser import normalise_by_arrays
from podwatch.query.short_texts import SHORT, is_short, normalise_short
from tests.query.test_fast_paths import query, transcripts
from tests.support.hypothesis_profiles import examples

PIECES = (
    *("don't", "we're", "they've", "'em", "l'Ukraine", "qu'il", "dell'arte", "O'Brien", "Nuku'alofa", "rock'n'roll"),
    *("U.S.", "U.S", "a.b.c", "2.5", "500,000", "1.a", "$500", "AT&T", "C++", "100%", "#1", "a@b.c", "€5", "$$", "+-"),
    *("Zürich", "Київ", "北京", "東京から", "삼성", "ё", "½", "й", "e\u0301", "[Music]", "(laughs)", "’s", "“a”", "—"),
    *(" ", "  ", "\n", "\t", "'", "''", ".", ",", "..", "a", "1", "x1", "\0", "\ud800", "\u200b", "ﬃ", "™", "\ue000"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=30)
FEW = st.integers(0, 5)


@given(texts)
@settings(max_examples=examples(500))
@example("U.S. l'Ukraine's $5 AT&T")
def test_a_text_is_normalised_as_by_arrays_or_left_to_them(text: str) -> None:
    short, whole = normalise_short(text), normalise_by_arrays(text)
    if short is None:
        return
    assert short.text == whole.text
    assert short.origins.tolist() == whole.origins.tolist()
    assert [*(short.gaps if short.gaps is not None else ())] == [*(whole.gaps if whole.gaps is not None else ())]
    for offset in range(len(text) + 1):
        assert short.index_of(offset) == whole.index_of(offset)
    for start in range(1, len(short.text) - 1):
        if short.text[start] != " ":
            assert short.stored_span(start, start + 1) == whole.stored_span(start, start + 1)


@pytest.mark.parametrize("text", ["It's the U.S. and AT&T.", "Zürich, Київ and 北京 at 10:30 - 2.5%", "", "'"])
def test_the_usual_text_needs_no_arrays(text: str) -> None:
    assert normalise_short(text) is not None


@settings(max_examples=examples(150))
@given(st.lists(query, min_size=1, max_size=8), transcripts)
def test_the_engine_finds_the_same_without_arrays(queries: Sequence[str], said: Sequence[Transcript]) -> None:
    watches = [Watch(name=f"w{i}", query=q) for i, q in enumerate(queries)]
    by_arrays = [build_engine(watches)(t).mentions for t in said]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(short_texts, "sys", SimpleNamespace(modules={}))
        assert is_short(said[0].text)
        without = [build_engine(watches)(t).mentions for t in said]
    assert repr(without) == repr(by_arrays)


@given(st.lists(st.tuples(FEW, FEW, FEW, FEW)))
def test_the_finds_are_in_the_same_order_without_arrays(rows: list[tuple[int, int, int, int]]) -> None:
    by_arrays = _sort_rows(np.array(rows, dtype=np.int64).reshape(-1, 4))
    assert [*map(list, _sort_few(rows))] == by_arrays.tolist()


@given(st.text("ab é", max_size=20))
def test_words_are_numbered_the_same_without_arrays(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(short_texts, "sys", SimpleNamespace(modules={}))
        without = [*context._number_words(text)]
    assert without == [*context._number_words(text)]


def test_a_text_is_short_until_arrays_are_at_hand_or_it_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_short("grain")  # numpy is loaded here
    monkeypatch.setattr(short_texts, "sys", SimpleNamespace(modules={}))
    assert is_short("grain")
    assert not is_short("g" * (SHORT + 1))

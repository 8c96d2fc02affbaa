"""The diarisation error rate: what is missed, invented and confused, whatever the speakers are called."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.listen.dialogues import Turn
from benchmarks.listen.diarisation import Errors, best_match, diarisation_errors

TALK = [Turn(0, 4, "anna"), Turn(5, 9, "ben"), Turn(10, 12, "anna")]


def test_speakers_may_be_called_anything() -> None:
    found = [Turn(0, 4, "2"), Turn(5, 9, "1"), Turn(10, 12, "2")]
    assert diarisation_errors(TALK, found).rate == 0


@pytest.mark.parametrize(
    ("found", "kind", "seconds"),
    [
        ([Turn(0, 4, "1"), Turn(5, 9, "2")], "missed", 2),
        ([*TALK, Turn(13, 16, "anna")], "invented", 3),
        ([Turn(0, 4, "1"), Turn(5, 9, "1"), Turn(10, 12, "1")], "confused", 4),
        ([Turn(0, 2, "1"), Turn(2, 4, "3"), Turn(5, 9, "2"), Turn(10, 12, "1")], "confused", 2),
        ([Turn(0, 12, "1")], "confused", 4),
        ([], "missed", 10),
    ],
)
def test_each_error_is_counted_as_what_it_is(found: list[Turn], kind: str, seconds: float) -> None:
    errors = diarisation_errors(TALK, found, collar=0)
    assert getattr(errors, kind) == pytest.approx(seconds)
    assert errors.talk == pytest.approx(10)


def test_the_collar_forgives_what_is_near_the_end_of_a_turn() -> None:
    late = [Turn(t.start + 0.2, t.end + 0.2, t.speaker) for t in TALK]
    assert diarisation_errors(TALK, late).rate == 0
    assert diarisation_errors(TALK, late, collar=0).rate > 0.1


def test_two_who_speak_at_once_are_both_to_be_found() -> None:
    both = [Turn(0, 4, "anna"), Turn(2, 4, "ben")]
    errors = diarisation_errors(both, [Turn(0, 4, "1")], collar=0)
    assert errors.missed == pytest.approx(2)
    assert errors.talk == pytest.approx(6)


def test_errors_of_files_add_up() -> None:
    assert (Errors(1, 0, 0, 10) + Errors(0, 2, 1, 10)).rate == pytest.approx(0.2)


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4), min_size=1, max_size=4))
def test_the_best_match_is_that_of_all_ways_to_match(rows: list[list[int]]) -> None:
    width = min(len(r) for r in rows)
    together = np.array([r[:width] for r in rows], float)
    small, large = sorted(together.shape)
    table = together if together.shape[0] == small else together.T
    naive = max(sum(table[i, c] for i, c in enumerate(chosen)) for chosen in permutations(range(large), small))
    assert best_match(together) == naive

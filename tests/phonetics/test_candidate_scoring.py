"""How often a find is right, by its kind and distance: the score of the trees is lowered, never raised."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.phonetics import WatchedName
from podwatch.phonetics.candidate_scoring import kind_of, lower_by_kind
from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.episode_context import LIST_PRESENT, EpisodeContext
from podwatch.phonetics.name_forms import build_forms
from podwatch.phonetics.tokenizer import tokenize
from tests.support.hypothesis_profiles import examples

TEXT = TextContext(tokenize("They met."), {}, frozenset())
PERSON = build_forms([WatchedName("Antony Blinken", type="person")])[0]
PLACE = build_forms([WatchedName("Kharkiv", type="place")])[0]
# kind: (the form, nats per symbol of the first name)
KINDS = {"full": (PERSON, 0.2), "bare": (PERSON, None), "company": (PLACE, None)}
SCORES, COSTS = st.floats(0, 1), st.floats(0, 3)


def make_candidate(kind: str, score: float, cost: float) -> Candidate:
    form, given_cost = KINDS[kind]
    return Candidate(form, 0, 1, cost, cost, given_cost=given_cost, score=score)


@pytest.mark.parametrize("kind", KINDS)
def test_a_find_is_of_one_kind(kind: str) -> None:
    assert kind_of(make_candidate(kind, 0.5, 0.5)) == kind


@settings(max_examples=examples(50))
@given(st.sampled_from(sorted(KINDS)), SCORES, COSTS, st.booleans())
def test_no_score_is_raised_and_none_leaves_its_range(kind: str, score: float, cost: float, named: bool) -> None:
    assert 0 <= lower_by_kind(make_candidate(kind, score, cost), TEXT, EpisodeContext(is_in_notes=named)) <= score


@settings(max_examples=examples(50))
@given(st.sampled_from(sorted(KINDS)), SCORES, COSTS, COSTS)
def test_what_is_further_off_is_never_surer(kind: str, score: float, cost: float, more: float) -> None:
    near, far = (lower_by_kind(make_candidate(kind, score, c), TEXT, EpisodeContext()) for c in (cost, cost + more))
    assert far <= near


@settings(max_examples=examples(50))
@given(st.sampled_from(sorted(KINDS)), SCORES, COSTS)
def test_a_name_that_the_episode_has_is_never_less_sure(kind: str, score: float, cost: float) -> None:
    candidate = make_candidate(kind, score, cost)
    named = EpisodeContext(has_full_name=True)
    assert lower_by_kind(candidate, TEXT, EpisodeContext()) <= lower_by_kind(candidate, TEXT, named)


def test_far_sounds_lower_a_bare_surname_that_nothing_names() -> None:
    episode, named = EpisodeContext(), EpisodeContext(has_full_name=True)
    far, near = make_candidate("bare", 0.8, 0.9), make_candidate("bare", 0.8, 0.1)
    assert lower_by_kind(far, TEXT, episode) < 0.3 < lower_by_kind(near, TEXT, named)


def test_a_far_surname_keeps_its_score_where_the_episode_has_the_name_otherwise_and_is_about_the_list() -> None:
    far = make_candidate("bare", 0.7, 0.8)
    about = EpisodeContext(is_confirmed=True, list_presence=LIST_PRESENT)
    assert lower_by_kind(far, TEXT, about) == far.score
    assert lower_by_kind(far, TEXT, EpisodeContext(is_confirmed=True)) < far.score
    assert lower_by_kind(far, TEXT, EpisodeContext(list_presence=LIST_PRESENT)) < far.score

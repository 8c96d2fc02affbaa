"""Who else it may be: well-known names take the odds of what sounds like a watched one, other spellings of it do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.phonetics import NameMatcher
from podwatch.phonetics.competing_names import list_competitors, share_odds
from podwatch.phonetics.episode_context import EpisodeContext
from podwatch.phonetics.known_names import load_known_names
from podwatch.phonetics.name_forms import build_forms
from tests.phonetics.name_samples import FILLER, found_names, person
from tests.support.hypothesis_profiles import examples

# what is said: (who is watched, what is found)
CASES: dict[str, tuple[str, list[str]]] = {
    "They asked Corbyn about it.": ("Antony Blinken", []),
    "They asked Blinkin about it.": ("Antony Blinken", ["Blinkin"]),
    "They gave it to Elon Musk at once.": ("Alan Muskie", []),
    "They met Tony Blinken in the hall.": ("Antony Blinken", ["Tony Blinken"]),
    "They met Cash Patel in the hall.": ("Kash Patel", ["Cash Patel"]),
    "They met Stephanie Miller in the hall.": ("Stephen Miller", []),
}


@pytest.mark.parametrize("text", CASES)
def test_a_well_known_name_is_not_a_watched_one_misheard(text: str) -> None:
    name, wanted = CASES[text]
    assert [surface for _, surface in found_names(text + FILLER, NameMatcher([person(name)]))] == wanted


def competitors_of(name: str) -> list[str]:
    return [known for known, _ in list_competitors(build_forms([person(name)]))]


def test_a_name_is_told_with_what_it_competes() -> None:
    assert "wallace" in competitors_of("Mike Waltz")


def test_no_name_competes_with_itself() -> None:
    assert "blinken" not in competitors_of("Antony Blinken")


def test_the_list_knows_people_by_first_name_and_surname() -> None:
    names = load_known_names()
    assert ("joe", "biden") in names.persons
    assert names.is_mostly_first_name("hassan")
    assert not names.is_mostly_first_name("biden")


@settings(max_examples=examples(50))
@given(st.floats(0, 1), st.floats(0, 1e9), st.booleans())
def test_competitors_only_take_and_less_where_the_episode_has_the_name(
    score: float, weight: float, whole: bool
) -> None:
    shared = share_odds(score, weight, EpisodeContext(has_full_name=whole))
    assert -1e-9 <= shared <= score + 1e-9
    assert shared <= share_odds(score, weight, EpisodeContext(has_full_name=True)) + 1e-9

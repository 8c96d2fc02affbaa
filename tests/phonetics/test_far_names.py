"""Full names that are other people's: both parts are far off, or a word within them is none of a name."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher
from podwatch.phonetics.far_names import DOUBTFUL_SCORE
from tests.phonetics.name_samples import FILLER, found_names, person

# text: (who is watched, what is found)
CASES: dict[str, tuple[str, list[str]]] = {
    "They argued about the Mookie Betts trade. The Mookie Betts trade was good.": ("Mike Beloutova", []),
    "You got to talk to Demis Asabis about it.": ("Denis Salvhaei", []),
    "The project is led by Professor Etan Modiano there.": ("Dan Mohango", []),
    "In a related story, Ilan's brother never came.": ("Ilhan Butherah", []),
    "Now Iran's nuke program is intact.": ("Ron Nakatphy", []),
    "I got fired and Barr knew about them.": ("Ding Barrhnaw", []),
    "Let's hope Luca gets going.": ("Vivek Appleuka", []),
    "They met Steve Whitcoff there.": ("Steve Witkoff", ["Steve Whitcoff"]),
    "They met Stef Witkov there.": ("Steve Witkoff", ["Stef Witkov"]),
    "They met Cash Patell there.": ("Kash Patel", ["Cash Patell"]),
}


@pytest.mark.parametrize("text", CASES)
def test_a_name_of_which_both_parts_are_far_off_is_another_persons(text: str) -> None:
    name, wanted = CASES[text]
    assert [surface for _, surface in found_names(text + FILLER, NameMatcher([person(name)]))] == wanted


def test_what_is_far_off_stays_in_doubt() -> None:
    text = "They argued about the Mookie Betts trade. The Mookie Betts trade was good." + FILLER
    found = NameMatcher([person("Mike Beloutova")]).find_matches(text, floor=0.1)
    assert {match.score for match in found} == {DOUBTFUL_SCORE}

"""Words that no person was heard as: what somebody owns, spoken letters, and well-known names within other words."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher
from tests.phonetics.name_samples import FILLER, found_names, person

# what is said, behind a place that names the person: (who is watched, what else is found)
CASES: dict[str, tuple[str, list[str]]] = {
    "Then Russia's ally Belarus came.": ("Rashid Khalidi", []),
    "Then we read Mark's email again.": ("Mark Milley", []),
    "Then CNN had a poll on that.": ("Imran Khan", []),
    "They said that Iran cannot do it.": ("Imran Khan", []),
    "Then Elon Musk went home.": ("Volodymyr Zelensky", []),
    "Then they met Rasheed Khalidi there.": ("Rashid Khalidi", ["Rasheed Khalidi"]),
    "Then they asked Cash Patel about it.": ("Kash Patel", ["Cash Patel"]),
}


@pytest.mark.parametrize("text", CASES)
def test_what_no_name_was_heard_as_is_no_name(text: str) -> None:
    name, wanted = CASES[text]
    found = found_names(f"{name} is here. {text}{FILLER}", NameMatcher([person(name)]))
    assert [surface for _, surface in found if surface != name] == wanted

"""An alias with a title finds the title and the surname, never another bearer of the surname."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher, WatchedName

PRESIDENT = WatchedName("Joe Biden", aliases=("President Biden",), type="person")
BOTH = "Joe Biden flew to Kyiv. Hunter Biden was seen in Los Angeles. "
ONE = "Joe Biden flew to Kyiv. It rained there all day. "

# name: (text, what is found of it)
CASES: dict[str, tuple[str, list[str]]] = {
    "the alias": (BOTH + "President Biden spoke.", ["Joe Biden", "President Biden"]),
    "the alias, misheard": (BOTH + "Then President Byden spoke.", ["Joe Biden", "Byden"]),
    "the surname alone, of two in full": (BOTH + "Then Biden left.", ["Joe Biden"]),
    "the surname alone, of one in full": (ONE + "Then Biden left.", ["Joe Biden", "Biden"]),
    "another title": (ONE + "Then Mrs. Biden left.", ["Joe Biden"]),
    "a doctor, misheard": (ONE + "Then Dr. Byden left.", ["Joe Biden"]),
    "a senator": (ONE + "Then Senator Biden left.", ["Joe Biden"]),
    "a title that says nothing": (ONE + "Then Mr. Biden left.", ["Joe Biden", "Biden"]),
    "the surname of another's full name": ("Then Hunter Biden came. President Biden left.", ["President Biden"]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_titled_alias_claims_no_other_of_the_surname(name: str) -> None:
    text, wanted = CASES[name]
    assert [text[m.start : m.end] for m in NameMatcher([PRESIDENT]).find_matches(text)] == wanted


def test_a_name_without_a_titled_alias_is_found_by_its_surname_as_ever() -> None:
    text = BOTH + "Then Biden left."
    found = NameMatcher([WatchedName("Joe Biden", type="person")]).find_matches(text)
    assert "Biden" in [text[m.start : m.end] for m in found]

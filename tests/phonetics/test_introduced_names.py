"""A misspelt surname behind a nickname of its bearer, or behind a title of one of its aliases."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher
from tests.phonetics.name_samples import FILLER, found_names, person

# text: (the name, its aliases, what is found)
CASES: dict[str, tuple[str, tuple[str, ...], list[str]]] = {
    "They met Nick Osborne there.": ("Nicholas Osborn", (), ["Osborne"]),
    "They met Rick Osborne there.": ("Nicholas Osborn", (), []),
    "They asked Director Gabber about it.": ("Tulsi Gabbard", ("Director Gabbard",), ["Gabber"]),
    "They asked Senator Gabber about it.": ("Tulsi Gabbard", ("Director Gabbard",), []),
    "They asked Director Galbraith about it.": ("Tulsi Gabbard", ("Director Gabbard",), []),
}


@pytest.mark.parametrize("text", CASES)
def test_what_stands_before_counts_as_a_first_name(text: str) -> None:
    name, aliases, wanted = CASES[text]
    assert [surface for _, surface in found_names(text + FILLER, NameMatcher([person(name, aliases)]))] == wanted

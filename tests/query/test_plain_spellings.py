"""Which spellings of a name are ordinary words, and no alias for it."""

from __future__ import annotations

import pytest

from podwatch.query.plain_spellings import is_plain_spelling

# (spelling, name): whether it is
CASES = {
    ("Rashida to leave", "Rashida Tlaib"): True,
    ("Brian kill me", "Brian Kilmeade"): True,
    ("put in", "Vladimir Putin"): True,
    ("black rock", "BlackRock"): True,
    ("neural link", "Neuralink"): False,  # neural is seldom said
    ("Whit Cough", "Steve Witkoff"): False,
    ("Heg says", "Pete Hegseth"): False,  # heg is no word
    ("Wit Goff", "Steve Witkoff"): False,
    ("Mike Walts", "Mike Waltz"): False,
    ("Mike wants", "Mike Waltz"): False,  # one word: told as any alias of one word is
    ("Witkoff", "Steve Witkoff"): False,
    ("", "Steve Witkoff"): False,
}


@pytest.mark.parametrize(("spelling", "name"), CASES)
def test_a_spelling_of_everyday_words_is_plain(spelling: str, name: str) -> None:
    assert is_plain_spelling(spelling, name) == CASES[spelling, name]

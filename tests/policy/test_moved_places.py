"""Where a place of a transcript is in the text that has replaced it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.policy.moved_places import find_moved_place

OLD = "The talks went on all night. Then kallis stood up and left the room. Nobody followed."

# What the publisher has made of the text, and what stands around the place then; None: the place is gone.
MENDED = {
    "nothing": (OLD, "Then [kallis] stood"),
    "a sentence before it": (f"Thank you for listening. {OLD}", "Then [kallis] stood"),
    "a sentence behind it": (f"{OLD} Goodbye.", "Then [kallis] stood"),
    "a word of its sentence": (OLD.replace("stood up", "got up"), "Then [kallis] got"),
    "another place with the same words before it": (f"And kallis was there. {OLD}", "Then [kallis] stood"),
    "the name itself": (OLD.replace("kallis", "Kallas"), None),
    "a longer word that begins with it": (OLD.replace("kallis", "kallistos"), None),
    "all of it": ("It rained, and kallis is a word that means nothing here at all, whatever is done.", None),
    "nothing left": ("", None),
}


@pytest.mark.parametrize("mended", MENDED)
def test_a_place_is_found_by_its_words_and_those_around_them(mended: str) -> None:
    new, around = MENDED[mended]
    start = OLD.index("kallis")
    found = find_moved_place(OLD, start, start + len("kallis"), new)
    shown = found and f"{new[: found[0]].split()[-1]} [{new[found[0] : found[1]]}] {new[found[1] :].split()[0]}"
    assert shown == around


def test_of_places_that_are_alike_the_nearest_one_is_it() -> None:
    text = "Then kallis left. " * 9
    for start in range(5, len(text), len("Then kallis left. ")):
        assert find_moved_place(text, start, start + 6, text) == (start, start + 6)


@given(st.text(max_size=80), st.text(max_size=80), st.integers(0, 80), st.integers(0, 80))
def test_what_is_found_has_the_same_words(old: str, new: str, start: int, length: int) -> None:
    found = find_moved_place(old, start, start + length, new)
    assert found is None or new[found[0] : found[1]] == old[start : start + length]


@given(st.text(min_size=1, max_size=80), st.text(max_size=20))
def test_behind_what_was_put_in_front_it_is_found(old: str, front: str) -> None:
    word = f"{old} kallis {old}"
    start = len(old) + 1
    moved = find_moved_place(word, start, start + 6, f"{front} {word}")
    assert moved is not None

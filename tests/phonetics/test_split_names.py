"""Names that were heard as several plain words, and plain words that are only that."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher, WatchedName
from tests.phonetics.name_samples import FILLER, found_names

# text: (the name, its type, what is found)
CASES: dict[str, tuple[str, str, list[str]]] = {
    "I'm Brian kill me and I am late.": ("Brian Kilmeade", "person", ["Brian kill me"]),
    "He said they kill me every time.": ("Brian Kilmeade", "person", []),
    "Brian came and kissed me.": ("Brian Kilmeade", "person", []),
    "He put the neural link into a brain.": ("Neuralink", "company", ["neural link"]),
    "We drew it with Mid Journey.": ("Midjourney", "company", ["Mid Journey"]),
    "We drew it with mid journey.": ("Midjourney", "company", ["mid journey"]),
    "We took a Way Mo to the park.": ("Waymo", "company", ["Way Mo"]),
    "We wrote it in pie torch.": ("PyTorch", "product", ["pie torch"]),
    "We sat on a black rock.": ("BlackRock", "company", []),
    "It was half way, more or less.": ("Waymo", "company", []),
}


@pytest.mark.parametrize("text", CASES)
def test_words_that_sound_like_a_name_are_it_behind_a_first_name_or_letter_by_letter(text: str) -> None:
    name, kind, wanted = CASES[text]
    matcher = NameMatcher([WatchedName(name, type=kind)])
    assert [surface for _, surface in found_names(text + FILLER, matcher)] == wanted

"""A bare surname that is spelt right, and is as well an everyday word, a place or a first name: whose it is."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher
from tests.phonetics.name_samples import FILLER, found_names, person

FAR = FILLER * 20

# text: (who is watched, what is found)
CASES: dict[str, tuple[str, list[str]]] = {
    "They flew to New York.": ("Elisa New", []),
    "The Green New Deal failed.": ("Elisa New", []),
    "Elisa New read a poem. They thanked New for it.": ("Elisa New", ["Elisa New", "New"]),
    "Elisa New read a poem. They flew to New York.": ("Elisa New", ["Elisa New"]),
    f"Elisa New read a poem.{FAR} They saw the New one.": ("Elisa New", ["Elisa New"]),
    "They went to the West Bank.": ("Kanye West", []),
    "They turned to Fox News.": ("Megan Fox", []),
    "They asked Senator West about it.": ("Allen West", ["West"]),
    "They asked James Comer about it.": ("Letitia James", []),
    "They asked James about it.": ("Letitia James", []),
    "Letitia James sued. They asked James about it.": ("Letitia James", ["Letitia James", "James"]),
    "They replaced Hassan last week.": ("Maggie Hassan", []),
    "They met Mohammed bin Salman there.": ("Yusuf Salman", []),
    "They met Kelsey Brainard. They asked Brainard about it.": ("Lael Brainard", []),
    "They asked Brainard about it.": ("Lael Brainard", ["Brainard"]),
}


@pytest.mark.parametrize("text", CASES, ids=[text[:50] for text in CASES])
def test_a_surname_that_is_a_word_is_the_bearers_near_the_full_name_only(text: str) -> None:
    name, wanted = CASES[text]
    assert [surface for _, surface in found_names(text + FILLER, NameMatcher([person(name)]))] == wanted


DOUBLE = {
    "They freed Abrego Garcia.": ["Abrego Garcia"],
    "They freed Abrego-Garcia.": ["Abrego-Garcia"],
    "They freed Lulu Garcia Navarro.": [],
}


@pytest.mark.parametrize("text", DOUBLE)
def test_two_surnames_are_found_without_the_first_name(text: str) -> None:
    assert [s for _, s in found_names(text + FILLER, NameMatcher([person("Kilmar Abrego Garcia")]))] == DOUBLE[text]

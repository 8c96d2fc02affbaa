"""Nicknames: a watch of Mike Waltz is one of Michael Waltz."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher, WatchedName
from podwatch.phonetics.name_forms import build_forms
from podwatch.phonetics.nicknames import nicknames_of
from tests.phonetics.name_samples import FILLER

CALLED = {
    "mike": "michael",
    "michael": "mike",
    "joe": "joseph",
    "bob": "robert",
    "vladimir": "volodymyr",
    "ted": "edward",
}


@pytest.mark.parametrize("name", CALLED)
def test_people_are_called_by_other_first_names(name: str) -> None:
    assert CALLED[name] in nicknames_of([name])
    assert name not in nicknames_of([name])


def test_who_has_no_nickname_is_called_nothing_else() -> None:
    assert nicknames_of(["anatoly"]) == nicknames_of([]) == frozenset()


def test_the_forms_of_a_person_have_the_nicknames() -> None:
    forms = build_forms([WatchedName("Mike Waltz", type="person"), WatchedName("Kharkiv", type="place")])
    assert {f.part: "michael" in f.nicknames for f in forms if f.name == 0} == {"full": True, "surname": True}
    assert all(not f.nicknames for f in forms if f.name == 1)


# text: what is found of Mike Waltz in it
FOUND = {
    "Then Michael Waltz spoke.": ["Michael Waltz"],
    "Then Mike Waltz spoke.": ["Mike Waltz"],
    "Then George Waltz spoke.": [],
    "We asked Susan Waltz about it.": [],
}


@pytest.mark.parametrize("text", FOUND)
def test_a_surname_behind_another_form_of_the_first_name_is_the_persons(text: str) -> None:
    matcher = NameMatcher([WatchedName("Mike Waltz", type="person")])
    assert [text[m.start : m.end] for m in matcher.find_matches(text + FILLER)] == FOUND[text]

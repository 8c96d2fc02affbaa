"""Two watches of one name neither help nor harm each other."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher, WatchedName
from podwatch.phonetics.duplicate_names import count_distinct, find_same_names
from podwatch.phonetics.name_forms import build_forms

NAMES = ("Mark Rutte", "Rutte", "Mark Rutte", "Joe Biden", "Hunter Biden", "Biden", "Nord Stream")
SAME = {0: {0, 1, 2}, 1: {0, 1, 2}, 3: {3, 5}, 4: {4, 5}, 5: {3, 4, 5}, 6: {6}}
TEXT = "They spoke with Mr Rutta in Brussels. And then Rotte came. Rutter said so to the others."


def person(name: str) -> WatchedName:
    return WatchedName(name, type="person" if " " in name else None)


def found() -> dict[int, frozenset[int]]:
    of: dict[int, list[object]] = {}
    for form in build_forms([WatchedName(n, type="person" if n != "Nord Stream" else "company") for n in NAMES]):
        of.setdefault(form.name, []).append(form)
    return find_same_names(of)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SAME)
def test_a_name_is_the_same_in_full_or_as_the_one_word_of_another_watch(name: int) -> None:
    assert found()[name] == SAME[name]


def test_names_that_are_the_same_count_once() -> None:
    same = found()
    assert count_distinct(set(), same) == 0
    assert count_distinct({0, 1, 2}, same) == 1
    assert count_distinct({0, 3, 4, 6}, same) == 4, "two Bidens are two"
    assert count_distinct({3, 4, 5}, same) == 2


@pytest.mark.parametrize("others", [["Mark Rutte"], ["Mark Rutte"] * 3, ["Rutte"]], ids=str)
def test_who_else_watches_a_name_does_not_change_its_matches(others: list[str]) -> None:
    alone = NameMatcher([person("Mark Rutte")]).find_matches(TEXT)
    together = NameMatcher([person(n) for n in ["Mark Rutte", *others]]).find_matches(TEXT)
    assert [m for m in together if m.name == 0] == alone


def test_the_surname_alone_is_found_beside_a_watch_of_the_full_name() -> None:
    text = "They asked Zelinsky about grain. Then Volodymyr Zelinsky left."
    alone = NameMatcher([person("Zelensky")]).find_matches(text)
    together = NameMatcher([person("Zelensky"), person("Volodymyr Zelensky")]).find_matches(text)
    assert len(alone) == 2
    assert [m for m in together if m.name == 0] == alone

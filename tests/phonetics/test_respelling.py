"""How names are said that English would read otherwise."""

from __future__ import annotations

import re

import pytest

from podwatch.phonetics import NameMatcher, WatchedName
from podwatch.phonetics.lexicon import plain_spelling
from podwatch.phonetics.respelling import anglicise, load_said_as
from tests.phonetics.name_samples import FILLER


def test_the_list_has_plain_words_that_are_said_otherwise_than_any_rule_says() -> None:
    for name, said in load_said_as().items():
        assert re.fullmatch("[a-z]{4,}", name), name
        assert re.fullmatch("[a-z]{4,}", said), name
        assert said not in (name, plain_spelling(anglicise(name)))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The film stars [Seersha Ronan] in the title role.", "Saoirse Ronan"),
        ("Then [Emmanuel Mackrone] left, and Novak [Jokovitch] played on.", "Novak Djokovic"),
        ("We saw [Yannis Antetokoompo] on the court.", "Giannis Antetokounmpo"),
        ("So said [Pierre Polyev] in Ottawa.", "Pierre Poilievre"),
        ("So said [Alexander Vuchich] in Belgrade.", "Aleksandar Vučić"),
        ("A talk with [Susan Wojiskee] of the company.", "Susan Wojcicki"),
    ],
)
def test_a_name_is_found_as_it_is_said(text: str, name: str) -> None:
    wanted = re.findall(r"\[(.*?)\]", text)[-1]
    plain = FILLER + text.replace("[", "").replace("]", "")
    found = [plain[m.start : m.end] for m in NameMatcher([WatchedName(name)]).find_matches(plain)]
    assert any(f.endswith(wanted.split()[-1]) for f in found), found

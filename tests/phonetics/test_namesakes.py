"""Whose name a place looks like: one table for what speaks for somebody else, one for what does not."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher, WatchedName
from podwatch.phonetics import features as evidence
from podwatch.phonetics import namesakes as strangers
from podwatch.phonetics.candidates import Candidate, TextContext

FILLER = " They talked for a while about grain and the weather, and nobody in the room was in a hurry to leave."
LIST = {
    "person": NameMatcher([WatchedName("Steve Witkoff", type="person"), WatchedName("Oleksiy Danilov", type="person")]),
    "company": NameMatcher([WatchedName("Ericsson", type="company")]),
    "place": NameMatcher([WatchedName("Kharkiv", type="place")]),
}


def spots(text: str, heard: str, kind: str) -> tuple[list[Candidate], TextContext]:
    """Where ``heard`` stands in the text, by a form of one word."""
    found, scene, _ = LIST[kind].find_candidates(text + FILLER)
    at = [s for s in found if " ".join(scene.tokens.plain[s.first : s.last]) == heard and len(s.form.words) == 1]
    return sorted(at, key=lambda s: s.first), scene


# case: (kind, text, the words heard)
SOMEBODY_ELSE = {
    "a first name before it": ("person", "Nobody liked Susan Whitkoff.", "whitkoff"),
    "a first name that is an everyday word": ("person", "Nobody liked Mark Whitkoff.", "whitkoff"),
    "an unknown surname behind it": ("person", "Nobody liked Whitkoff Brzezolski.", "whitkoff"),
    "a company with a first name": ("company", "We asked Mark Erikson about it.", "erikson"),
    "a place with a surname before it": ("place", "We asked Zhang Karkiff about it.", "karkiff"),
}
NOBODY_ELSE = {
    "a month before it": ("person", "Nobody in May liked it. In May Whitkoff left.", "whitkoff"),
    "a word at the head of a sentence": ("person", "It was late. Will Whitkoff go?", "whitkoff"),
    "a role before it": ("person", "Nobody liked President Whitkoff.", "whitkoff"),
    "whose": ("person", "Nobody liked Whitkoff's Brzezolski.", "whitkoff's"),
    "a comma between": ("person", "Nobody liked Whitkoff, Brzezolski and the rest.", "whitkoff"),
    "a known word behind it": ("person", "Nobody liked Whitkoff Plaza.", "whitkoff"),
    "two words of no first name": ("person", "Nobody liked Wit Goff.", "wit goff"),
    "no capitals at all": ("person", "nobody liked whitkoff brzezolski in the end", "whitkoff"),
    "a place alone": ("place", "We drove to Karkiff at night.", "karkiff"),
}


@pytest.mark.parametrize("case", SOMEBODY_ELSE, ids=str)
def test_it_looks_like_somebody_else(case: str) -> None:
    kind, text, heard = SOMEBODY_ELSE[case]
    found, scene = spots(text, heard, kind)
    assert [strangers.score_namesake(s, scene, kind) >= 0.6 for s in found] == [True]


@pytest.mark.parametrize("case", NOBODY_ELSE, ids=str)
def test_it_looks_like_nobody_else(case: str) -> None:
    kind, text, heard = NOBODY_ELSE[case]
    found, scene = spots(text, heard, kind)
    assert [strangers.score_namesake(s, scene, kind) for s in found] == [0.0]


def test_a_word_that_is_somebody_else_in_one_place_may_be_so_in_the_others() -> None:
    found, _ = spots("Susan Whitkoff came. Nobody liked Whitkoff. Then Whitkoff left.", "whitkoff", "person")
    assert [s.elsewhere > 0.6 for s in found] == [False, True, True]


def test_a_word_that_is_never_somebody_else_is_so_nowhere() -> None:
    found, _ = spots("Then Whitkoff came. Nobody liked Whitkoff.", "whitkoff", "person")
    assert [s.elsewhere for s in found] == [0.0, 0.0]


def test_the_own_first_name_speaks_for_nobody_else() -> None:
    found, _ = spots("Steve Whitkoff came. Nobody liked Whitkoff.", "whitkoff", "person")
    assert [s.elsewhere for s in found] == [0.0, 0.0]


# text: whether what may be Danilov begins with a first name
BEGINS = {
    "Nobody liked Dan Illov.": True,
    "Nobody liked dan Illov.": False,
    "Nobody liked Dan illov.": False,
    "Nobody liked Denni Lov.": False,
}


@pytest.mark.parametrize("text", BEGINS)
def test_two_words_that_begin_with_a_first_name_are_told_apart(text: str) -> None:
    found, scene = spots(text, " ".join(text.lower().rstrip(".").split()[2:]), "person")
    assert [strangers.begins_with_first_name(s, scene) for s in found] == [BEGINS[text]]


# (name, text): whether what may be the name has the first name of another
FIRST = {
    ("Robert Mueller", "Then Bob Muler spoke."): False,
    ("Robert Mueller", "Then Bobby Muler spoke."): False,
    ("Mike Waltz", "Then Michael Walts spoke."): False,
    ("Mike Waltz", "Then Luke Walts spoke."): True,
    ("Keith Kellogg", "Then asked Kellock again."): True,
    ("Keith Kellogg", "Then Asked Kellock again."): False,
    ("Keith Kellogg", "then asked kellock again"): False,
}


@pytest.mark.parametrize(("name", "text"), FIRST)
def test_what_somebody_is_called_is_no_first_name_of_another(name: str, text: str) -> None:
    found, scene, _ = NameMatcher([WatchedName(name, type="person")]).find_candidates(text + FILLER * text[0].isupper())
    whole = [s for s in found if s.form.given_count and s.first == 1 and s.surname_at == 2]
    assert [strangers.has_other_first_name(s, scene) for s in whole] == [FIRST[name, text]]


# text: whether what may be Will Ferrell begins with a small word
SMALL = {"Nobody liked Will Farel there.": False, "nobody liked will farel there": True}


@pytest.mark.parametrize("text", SMALL)
def test_a_first_name_written_large_is_no_small_word(text: str) -> None:
    found, scene, company = NameMatcher([WatchedName("Will Ferrell", type="person")]).find_candidates(
        text + FILLER * text[0].isupper()
    )
    [whole] = [s for s in found if s.form.given_count and s.first == 2 and s.last == 4]
    numbers = evidence.compute_features(whole, scene, company(whole), "person")
    assert bool(numbers[evidence.FEATURES.index("prefix")]) == SMALL[text]

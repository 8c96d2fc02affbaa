"""Whose name a candidate looks like: one table for what speaks for somebody else, one for what does not."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher, WatchedName
from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.features import FEATURES, compute_features
from podwatch.phonetics.namesakes import begins_with_first_name, has_other_first_name, score_namesake
from tests.phonetics.name_samples import FILLER

LIST = {
    "person": NameMatcher([WatchedName("Steve Witkoff", type="person"), WatchedName("Oleksiy Danilov", type="person")]),
    "company": NameMatcher([WatchedName("Ericsson", type="company")]),
    "place": NameMatcher([WatchedName("Kharkiv", type="place")]),
}


def candidates(text: str, heard: str, kind: str) -> tuple[list[Candidate], TextContext]:
    """Where ``heard`` stands in the text, by a form of one word."""
    found, context, _ = LIST[kind].find_candidates(text + FILLER)
    at = [s for s in found if " ".join(context.tokens.plain[s.first : s.last]) == heard and len(s.form.words) == 1]
    return sorted(at, key=lambda s: s.first), context


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
    found, context = candidates(text, heard, kind)
    assert [score_namesake(s, context) >= 0.6 for s in found] == [True]


@pytest.mark.parametrize("case", NOBODY_ELSE, ids=str)
def test_it_looks_like_nobody_else(case: str) -> None:
    kind, text, heard = NOBODY_ELSE[case]
    found, context = candidates(text, heard, kind)
    assert [score_namesake(s, context) for s in found] == [0.0]


def test_a_word_that_is_somebody_else_in_one_place_may_be_so_in_the_others() -> None:
    found, _ = candidates("Susan Whitkoff came. Nobody liked Whitkoff. Then Whitkoff left.", "whitkoff", "person")
    assert [s.elsewhere > 0.6 for s in found] == [False, True, True]


def test_a_word_that_is_never_somebody_else_is_so_nowhere() -> None:
    found, _ = candidates("Then Whitkoff came. Nobody liked Whitkoff.", "whitkoff", "person")
    assert [s.elsewhere for s in found] == [0.0, 0.0]


def test_the_own_first_name_speaks_for_nobody_else() -> None:
    found, _ = candidates("Steve Whitkoff came. Nobody liked Whitkoff.", "whitkoff", "person")
    assert [s.elsewhere for s in found] == [0.0, 0.0]


# text: whether what may be Danilov begins with a first name
BEGINS = {
    "Nobody liked Dan Illov.": True,
    "Nobody liked dan Illov.": False,
    "Nobody liked Dan illov.": False,
    "Nobody liked Denni Lov.": False,
}


@pytest.mark.parametrize("text", BEGINS)
def test_two_words_may_begin_with_a_first_name(text: str) -> None:
    found, context = candidates(text, " ".join(text.lower().rstrip(".").split()[2:]), "person")
    assert [begins_with_first_name(s, context) for s in found] == [BEGINS[text]]


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
def test_a_nickname_is_no_first_name_of_another(name: str, text: str) -> None:
    found, context, _ = NameMatcher([WatchedName(name, type="person")]).find_candidates(
        text + FILLER * text[0].isupper()
    )
    whole = [s for s in found if s.form.given_count and s.first == 1 and s.surname_at == 2]
    assert [has_other_first_name(s, context) for s in whole] == [FIRST[name, text]]


# text: whether what may be Will Ferrell begins with a small word
SMALL = {"Nobody liked Will Farel there.": False, "nobody liked will farel there": True}


@pytest.mark.parametrize("text", SMALL)
def test_a_first_name_with_a_capital_is_no_small_word(text: str) -> None:
    found, context, episode_of = NameMatcher([WatchedName("Will Ferrell", type="person")]).find_candidates(
        text + FILLER * text[0].isupper()
    )
    [whole] = [s for s in found if s.form.given_count and s.first == 2 and s.last == 4]
    numbers = compute_features(whole, context, episode_of(whole))
    assert bool(numbers[FEATURES.index("prefix")]) == SMALL[text]

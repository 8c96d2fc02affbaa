"""The lowest score that an episode about the watched list gives to a surname alone that sounds like one of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from podwatch.phonetics import NameMatcher, WatchedName
from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.episode_context import EpisodeContext
from podwatch.phonetics.list_context import MAX_SCORE, MIN_SCORE, NEAR_COST, min_score
from tests.phonetics.name_samples import FILLER

NEWS = "Then Pete Hegseth spoke to Mike Waltz about Vladimir Putin." + FILLER
OTHERS = ("Steve Witkoff", "Pete Hegseth", "Mike Waltz", "Vladimir Putin")

# text: whether the Larson in it is taken for Greta Larsen
LARSON = {
    "Nobody asked Larson about it.": True,
    "Larson was asked about it.": True,
    "Nobody saw Larson's plan.": True,
    "The Larson plan was bad.": True,
    "Nobody but Senator Larson knew.": True,
    "Then the Putin Larson call began.": True,
    "Nobody asked, Larson I mean, about it.": True,
    "We saw Brzezolski, Larson and the rest.": True,
    "We saw Larson, Brzezolski and the rest.": True,
    "Nobody asked Susan Larson about it.": False,
    "Nobody asked Brzezolski Larson about it.": False,
    "Brzezolski Larson was asked about it.": False,
    "We drove to Larson Falls that night.": False,
    "Nobody asked larson about it.": False,
    "Nobody asked LARSON about it.": False,
    "We asked Larson. " * 4: False,
}


def named(name: str, kind: str = "person") -> WatchedName:
    return WatchedName(name, type=kind)


def found_surfaces(name: WatchedName, text: str) -> list[str]:
    matcher = NameMatcher([name, *map(named, OTHERS)])
    return [text[m.start : m.end] for m in matcher.find_matches(text) if m.name == 0]


@pytest.mark.parametrize("text", LARSON)
def test_a_name_that_sounds_the_same_is_found_where_it_stands_alone_among_others_of_its_list(text: str) -> None:
    assert bool(found_surfaces(named("Greta Larsen"), f"{NEWS} {text}{FILLER}")) == LARSON[text]


def test_it_is_not_found_where_the_episode_is_about_nobody_else_of_the_list() -> None:
    assert not found_surfaces(named("Greta Larsen"), "Nobody asked Larson about it." + FILLER)


@pytest.mark.parametrize("write", [str.lower, str.title])
def test_it_is_not_found_where_capitals_say_nothing(write: Callable[[str], str]) -> None:
    assert not found_surfaces(named("Greta Larsen"), write(f"{NEWS} Nobody asked Larson about it.{FILLER}"))


def test_it_is_not_found_where_the_episode_has_somebody_of_that_name() -> None:
    text = f"{NEWS} Nobody asked Susan Larson about it.{FILLER} Nobody asked Larson again."
    assert not found_surfaces(named("Greta Larsen"), text)


# (watched, text): whether it is found
OTHER_WORDS = {
    ("Zora Klerk", "Nobody asked Clark about it."): False,  # a name that every hour of talk has
    ("Mark Normand", "Nobody asked Norman about it."): False,  # a first name
    ("Karl Marx", "Nobody liked the March of that year."): False,  # a word that is said often
    ("Hugh Whitacre", "Nobody asked Whitaker about it."): True,
    ("Tom Sneed", "Nobody asked Snead about it."): False,  # not near enough
    ("Francois Chollet", "Nobody asked Chalet about it."): True,
    ("Francois Chollet", "Chalet was asked about it."): False,  # an everyday word, large as all are at the head
}


@pytest.mark.parametrize(("name", "text"), OTHER_WORDS)
def test_the_word_is_rare_and_near(name: str, text: str) -> None:
    assert bool(found_surfaces(named(name), f"{NEWS} {text}{FILLER}")) == OTHER_WORDS[name, text]


def candidate_of(name: WatchedName, text: str, word: str) -> tuple[Candidate, TextContext, EpisodeContext]:
    candidates, context, episode_of = NameMatcher([name, *map(named, OTHERS)]).find_candidates(f"{NEWS} {text}{FILLER}")
    [candidate] = [
        s
        for s in candidates
        if s.form.name == 0
        and not s.form.given_count
        and s.last - s.first == 1
        and context.tokens.plain[s.first] == word
    ]
    return candidate, context, episode_of(candidate)


@pytest.mark.parametrize("word", ["Hew Whitaker", "Whita ker", "Hughwhitaker"])
def test_it_is_one_word_and_the_surname_alone(word: str) -> None:
    text = f"{NEWS} Nobody asked {word} about it.{FILLER}"
    candidates, context, episode_of = NameMatcher([named("Hugh Whitacre"), *map(named, OTHERS)]).find_candidates(text)
    mine = [
        s for s in candidates if s.form.name == 0 and " ".join(context.tokens.plain[s.first : s.last]) == word.lower()
    ]
    for candidate in mine:
        candidate.phone_cost = candidate.letter_cost = 0.0
    assert mine
    assert not any(min_score(s, context, episode_of(s)) for s in mine)


def test_the_nearer_the_surer() -> None:
    candidate, context, episode = candidate_of(named("Greta Larsen"), "Nobody asked Larson about it.", "larson")
    scores = []
    for near in (NEAR_COST, NEAR_COST / 2, 0.0):
        candidate.phone_cost = candidate.letter_cost = near
        scores.append(min_score(candidate, context, episode))
    assert scores == pytest.approx([MIN_SCORE, (MIN_SCORE + MAX_SCORE) / 2, MAX_SCORE])


@pytest.mark.parametrize(("kind", "counts"), [("person", True), ("", True), ("company", False), ("place", False)])
def test_only_people_go_by_their_surname(kind: str, counts: bool) -> None:
    candidate, context, episode = candidate_of(named("Greta Larsen"), "Nobody asked Larson about it.", "larson")
    candidate.form = replace(candidate.form, kind=kind)
    assert bool(min_score(candidate, context, episode)) == counts

"""What an episode about a list lets pass: names that sound like one of it, said alone; all text is written for this."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from podwatch.phonetics import NameMatcher, WatchedName
from podwatch.phonetics import list_context as among
from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.features import EpisodeContext

FILLER = " They talked for a while about grain and the weather, and nobody in the room was in a hurry to leave."
NEWS = "Then Pete Hegseth spoke to Mike Waltz about Vladimir Putin." + FILLER
OTHERS = ("Steve Witkoff", "Pete Hegseth", "Mike Waltz", "Vladimir Putin")

# text: whether Greta Larsen is told of the Larson in it
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


def listening(name: str, kind: str = "person") -> WatchedName:
    return WatchedName(name, type=kind)


def told(name: WatchedName, text: str) -> list[str]:
    ear = NameMatcher([name, *map(listening, OTHERS)])
    return [text[h.start : h.end] for h in ear.find_matches(text) if h.name == 0]


@pytest.mark.parametrize("text", LARSON)
def test_a_name_that_sounds_the_same_is_told_where_it_stands_alone_among_others_of_its_list(text: str) -> None:
    assert bool(told(listening("Greta Larsen"), f"{NEWS} {text}{FILLER}")) == LARSON[text]


def test_it_is_not_told_where_the_episode_is_about_nobody_else_of_the_list() -> None:
    assert not told(listening("Greta Larsen"), "Nobody asked Larson about it." + FILLER)


@pytest.mark.parametrize("write", [str.lower, str.title])
def test_it_is_not_told_where_capitals_say_nothing(write: Callable[[str], str]) -> None:
    assert not told(listening("Greta Larsen"), write(f"{NEWS} Nobody asked Larson about it.{FILLER}"))


def test_it_is_not_told_where_the_episode_has_somebody_of_that_name() -> None:
    text = f"{NEWS} Nobody asked Susan Larson about it.{FILLER} Nobody asked Larson again."
    assert not told(listening("Greta Larsen"), text)


# (watched, text): whether it is told
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
    assert bool(told(listening(name), f"{NEWS} {text}{FILLER}")) == OTHER_WORDS[name, text]


def spot_of(name: WatchedName, text: str, word: str) -> tuple[Candidate, TextContext, EpisodeContext]:
    spots, scene, company = NameMatcher([name, *map(listening, OTHERS)]).find_candidates(f"{NEWS} {text}{FILLER}")
    [spot] = [
        s
        for s in spots
        if s.form.name == 0 and not s.form.given_count and s.last - s.first == 1 and scene.tokens.plain[s.first] == word
    ]
    return spot, scene, company(spot)


@pytest.mark.parametrize("word", ["Hew Whitaker", "Whita ker", "Hughwhitaker"])
def test_it_is_one_word_and_the_surname_alone(word: str) -> None:
    text = f"{NEWS} Nobody asked {word} about it.{FILLER}"
    spots, scene, company = NameMatcher([listening("Hugh Whitacre"), *map(listening, OTHERS)]).find_candidates(text)
    mine = [s for s in spots if s.form.name == 0 and " ".join(scene.tokens.plain[s.first : s.last]) == word.lower()]
    for spot in mine:
        spot.phone_cost = spot.letter_cost = 0.0
    assert mine
    assert not any(among.min_score(s, scene, company(s), "person") for s in mine)


def test_the_nearer_the_surer() -> None:
    spot, scene, company = spot_of(listening("Greta Larsen"), "Nobody asked Larson about it.", "larson")
    scores = []
    for near in (among.NEAR_COST, among.NEAR_COST / 2, 0.0):
        spot.phone_cost = spot.letter_cost = near
        scores.append(among.min_score(spot, scene, company, "person"))
    assert scores == pytest.approx([among.MIN_SCORE, (among.MIN_SCORE + among.MAX_SCORE) / 2, among.MAX_SCORE])


@pytest.mark.parametrize(("kind", "counts"), [("person", True), ("", True), ("company", False), ("place", False)])
def test_only_people_are_said_by_their_surname(kind: str, counts: bool) -> None:
    spot, scene, company = spot_of(listening("Greta Larsen"), "Nobody asked Larson about it.", "larson")
    assert bool(among.min_score(spot, scene, company, kind)) == counts

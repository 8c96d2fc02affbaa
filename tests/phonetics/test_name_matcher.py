"""What the name matcher finds, and what raises a score: one table for each kind of evidence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.phonetics import NameMatch, NameMatcher, WatchedName
from tests.phonetics.name_samples import FILLER, found_names, person
from tests.support.hypothesis_profiles import examples

PEOPLE = (
    "Steve Witkoff",
    "Pete Hegseth",
    "Anatoly Dobrynin",
    "Mike Waltz",
    "J.D. Vance",
    "Vladimir Putin",
    "Keith Kellogg",
)

NEWS = "Then Pete Hegseth spoke to Mike Waltz about Vladimir Putin." + FILLER


MATCHER = NameMatcher([person(n) for n in PEOPLE])


# case: (text, what is found in it)
SPELLINGS = {
    "spelt right": ("Then Steve Witkoff spoke.", [("Steve Witkoff", "Steve Witkoff")]),
    "the surname spelt right": ("Nobody asked Witkoff about it.", [("Steve Witkoff", "Witkoff")]),
    "another spelling of the same sound": ("Nobody asked Whitkoff about it.", [("Steve Witkoff", "Whitkoff")]),
    "split into two words": ("Then Steve Wit Goff spoke.", [("Steve Witkoff", "Steve Wit Goff")]),
    "a hyphen in it": ("Then Steve Wit-Goff spoke.", [("Steve Witkoff", "Steve Wit-Goff")]),
    "over a line break": ("Then Steve\nWitgoff spoke.", [("Steve Witkoff", "Steve\nWitgoff")]),
    "whose": ("It was Hegset's idea to go.", [("Pete Hegseth", "Hegset")]),
    "beside a first name": ("I saw Pete Heggset there.", [("Pete Hegseth", "Pete Heggset")]),
    "initials": ("I saw JD Vance there.", [("J.D. Vance", "JD Vance")]),
    "no capitals at all": ("i saw anatoly dobrinin there and we spoke", [("Anatoly Dobrynin", "anatoly dobrinin")]),
    "unseen characters": (
        "I saw Ana\u200btoly Dobri\u00adnin there.",
        [("Anatoly Dobrynin", "Ana\u200btoly Dobri\u00adnin")],
    ),
    "an accent": ("I saw Anatoly Dobrýnin there.", [("Anatoly Dobrynin", "Anatoly Dobrýnin")]),
}


@pytest.mark.parametrize("case", SPELLINGS, ids=str)
def test_a_name_is_found_however_it_is_spelt(case: str) -> None:
    text, expected = SPELLINGS[case]
    assert found_names(text + FILLER, MATCHER) == expected


# case: text in which nobody on the list is named
TRAPS = {
    "put in": "He was put in charge of the harbour. We put in a new pump.",
    "dance": "We went to a dance on Sunday, and the dance was long.",
    "wants and walls": "She wants the walls painted. He wants nothing.",
    "a waltz": "They played a waltz, and everybody knows how to waltz.",
    "another man": "I asked Bill Whitcomb, the plumber, and Whitcomb said no.",
    "a saint": "The church of Saint Demetrius stands on the hill.",
    "over the end of a sentence": "It was all for wit. Goff came later.",
    "somebody else's surname": "My neighbour Paula Vance sells bread.",
    "everyday words": "Keep a wide cough drop in the drawer, and call log in hand.",
    "nothing": "",
    "no words": "... ?! -- 12 34",
}


@pytest.mark.parametrize("case", TRAPS, ids=str)
def test_what_only_sounds_a_little_like_a_name_is_not_found(case: str) -> None:
    assert found_names(TRAPS[case] + FILLER * (case != "nothing"), MATCHER) == []


def surest(text: str, name: str = "Steve Witkoff", **episode: Any) -> float:
    """The best score of the matches in the last sentence that are not spelt right."""
    matcher = NameMatcher([person(name, threshold=0.0)])
    last = text.rstrip(".").rfind(". ")
    found = [m.score for m in matcher.find_matches(text, **episode) if m.start > last and m.kind == "sounds_like"]
    return max(found, default=0.0)


# evidence: (the text with it, the text without it)
EVIDENCE = {
    "the full name elsewhere": ("Steve Witkoff came. Nobody liked Witcov.", "Someone else came. Nobody liked Witcov."),
    "the first name beside it": ("Nobody liked Steve Wickoth.", "Nobody liked Wickoth."),
    "a role beside it": ("Nobody liked ambassador Witcov.", "Nobody liked cheap Witcov."),
    "a capital": ("Nobody in Oslo liked Witcov.", "Nobody in Oslo liked witcov."),
    "no comma inside": ("Nobody liked Wit Goff.", "Nobody liked Wit, Goff."),
    "a word that nobody knows": ("Nobody liked Witcoff.", "Nobody liked wit cough."),
    "other ways it is written elsewhere": (
        "They like Whitgoff, too. She saw Witgoff. Nobody liked Wickov.",
        "They like Marlow, too. She saw Brown. Nobody liked Wickov.",
    ),
    "nobody else's first name": ("Nobody liked Witcov.", "Nobody liked Susan Witcov."),
    "spelt so beside the first name elsewhere": (
        "Then Anatoly Topreenin came. Nobody liked Topreenin.",
        "Then Anatoly Brown came. Nobody liked Topreenin.",
    ),
}


@pytest.mark.parametrize("evidence", EVIDENCE, ids=str)
def test_a_candidate_gains_by(evidence: str) -> None:
    with_it, without = EVIDENCE[evidence]
    name = "Anatoly Dobrynin" if "Anatoly" in with_it else "Steve Witkoff"
    assert surest(with_it, name) > surest(without, name)


def test_a_candidate_gains_by_the_title_and_by_the_notes() -> None:
    text = "We begin. Nobody liked Witcov."
    assert surest(text, title="Steve Witkoff in Oslo") > surest(text)
    assert surest(text, notes="With Steve Witkoff.") > surest(text)


def test_a_short_or_wordlike_name_needs_more_than_its_sound_and_has_a_warning() -> None:
    matcher = NameMatcher([person("Li Wu"), person("Steve Witkoff")])
    assert len(matcher.warnings) == 1
    assert "Li Wu" in matcher.warnings[0]
    assert matcher.advise(0)
    assert not matcher.advise(1)
    assert found_names("She had a woo and a whoa." + FILLER, matcher) == []


def test_a_very_short_surname_goes_by_its_sound_only_where_the_episode_names_its_bearer() -> None:
    matcher = NameMatcher([person("Peter Obi")])
    text = "Nobody asked Obie about it." + FILLER
    assert found_names(text, matcher) == []
    assert ("Peter Obi", "Obie") in found_names("Then Peter Obi spoke. " + text, matcher)


def test_an_excluded_spelling_is_never_found_again() -> None:
    text = "Nobody asked Whitkoff about it. Nobody asked Witcoff about it." + FILLER
    both = NameMatcher([person("Steve Witkoff")])
    one = NameMatcher([person("Steve Witkoff", excluded=("Whitkoff",))])
    assert ("Steve Witkoff", "Whitkoff") in found_names(text, both)
    assert ("Steve Witkoff", "Whitkoff") not in found_names(text, one)
    assert ("Steve Witkoff", "Witcoff") in found_names(text, one)


def test_a_match_of_an_alias_is_of_that_kind() -> None:
    matcher = NameMatcher([person("Steve Witkoff", aliases=("Vitcough",))])
    [found] = matcher.find_matches("Nobody asked Vitcough about it." + FILLER)
    assert found.kind == "alias"


def test_the_threshold_of_a_name_decides_what_is_reported() -> None:
    text = "Nobody liked Witcov." + FILLER
    assert len(NameMatcher([person("Steve Witkoff", threshold=0.0)]).find_matches(text)) >= 1
    assert NameMatcher([person("Steve Witkoff", threshold=1.0)]).find_matches(text) == []


def test_the_reason_shows_what_is_written_and_the_name_as_it_is_watched() -> None:
    found = MATCHER.find_matches("Then Steve Witkoff spoke." + FILLER + " Nobody asked\nWhitgoff's people.")
    assert [m.reason.partition(",")[0] for m in found] == ["Steve Witkoff ~ Steve Witkoff", "Whitgoff ~ Witkoff"]
    assert "full name elsewhere" in found[1].reason


def test_the_reason_says_what_is_written_and_why() -> None:
    [found] = MATCHER.find_matches("Then Steve Wit-Goff spoke." + FILLER)
    assert found.reason.startswith(f"Steve Wit-Goff ~ Steve Witkoff, {found.score:.2f}: sound distance 0.")
    assert "with the first name" in found.reason
    assert found.kind == "sounds_like"
    assert 0 < found.distance < 0.3


VOCABULARY = str.split(
    "Steve Pete Witkoff Whitkoff wit Goff heg says Vance dance Putin put in the a was Oslo . , ? - it's 12 Ω"
)
texts = st.lists(st.sampled_from(VOCABULARY), max_size=30).map(" ".join)


@given(texts)
@settings(max_examples=examples(60))
def test_spans_lie_in_the_text_and_hold_words(text: str) -> None:
    for m in MATCHER.find_matches(text):
        assert 0 <= m.start < m.end <= len(text)
        assert text[m.start].isalnum()
        assert text[m.end - 1].isalnum()
        assert 0 <= m.score <= 1
        assert 0 <= m.distance <= 1


def plain(found: list[NameMatch], names: tuple[str, ...]) -> set[tuple[object, ...]]:
    return {(names[m.name], m.start, m.end, m.score, m.kind, m.reason) for m in found}


@given(texts, st.permutations(PEOPLE))
@settings(max_examples=examples(30))
def test_the_order_of_the_names_changes_nothing(text: str, names: list[str]) -> None:
    other = NameMatcher([person(n) for n in names])
    assert plain(MATCHER.find_matches(text), PEOPLE) == plain(other.find_matches(text), tuple(names))


# what is said four times: whether it is taken for Steve Witkoff
AGAIN = {
    "a word that sounds a little like it": ("Wikov", False),
    "the same sound": ("Witcoff", True),
}


@pytest.mark.parametrize("case", AGAIN, ids=str)
def test_a_rare_word_that_is_said_again_and_again_is_a_word_of_its_own(case: str) -> None:
    word, is_name = AGAIN[case]
    matcher = NameMatcher([person("Steve Witkoff", threshold=0.1)])
    once = f"Nobody asked {word} about it." + FILLER
    assert [surface for _, surface in found_names(once, matcher)] == [word]
    assert [surface for _, surface in found_names(4 * (once + " "), matcher)] == [word] * 4 * is_name


def test_a_rare_word_that_is_said_again_and_again_is_the_name_where_anything_else_speaks_for_it() -> None:
    matcher = NameMatcher([person("Steve Witkoff", threshold=0.1)])
    often = 4 * ("Nobody asked Wikov about it." + FILLER + " ")
    assert found_names(often, matcher) == []
    for more in ("Then Steve Witkoff spoke. ", "Then Witcoff spoke. "):
        assert len(found_names(more + often, matcher)) == 5
    assert len(found_names(often, matcher, title="Steve Witkoff in Oslo")) == 4


def test_a_place_that_may_be_two_names_is_the_likelier_one() -> None:
    names = ("Pete Hegseth", "Ann Hexett")
    text = "Nobody asked Hekset about it." + FILLER
    watched = [WatchedName(name, type="person", threshold=0.2) for name in names]
    for name in watched:
        assert found_names(text, NameMatcher([name])) == [(name.full, "Hekset")]
    assert found_names(text, NameMatcher(watched)) == [(names[1], "Hekset")]


def test_two_names_with_one_surname_are_both_found() -> None:
    names = ("Steve Witkoff", "Anna Witkoff")
    found = found_names("Nobody asked Whitkoff about it." + FILLER, NameMatcher([person(n) for n in names]))
    assert found == [(n, "Whitkoff") for n in names]


# case: (text, whether Joyce may be found where the 's is)
POSSESSIVES = {
    "a first name that many have": ("Nobody asked Joe's about it.", False),
    "a word that nobody knows": ("Nobody asked Joi's about it.", True),
}


@pytest.mark.parametrize("case", POSSESSIVES, ids=str)
def test_an_s_may_be_the_end_of_a_name_but_not_behind_a_well_known_one(case: str) -> None:
    text, may = POSSESSIVES[case]
    candidates, context, _ = NameMatcher([person("James Joyce")]).find_candidates(text + FILLER)
    at = next(i for i, word in enumerate(context.tokens.plain) if word.endswith("'s"))
    assert any(s.first == at and s.last == at + 1 and not s.is_possessive for s in candidates) == may


def test_a_surname_of_two_words_written_as_one_is_not_the_whole_name() -> None:
    matcher = NameMatcher([person("Bas de Melo", threshold=0.0)])
    candidates, _, episode_of = matcher.find_candidates(2 * ("Nobody asked Demlo about it." + FILLER + " "))
    odd = [s for s in candidates if s.form.part == "surname"]
    assert len(odd) == 2
    assert not any(episode_of(s).has_full_name or episode_of(s).other_mentions for s in odd)
    candidates, context, episode_of = matcher.find_candidates(
        "Then Bas de Melo spoke. Nobody asked Demlo about it." + FILLER
    )
    [odd_one] = [s for s in candidates if s.form.part == "surname" and context.tokens.plain[s.first] == "demlo"]
    assert episode_of(odd_one).has_full_name


# text: whether Saul Bellow may be found by the sound of his surname, which is nearly a word
WORDLIKE = {
    NEWS + " Nobody asked Bello about it.": True,
    "Nobody asked Bello about it." + FILLER: False,
    NEWS + " Nobody asked a bello about it.": False,
    (NEWS + " Nobody asked Bello about it.").lower(): False,
}


@pytest.mark.parametrize("text", WORDLIKE)
def test_a_name_that_is_nearly_a_word_goes_by_its_sound_among_others_of_its_list(text: str) -> None:
    matcher = NameMatcher([person("Saul Bellow"), *map(person, PEOPLE)])
    found = [surface for name, surface in found_names(text, matcher) if name == "Saul Bellow"]
    assert bool(found) == WORDLIKE[text]


# two watched names side by side
SIDE_BY_SIDE = ("Then the Putin Vance call began.", "Nobody liked Kellogg Witkoff and the rest.")


@pytest.mark.parametrize("text", SIDE_BY_SIDE)
def test_a_watched_name_is_no_part_of_the_name_beside_it(text: str) -> None:
    two = [word for word in text.split() if any(name.endswith(word) for name in PEOPLE)]
    assert [surface for _, surface in found_names(NEWS + " " + text, MATCHER) if surface in two] == two


@given(texts, st.integers(0, len(PEOPLE) - 1))
@settings(max_examples=examples(30))
def test_the_other_names_can_only_help_a_name(text: str, which: int) -> None:
    alone = NameMatcher([person(PEOPLE[which])]).find_matches(text)
    together = [m for m in MATCHER.find_matches(text) if m.name == which]
    for one in alone:
        assert any(m.start < one.end and one.start < m.end and m.score >= one.score for m in together)


def test_a_name_gains_by_other_names_of_its_list() -> None:
    names = [person(n, threshold=0.0) for n in PEOPLE]
    text = NEWS + " Nobody asked Witcow about it."
    [among] = [m for m in NameMatcher(names).find_matches(text) if names[m.name].full == "Steve Witkoff"]
    [alone] = NameMatcher(names[:1]).find_matches(text)
    assert among.score > alone.score
    assert "among other watched names" in among.reason
    assert "among" not in alone.reason


def test_other_names_of_a_long_list_say_little() -> None:
    halves = (
        ("Bram", "Thorn", "Ashel", "Mor", "Quil", "Dray"),
        ("wick", "bury", "lund", "stead", "mere", "zone", "dell"),
    )
    crowd = [person(f"{first} {a}{b}") for first in ("Ann", "Bob", "Cyd", "Eve") for a in halves[0] for b in halves[1]]
    few, many = NameMatcher([person(n) for n in PEOPLE]), NameMatcher([*map(person, PEOPLE), *crowd])
    text = NEWS + " Nobody asked Witcow about it."
    results = [matcher.find_candidates(text) for matcher in (few, many)]
    [one, other] = [episode_of(candidates[0]).list_presence for candidates, _, episode_of in results]
    assert one > 3 * other


def test_a_surname_that_many_have_is_reported_where_the_episode_names_it_otherwise() -> None:
    matcher = NameMatcher([person("J.D. Vance")])
    assert found_names("Nobody asked Vance about it." + FILLER, matcher) == [("J.D. Vance", "Vance")]
    common = NameMatcher([person("Rick James"), *map(person, PEOPLE)])
    assert found_names("Nobody asked James about it." + FILLER, common) == []
    assert ("Rick James", "James") not in found_names(NEWS + " Nobody asked James about it.", common)
    assert ("Rick James", "James") in found_names(NEWS + " Rick James sang. Nobody asked James about it.", common)


def test_a_word_at_the_head_of_a_sentence_is_nobodys_first_name() -> None:
    matcher = NameMatcher([person("Roger Penrose")])
    assert ("Roger Penrose", "Penrose") in found_names("It was late. So Penrose left." + FILLER, matcher)


def test_where_another_watched_name_is_spelt_right_it_is_that_one() -> None:
    names = ("Keith Kellogg", "Keith Kellock")
    matchers = [NameMatcher([person(n, threshold=0.0) for n in some]) for some in (names[:1], names)]
    text = "Then Keith Kellock spoke." + FILLER
    alone, together = (
        [matcher.names[m.name].full for m in matcher.find_matches(text) if m.score > 0] for matcher in matchers
    )
    assert alone == ["Keith Kellogg"]
    assert set(together) == {"Keith Kellock"}


def test_two_who_share_a_surname_do_not_rule_each_other_out() -> None:
    for names in (("Keith Kellogg", "Ann Kellogg"), ("Ann Kellogg", "Keith Kellogg")):
        matcher = NameMatcher([person(n) for n in names])
        assert ("Keith Kellogg", "Kieth Kellogg") in found_names("Then Kieth Kellogg spoke." + FILLER, matcher)


# case: (text, whether it may be Keith Kellogg)
FIRST_NAMES = {
    "near by sound": ("Nobody asked Kate Kelog about it.", True),
    "not known as one": ("Nobody asked Kyth Kelog about it.", True),
    "another's": ("Nobody asked Susan Kelog about it.", False),
}


@pytest.mark.parametrize("case", FIRST_NAMES, ids=str)
def test_a_first_name_may_be_misheard_but_not_be_another(case: str) -> None:
    text, may = FIRST_NAMES[case]
    introduced = "Then Keith Kellogg came." + FILLER + " "
    assert any(m.kind == "sounds_like" for m in MATCHER.find_matches(introduced + text)) == may


@given(st.text(max_size=80))
@settings(max_examples=examples(60))
def test_any_text_is_searched(text: str) -> None:
    assert MATCHER.find_matches(text, text, text) == MATCHER.find_matches(text, text, text)


def test_no_names_and_names_without_letters_find_nothing() -> None:
    assert NameMatcher([]).find_matches("Steve Witkoff") == []
    cyrillic = NameMatcher([person("Виткофф")])
    assert cyrillic.find_matches("Steve Witkoff") == []
    assert cyrillic.warnings


def test_a_word_that_nobody_could_say_is_ignored() -> None:
    assert found_names("a" * 1_000_000 + " Steve Witkoff " + "b'" * 100_000, MATCHER) == [
        ("Steve Witkoff", "Steve Witkoff")
    ]
    assert NameMatcher([person("Steve " + "w" * 1000)]).find_matches("Steve " + "w" * 1000) == []

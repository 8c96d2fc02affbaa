"""benchmarks/listen/real_talk: which names are looked for in one's own recordings, and what of the finds is false."""

from __future__ import annotations

import pytest

from benchmarks.listen.real_talk import false_ones, found_mentions
from benchmarks.listen.talk_lists import AT_ONCE, INVENTED, PUBLIC, SAID, TWIN, choose_lists, count_name, names_in
from benchmarks.listen.talk_searches import Search, Told
from podwatch.query.place_proposals import MAX_NAMES

TALK = "Yesterday the envoy Anatoly Dobrynin met us, and Dobrynin said on Monday that Kyiv and Lviv would hear more."


def told(name: str, how: str = "sounds_like", way: str = "text", score: float = 0.9) -> Told:
    return Told(way, name, how, score, 0, name, "", "")


def search(*found: Told, said: dict[str, int] | None = None) -> Search:
    return Search("talk.mp3", SAID, tuple(said or {}), 1.0, None, said, found, (), 0.0, 0.0)


# what is told, how often it is said, what of it is false
FALSE = {
    "a name that nobody says": ([told("Dobrynin")], {"Dobrynin": 0}, 1),
    "one that is said": ([told("Dobrynin")], {"Dobrynin": 1}, 0),
    "one that is told oftener than it is said": ([told("Dobrynin")] * 3, {"Dobrynin": 2}, 1),
    "one that the recogniser has written": ([told("Dobrynin", "exact")], {"Dobrynin": 0}, 0),
    "one that is said once, and written once": ([told("Dobrynin"), told("Dobrynin", "exact")], {"Dobrynin": 1}, 1),
    "one of which nothing is known": ([told("Dobrynin")], None, 1),
    "one in another way": ([told("Dobrynin", way="wide")], {"Dobrynin": 0}, 0),
}


@pytest.mark.parametrize("case", FALSE)
def test_what_is_told_by_its_sound_and_not_said_is_false(case: str) -> None:
    found, said, false = FALSE[case]
    assert len(false_ones(search(*found, said=said), "text")) == false


def test_a_mention_that_is_told_twice_is_found_once() -> None:
    assert found_mentions(search(*[told("Dobrynin")] * 3, said={"Dobrynin": 2, "Lviv": 1}), "text") == 2


def test_names_are_words_with_a_capital_inside_of_a_sentence_that_talk_has_seldom() -> None:
    assert names_in(TALK) == ["Anatoly Dobrynin", "Dobrynin"]
    assert names_in("No. We, and I say that on Monday she said Yes") == []


def test_a_name_is_counted_in_full_and_by_its_last_word() -> None:
    assert count_name(TALK + " Dobrynin's car. Dobryninsky left.", "Anatoly Dobrynin") == 3


def test_a_file_is_searched_for_what_is_said_in_it_and_for_three_kinds_of_names_that_nobody_says() -> None:
    lists = list(choose_lists(["Anatoly Dobrynin"], TALK, 2))
    *short, at_once = lists
    assert [x.kind for x in lists] == [SAID, TWIN, PUBLIC, INVENTED, PUBLIC, INVENTED, AT_ONCE]
    assert all(len(x.names) <= MAX_NAMES for x in short)
    assert len(at_once.names) > 1000
    assert lists[1].names == ("Anatoly Dobrynen",)
    assert len({name for x in short for name in x.names}) == sum(len(x.names) for x in short)


def test_public_names_of_which_a_word_was_recognised_are_not_looked_for_as_unsaid() -> None:
    [first] = [x.names for x in choose_lists([], "", 1) if x.kind == PUBLIC]
    [left] = [x.names for x in choose_lists([], f"and then {first[0]} said so", 1) if x.kind == PUBLIC]
    assert first[0] not in left
    assert set(left) < set(first)

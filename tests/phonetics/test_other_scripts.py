"""Names in more than one writing: as they are said, in another script; and how often a form is found."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher, WatchedName
from tests.phonetics.name_samples import FILLER, found_names, person


def test_a_name_written_as_it_is_said_is_found_in_full_and_by_the_surname() -> None:
    text = "Then Keva Nevgin spoke. Nobody asked Nevgin about it." + FILLER
    matcher = NameMatcher([person("Caoimhe Niamhgan", aliases=("Keeva Neevgan",))])
    assert found_names(text, matcher) == [("Caoimhe Niamhgan", "Keva Nevgin"), ("Caoimhe Niamhgan", "Nevgin")]
    assert found_names(text, NameMatcher([person("Caoimhe Niamhgan")])) == []


def test_a_name_in_another_script_is_found_by_the_surname_of_its_alias() -> None:
    text = "Then Volodimir Zelinsky spoke to the president. Nobody asked Zelinsky about it." + FILLER
    matcher = NameMatcher([person("Владимир Зеленский", aliases=("The President", "Volodymyr Zelensky"))])
    assert found_names(text, matcher) == [
        ("Владимир Зеленский", w) for w in ("Volodimir Zelinsky", "the president", "Zelinsky")
    ]


def test_a_reason_counts_how_often_the_form_is_found() -> None:
    text = "Then Steve Witgoff spoke. Later Steve Witgoff left. Nobody asked Witgoff about it." + FILLER
    said = [m.reason.partition(": ")[2] for m in NameMatcher([person("Steve Witkoff")]).find_matches(text)]
    assert ["full form seen 2 times" in s for s in said] == [True, True, False]
    assert not any("surname form seen" in s for s in said)


def test_the_count_of_an_unsure_match_includes_itself() -> None:
    text = (
        "Then Steve Witgoff spoke. Later Witgoff left. Nobody asked Wittgof or Whitcomb or Wittko about it. And Wikhof."
    )
    matcher = NameMatcher([WatchedName("Steve Witkoff", type="person", threshold=0.01)])
    said = {text[m.start : m.end]: m.reason for m in matcher.find_matches(text)}
    assert "surname form seen 4 times" in said["Witgoff"]
    assert "surname form seen 5 times" in said["Whitcomb"]


@pytest.mark.parametrize("times", [1, 4, 16, 17, 25, 60])
@pytest.mark.parametrize(("name", "misspelt"), [("Keith Kellogg", "Keith Kelogg"), ("Keir Starmer", "Kier Starma")])
def test_a_full_name_that_is_always_misspelt_the_same_way_is_found_each_time(
    name: str, misspelt: str, times: int
) -> None:
    places = ["river", "road", "school"] * times
    text = "".join(f"It was {misspelt} who came to the {place}. " for place in places[:times])
    assert found_names(text, NameMatcher([person(name)])) == [(name, misspelt)] * times

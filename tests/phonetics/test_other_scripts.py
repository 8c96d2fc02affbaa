"""Names in more than one writing: as they are said, in another script; and how often a form is heard."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher, WatchedName

FILLER = " They talked for a while about grain and the weather, and nobody in the room was in a hurry to leave."


def person(name: str, aliases: tuple[str, ...] = ()) -> WatchedName:
    return WatchedName(name, aliases, type="person")


def heard(text: str, ear: NameMatcher) -> list[tuple[str, str]]:
    return [(ear.names[h.name].full, text[h.start : h.end]) for h in ear.find_matches(text)]


def test_a_name_written_as_it_is_said_is_heard_in_full_and_by_the_surname() -> None:
    text = "Then Keva Nevgin spoke. Nobody asked Nevgin about it." + FILLER
    told = NameMatcher([person("Caoimhe Niamhgan", aliases=("Keeva Neevgan",))])
    assert heard(text, told) == [("Caoimhe Niamhgan", "Keva Nevgin"), ("Caoimhe Niamhgan", "Nevgin")]
    assert heard(text, NameMatcher([person("Caoimhe Niamhgan")])) == []


def test_a_name_in_another_script_is_heard_by_the_surname_of_its_alias() -> None:
    text = "Then Volodimir Zelinsky spoke to the president. Nobody asked Zelinsky about it." + FILLER
    ear = NameMatcher([person("Владимир Зеленский", aliases=("The President", "Volodymyr Zelensky"))])
    assert heard(text, ear) == [("Владимир Зеленский", w) for w in ("Volodimir Zelinsky", "the president", "Zelinsky")]


def test_a_reason_counts_the_places_of_the_form() -> None:
    text = "Then Steve Witgoff spoke. Later Steve Witgoff left. Nobody asked Witgoff about it." + FILLER
    said = [h.reason.partition(": ")[2] for h in NameMatcher([person("Steve Witkoff")]).find_matches(text)]
    assert ["full form seen 2 times" in s for s in said] == [True, True, False]
    assert not any("surname form seen" in s for s in said)


def test_the_count_of_an_unsure_place_has_the_place_itself() -> None:
    text = (
        "Then Steve Witgoff spoke. Later Witgoff left. Nobody asked Wittgof or Whitcomb or Wittko about it. And Wikhof."
    )
    ear = NameMatcher([WatchedName("Steve Witkoff", type="person", threshold=0.05)])
    said = {text[h.start : h.end]: h.reason for h in ear.find_matches(text)}
    assert "surname form seen 4 times" in said["Witgoff"]
    assert "surname form seen 5 times" in said["Whitcomb"]


@pytest.mark.parametrize("times", [1, 4, 16, 17, 25, 60])
@pytest.mark.parametrize(("name", "misspelt"), [("Keith Kellogg", "Keith Kelogg"), ("Keir Starmer", "Kier Starma")])
def test_a_full_name_that_is_always_misspelt_the_same_way_is_heard_each_time(
    name: str, misspelt: str, times: int
) -> None:
    places = ["river", "road", "school"] * times
    text = "".join(f"It was {misspelt} who came to the {place}. " for place in places[:times])
    assert heard(text, NameMatcher([person(name)])) == [(name, misspelt)] * times

"""An alias with a title finds the title and the surname, and no watch another bearer of it who is named in full."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher, WatchedName

PRESIDENT = WatchedName("Joe Biden", aliases=("President Biden",), type="person")
BOTH = "Joe Biden flew to Kyiv. Hunter Biden was seen in Los Angeles. "
ONE = "Joe Biden flew to Kyiv. It rained there all day. "

# name: (text, what is found of it)
CASES: dict[str, tuple[str, list[str]]] = {
    "the alias": (BOTH + "President Biden spoke.", ["Joe Biden", "President Biden"]),
    "the alias, misheard": (BOTH + "Then President Byden spoke.", ["Joe Biden", "Byden"]),
    "the surname alone, of two in full": (BOTH + "Then Biden left.", ["Joe Biden"]),
    "the surname alone, of one in full": (ONE + "Then Biden left.", ["Joe Biden", "Biden"]),
    "another title": (ONE + "Then Mrs. Biden left.", ["Joe Biden"]),
    "a doctor, misheard": (ONE + "Then Dr. Byden left.", ["Joe Biden"]),
    "a senator": (ONE + "Then Senator Biden left.", ["Joe Biden"]),
    "a title that says nothing": (ONE + "Then Mr. Biden left.", ["Joe Biden", "Biden"]),
    "the surname of another's full name": ("Then Hunter Biden came. President Biden left.", ["President Biden"]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_titled_alias_claims_no_other_of_the_surname(name: str) -> None:
    text, wanted = CASES[name]
    assert [text[m.start : m.end] for m in NameMatcher([PRESIDENT]).find_matches(text)] == wanted


def test_a_name_without_a_titled_alias_is_found_by_its_surname_as_ever() -> None:
    text = BOTH + "Then Biden left."
    found = NameMatcher([WatchedName("Joe Biden", type="person")]).find_matches(text)
    assert "Biden" in [text[m.start : m.end] for m in found]


NAMED = "Joe Biden flew to Kyiv. It rained there. "

# text: what a watch for Joe Biden, without an alias, finds of it
IN_FULL = {
    NAMED + "Hunter Biden was seen in Los Angeles.": ["Joe Biden"],
    NAMED + "Beau Biden was a soldier.": ["Joe Biden"],
    NAMED + "Then Beau Biden came.": ["Joe Biden"],
    NAMED + "Ashley Biden's house was sold.": ["Joe Biden"],
    NAMED + "Jack Biden and Earl Biden came.": ["Joe Biden"],
    NAMED + "Grace Biden left. So did Rose Biden.": ["Joe Biden"],
    NAMED + "They asked Will Biden. Will Biden said no.": ["Joe Biden"],
    "It rained. Hunter Biden was seen.": [],
    NAMED + "Will Biden go?": ["Joe Biden", "Biden"],
    NAMED + "May Biden win.": ["Joe Biden", "Biden"],
    NAMED + "Yesterday Biden left.": ["Joe Biden", "Biden"],
    NAMED + "Rob Biden of his sleep.": ["Joe Biden", "Biden"],
    NAMED + "Joey Biden, they said.": ["Joe Biden", "Joey Biden"],
}


@pytest.mark.parametrize("text", IN_FULL, ids=str)
def test_a_first_name_where_a_sentence_begins_makes_the_surname_another_ones(text: str) -> None:
    found = NameMatcher([WatchedName("Joe Biden", type="person")]).find_matches(text)
    assert [text[m.start : m.end] for m in found] == IN_FULL[text]


# name: (the watch, text, what is found)
TITLE_ALONE = {
    "another president": (("Abdel Fattah el-Sisi", "President Sisi"), "Then President Sall spoke.", []),
    "the president's visit": (("Abdel Fattah el-Sisi", "President Sisi"), "It was the President's visit to Rome.", []),
    "the president, misheard": (("Abdel Fattah el-Sisi", "President Sisi"), "Then President Sissi spoke.", ["Sissi"]),
    "a short name": (("Xi Jinping", "President Xi"), "Then President Xi spoke.", ["President Xi"]),
    "a short name and another": (("Xi Jinping", "President Xi"), "Then President Sisi spoke.", []),
    "the title alone": (("Pramila Jayapal", "Congresswoman Jayapal"), "Thank you, Congresswoman.", []),
    "two words of title": (("Merrick Garland", "Attorney General Garland"), "Attorney General Bondi spoke.", []),
    "a title that many have": (("Bernie Sanders", "Senator Sanders"), "As we heard Senator Daines say.", []),
    "Ms. is no other title": (("Tulsi Gabbard", "Director Gabbard"), "They asked Ms. Gabbard.", ["Gabbard"]),
    "a rare surname behind another title": (
        ("Tulsi Gabbard", "Director Gabbard"),
        "They asked Congresswoman Gabbard.",
        ["Gabbard"],
    ),
    "a first name misheard is no other bearer's": (
        ("Antony Blinken", "Secretary Blinken"),
        "They met Tony Blinken. Then Blinken left.",
        ["Tony Blinken", "Blinken"],
    ),
}


@pytest.mark.parametrize("case", TITLE_ALONE)
def test_a_title_is_evidence_and_no_sound(case: str) -> None:
    (name, alias), text, wanted = TITLE_ALONE[case]
    matcher = NameMatcher([WatchedName(name, aliases=(alias,), type="person")])
    found = [text[m.start : m.end] for m in matcher.find_matches(text)]
    assert [surface.removeprefix("President ") if "President Sissi" in text else surface for surface in found] == wanted

"""Which matches there are of names that others bear in part, and of words that are a name only by their letters."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher, WatchedName

# case: (the persons watched, text, the matches: the person and the words)
MATCHES: dict[str, tuple[list[str], str, list[tuple[str, str]]]] = {
    "the UN is no Kim Jong Un": (
        ["Kim Jong Un"],
        "The UN met. The UN said it was concerned. We asked the U.N. envoy, and un-RSVP.",
        [],
    ),
    "nor in lower case": (["Kim Jong Un"], "the un security council met and the un said that it was over", []),
    "nor where he is named": (
        ["Kim Jong Un"],
        "Kim Jong Un spoke. The UN met. And then Un left.",
        [("Kim Jong Un", "Kim Jong Un"), ("Kim Jong Un", "Un")],
    ),
    "nor its initials": (
        ["Kim Jong Un"],
        "Kim Jong Un spoke. We asked the U.N. envoy.",
        [("Kim Jong Un", "Kim Jong Un")],
    ),
    "a small word where nothing is large": (["Kim Jong Un"], "they met un officials and un said so", []),
    "the same where he is named": (
        ["Kim Jong Un"],
        "then kim jong un spoke to the un and un left",
        [("Kim Jong Un", "kim jong un"), ("Kim Jong Un", "un")],
    ),
    "his family": (["Kim Jong Un"], "Kim Jong Il died in 2011. Nobody asked Kim Jong Nam.", []),
    "two first names at the heads of sentences": (
        ["Tim Walz"],
        "Governor Tim Waltz spoke. Mike Waltz left the council.",
        [("Tim Walz", "Tim Waltz")],
    ),
    "two surnames that sound alike": (
        ["Tim Walz", "Mike Waltz"],
        "Governor Tim Waltz spoke in Minnesota. Mike Waltz left the council.",
        [("Tim Walz", "Tim Waltz"), ("Mike Waltz", "Mike Waltz")],
    ),
    "the same the other way round": (
        ["Tim Walz", "Mike Waltz"],
        "Mike Walz left the council. Tim Walz spoke.",
        [("Mike Waltz", "Mike Walz"), ("Tim Walz", "Tim Walz")],
    ),
    "a relative, after the name": (
        ["Hunter Biden"],
        "Then Hunter Biden left. Jill Biden spoke. Then Biden spoke.",
        [("Hunter Biden", "Hunter Biden"), ("Hunter Biden", "Biden")],
    ),
    "a namesake in lower case": (["Hunter Biden"], "and then joe biden spoke to nobody about it", []),
}


@pytest.mark.parametrize("case", MATCHES, ids=str)
def test_only_the_watched_bearer_is_found(case: str) -> None:
    names, text, expected = MATCHES[case]
    matches = NameMatcher([WatchedName(n, type="person") for n in names]).find_matches(text)
    assert [(names[m.name], text[m.start : m.end]) for m in matches] == expected


def test_a_title_is_no_first_name() -> None:
    [match] = NameMatcher([WatchedName("Mark Rutte", type="person")]).find_matches(
        "They spoke with Mr Rutta in Brussels."
    )
    assert "first name" not in match.reason


def test_nothing_that_was_misspelt_is_certain() -> None:
    matcher = NameMatcher([WatchedName("Volodymyr Zelensky", type="person")])
    match = matcher.find_matches("Then Volodymir Zelenski said that the river is high. Zelensky has been there.")[0]
    assert match.score > 0.995
    assert " 0.99:" in match.reason


def test_an_organisation_is_searched_as_a_company() -> None:
    text = "The startup Eriksson bought another brand."
    company, organisation = (
        NameMatcher([WatchedName("Ericsson", type=t)]).find_matches(text) for t in ("company", "organisation")
    )
    assert company == organisation != []


@pytest.mark.parametrize("name", ["Sammy Davis Jr.", "Sammy Davis, Jr", "Louis Armstrong II"])
def test_a_suffix_that_is_not_searched_for_has_a_warning(name: str) -> None:
    [note] = NameMatcher([WatchedName(name, type="person")]).warnings
    assert "is not listened for: who has the name without it is told, too" in note


@pytest.mark.parametrize("name", ["III", "Jane Goodall PhD", "Sammy Davis"])
def test_other_names_have_no_warning_of_that(name: str) -> None:
    assert not any("not listened for" in n for n in NameMatcher([WatchedName(name, type="person")]).warnings)

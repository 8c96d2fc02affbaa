"""Names that sound like everyday words are found as they are spelt or by the context, and warn of it."""

from __future__ import annotations

import pytest

from podwatch.phonetics import NameMatcher, WatchedName
from podwatch.phonetics.everyday_words import FREQUENT_COST, MAX_PHONES, NEAR_COST, find_near_words
from podwatch.phonetics.lexicon import list_everyday_words, look_up_word
from podwatch.phonetics.noisy_channel import load_channels

# case: (name, type, what its warning says; empty: it goes by sound)
NOTED = {
    "an everyday word itself": ("Mike Waltz", "person", "'Waltz' is too short or too much of a word"),
    "near a word often said": ("J.D. Vance", "person", "'Vance' sounds too much like 'van'"),
    "another spelling of a word": ("Palmer Luckey", "person", "'Luckey' sounds too much like 'lucky'"),
    "a vowel more than a word": ("Meta", "company", "'Meta' sounds too much like 'met'"),
    "three phones": ("Paul Biya", "person", "'Biya' is too short"),
    "a short name with no other form": ("MAGA", "", "'MAGA' is too short"),
    "a long rare name": ("Steve Witkoff", "person", ""),
    "near two words, not one": ("Vladimir Putin", "person", ""),
    "a rare name of four phones with a first name": ("Jeffrey Sachs", "person", ""),
    "a surname that no word is near": ("Keith Kellogg", "person", ""),
}


@pytest.mark.parametrize(("name", "kind", "said"), NOTED.values(), ids=NOTED)
def test_a_name_near_everyday_words_has_a_warning(name: str, kind: str, said: str) -> None:
    matcher = NameMatcher([WatchedName(name, type=kind)])
    assert bool(matcher.warnings) == bool(said)
    assert said in matcher.advise(0)


# case: (name, text, what is found)
ALONE = {
    "a word that is near stays a word": ("J.D. Vance", "They put it in the van and left.", []),
    "nor is it found with a capital": ("J.D. Vance", "They asked Vans about it.", []),
    "as it is spelt it is found": ("Mike Waltz", "Nobody asked Waltz about it.", ["Waltz"]),
    "the whole name by its sound is": ("Mike Waltz", "They asked Mike Walz about it.", ["Mike Walz"]),
    "and after it the surname": (
        "Mike Waltz",
        "They asked Mike Waltz about it. The question is whether Walz can deliver.",
        ["Mike Waltz", "Walz"],
    ),
}


@pytest.mark.parametrize(("name", "text", "found"), ALONE.values(), ids=ALONE)
def test_such_a_name_is_found_as_it_is_spelt_or_with_context(name: str, text: str, found: list[str]) -> None:
    assert [text[m.start : m.end] for m in NameMatcher([WatchedName(name, type="person")]).find_matches(text)] == found


def test_near_words_are_those_of_comparing_all_with_all() -> None:
    names = [
        (n, look_up_word(n).sound) for n in ("vance", "luckey", "meta", "modi", "oslo", "witkoff", "sachs", "kellogg")
    ]
    words = [e.sound for _, e in list_everyday_words(FREQUENT_COST) if len(e.sound) > 1]
    channel = load_channels()[0]
    near = set()
    for name, sound in names:
        cost = channel.costs(channel.pad([sound] * len(words)), channel.pad(words)) / len(sound)
        if len(sound) <= MAX_PHONES and cost.min() <= NEAR_COST:
            near.add(name)
    assert set(find_near_words(names)) == near

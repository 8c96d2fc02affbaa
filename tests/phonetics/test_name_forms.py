"""The forms that a name is said in, and the ways it is sounded out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from podwatch.phonetics import WatchedName
from podwatch.phonetics.name_forms import build_forms
from podwatch.phonetics.name_parts import spoken_words
from podwatch.phonetics.respelling import anglicise

# name: (type, {part: the words of its forms})
FORMS = {
    "Steve Witkoff": ("person", {"full": {"steve witkoff"}, "surname": {"witkoff"}}),
    "Ambassador Anatoly Dobrynin": ("person", {"full": {"anatoly dobrynin"}, "surname": {"dobrynin"}}),
    "Ursula von der Leyen": ("person", {"full": {"ursula von der leyen"}, "surname": {"von der leyen"}}),
    "John F. Kennedy Jr.": ("person", {"full": {"john f kennedy", "john kennedy"}, "surname": {"kennedy"}}),
    "J.D. Vance": ("person", {"full": {"j d vance"}, "surname": {"vance"}}),
    "JD Vance": ("person", {"full": {"j d vance"}, "surname": {"vance"}}),
    "Bong Joon-ho": ("person", {"full": {"bong joon ho"}, "surname": {"joon ho"}}),
    "Ngozi Okonjo-Iweala": ("person", {"full": {"ngozi okonjo iweala"}, "surname": {"okonjo iweala"}}),
    "Zelensky": ("person", {"full": {"zelensky"}}),
    "Siemens AG": ("company", {"full": {"siemens"}}),
    "Goldman Sachs": ("company", {"full": {"goldman sachs"}}),
    "Burkina Faso": ("place", {"full": {"burkina faso"}}),
    "Marie Curie": (None, {"full": {"marie curie"}, "surname": {"curie"}}),
    "Nord Stream": (None, {"full": {"nord stream"}}),
    "Путин": ("person", {}),
}


@pytest.mark.parametrize("name", FORMS, ids=str)
def test_a_name_is_said_in_full_and_a_person_by_the_surname(name: str) -> None:
    kind, expected = FORMS[name]
    found: dict[str, set[str]] = {}
    for form in build_forms([WatchedName(name, type=kind)]):
        if not form.is_spelt_only:
            found.setdefault(form.part, set()).add(" ".join(form.words))
    assert found == expected


def test_an_alias_is_a_form_of_its_own() -> None:
    forms = build_forms([WatchedName("Steve Witkoff", aliases=("the envoy", "Steve Witkoff"), type="person")])
    assert [" ".join(f.words) for f in forms if f.part == "alias"] == ["the envoy"]


# (name, its aliases): the surname that is searched for
OTHER_SCRIPTS = {
    ("Владимир Зеленский", "The President", "Volodymyr Zelensky"): "zelensky",
    ("习近平", "President Xi", "Xi Jinping"): "jinping",
    ("Владимир Зеленский", "The Boss", "Volodymyr Zelensky"): "zelensky",
    ("Урсула фон дер Ляйен", "the boss", "Ursula von der Leyen"): "von der leyen",
    ("Владимир Зеленский", "Ze", "green man"): None,
    ("Владимир Зеленский",): None,
}


@pytest.mark.parametrize("names", OTHER_SCRIPTS, ids=" ".join)
def test_a_name_in_another_script_goes_by_its_first_alias_in_latin_letters(names: tuple[str, ...]) -> None:
    forms = build_forms([WatchedName(names[0], aliases=names[1:], type="person")])
    assert {" ".join(f.words) for f in forms if f.part == "surname"} == {OTHER_SCRIPTS[names]} - {None}


# (name, alias): whether it is the name again, as it is said or was misheard
AS_SAID = {
    ("Rustem Umerov", "Roostem Oomehrov"): True,
    ("Steve Witkoff", "Steve Whitgoff"): True,
    ("Walter White", "Heisenberg"): False,
    ("Donald Trump", "The Donald"): False,
    ("Anatoly Dobrynin", "Ambassador Dobrynin"): False,
    ("Elon Musk", "Chief Twit"): False,
    ("Friedrich Merz", "Fritz"): False,
}


@pytest.mark.parametrize(("name", "alias"), AS_SAID, ids=str)
def test_an_alias_that_is_the_name_as_it_is_said_is_a_way_to_say_the_surname(name: str, alias: str) -> None:
    forms = build_forms([WatchedName(name, aliases=(alias,), type="person")])
    surnames = {f.spelling for f in forms if f.part == "surname" and f.spelling != f.words}
    assert (spoken_words(alias)[-1:] in surnames) == AS_SAID[name, alias]
    assert spoken_words(alias) in {f.words for f in forms if f.part == "alias"}


def test_a_wordlike_name_stays_so_however_it_is_said() -> None:
    forms = build_forms([WatchedName("Friedrich Merz", aliases=("Freedrick Mairts",), type="person")])
    assert [(f.spelling, f.is_wordlike) for f in forms if f.part == "surname"][::2] == [
        (("merz",), True),
        (("mairts",), True),
    ]


def test_a_way_to_say_a_name_that_is_an_everyday_word_is_wordlike_and_the_name_is_not() -> None:
    forms = build_forms([WatchedName("Aristide Rhodos", aliases=("Aristide Roads",), type="person")])
    assert {f.spelling: f.is_wordlike for f in forms if f.part == "surname"} == {("rhodos",): False, ("roads",): True}


def test_a_name_that_was_misheard_as_one_that_others_have_is_wordlike_in_that_spelling() -> None:
    forms = build_forms([WatchedName("Steve Witkoff", aliases=("Steve Whitcomb", "Steve Whitgoff"), type="person")])
    found = {f.spelling: f.is_wordlike for f in forms if f.part == "surname"}
    assert found == {("witkoff",): False, ("whitcomb",): True, ("whitgoff",): False}


WORDLIKE = {"Li Wu": True, "Mark Short": True, "Amit Shah": True, "Steve Witkoff": False, "Keith Kellogg": False}


@pytest.mark.parametrize("name", WORDLIKE, ids=str)
def test_a_very_short_surname_and_an_everyday_word_are_wordlike(name: str) -> None:
    [surname] = [f for f in build_forms([WatchedName(name, type="person")]) if f.part == "surname"]
    assert surname.is_wordlike == WORDLIKE[name]


RESPELT = {
    "Vučić": "vuchich",
    "Tüpraş": "tooprash",
    "Kaczyński": "kachynyski",
    "Xi": "shi",
    "Qatar": "chatar",
    "Queen": "queen",
    "Schröder": "shrerder",
    "Witkoff": "witkoff",
}


@pytest.mark.parametrize("word", RESPELT, ids=str)
def test_foreign_spelling_is_anglicised(word: str) -> None:
    assert anglicise(word) == RESPELT[word]


def test_an_anglicised_name_has_a_form_of_either_spelling() -> None:
    forms = [f for f in build_forms([WatchedName("Andrej Kramarić", type="person")]) if f.part == "surname"]
    assert [f.words for f in forms] == [("kramaric",)] * 2
    assert [f.letters for f in forms] == ["kramaric", "kramarich"]


def test_a_name_on_the_list_has_a_form_as_it_is_said_too() -> None:
    forms = [f for f in build_forms([WatchedName("Aleksandar Vučić", type="person")]) if f.part == "surname"]
    assert [f.letters for f in forms] == ["vucic", "vuchich", "voochitch"]


def test_initials_are_words_of_one_letter() -> None:
    assert spoken_words("J.R.R. Tolkien") == ("j", "r", "r", "tolkien")


def test_nothing_heavy_is_loaded_before_there_is_a_name() -> None:
    program = (
        "import sys; from podwatch.phonetics import NameMatcher; matcher = NameMatcher([]); matcher.find_matches('Steve Witkoff'); "
        "print(sorted({'numpy', 'threadpoolctl'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

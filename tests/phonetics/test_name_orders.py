"""Names that are said otherwise than they are written down: surname first, two surnames, nicknames, behind a title.

One table for each kind; [brackets] hold what must be found, and all of it must be marked. Nothing else may be found.
"""

from __future__ import annotations

import re

import pytest

from podwatch.phonetics import NameMatcher
from podwatch.phonetics.lexicon import look_up_words
from podwatch.phonetics.spelt_forms import list_spelt_forms
from tests.phonetics.name_samples import FILLER, person

SURNAME_FIRST = {
    "The prime minister, [Orban Viktor], spoke.": "Viktor Orban",
    "The late [Abe Shinzo] said so.": "Shinzo Abe",
    "The leader of the opposition, [Magyar Peter], won.": "Peter Magyar",
    "He met [Kishida Fumio] in Tokyo.": "Fumio Kishida",
    "He met [Kover Laszlo] in Budapest.": "Laszlo Kover",
    "He met [Xi Jinping] in Beijing.": "Xi Jinping",
    "He met [Kim Jong Un] in Beijing.": "Kim Jong Un",
    "They met Ryan Paul there.": "Paul Ryan",
    "They met Martin Victor there.": "Victor Martin",
    "and [orban viktor] said no": "Viktor Orban",
}
TWO_SURNAMES = {
    "They deported [Abrego Garcia] by mistake.": "Kilmar Abrego Garcia",
    "They deported [Abrego-Garcia] by mistake.": "Kilmar Abrego Garcia",
    "They deported [Abreago Garcia] by mistake.": "Kilmar Abrego Garcia",
    "They deported [Obrego Garcia] by mistake.": "Kilmar Abrego Garcia",
    "They deported [Kilmar Obrego Garcia] by mistake.": "Kilmar Abrego Garcia",
    "They met Rodrigo Garcia there.": "Kilmar Abrego Garcia",
    "A novel of [Garcia-Marques] is out.": "Gabriel Garcia Marquez",
    "He is [Lopes Obredor] of Mexico.": "Andres Manuel Lopez Obrador",
    "The opinion of [Cony Barret] was short.": "Amy Coney Barrett",
    "The speech of [Ocasio Cortez] was short.": "Alexandria Ocasio-Cortez",
    "The speech of [Okonjo Iwela] was short.": "Ngozi Okonjo-Iweala",
    "The speech of [Debbie Waserman-Schulz] was short.": "Debbie Wasserman Schultz",
    "A novel of [Vargas Yosa] is out.": "Mario Vargas Llosa",
    "The speech of [Von Der Lion] was short.": "Ursula von der Leyen",
    "The speech of [Fonderleyen] was short.": "Ursula von der Leyen",
    "The plan of [bin Salmon] was bold.": "Mohammed bin Salman",
    "Then Mohammed bin Zayed came.": "Mohammed bin Salman",
    "They met bin Laden.": "Mohammed bin Salman",
    "The plan of [Ben Gevir] was bold.": "Itamar Ben-Gvir",
    "The plan of [Van Holland] was bold.": "Chris Van Hollen",
    "and [von der leyen] said no": "Ursula von der Leyen",
    "and [kilmar obrego garcia] said no": "Kilmar Abrego Garcia",
}
NICKNAMES = {
    "They met [Nick Osborn] there.": "Nicholas Osborn",
    "They met [Charles Schumer] there.": "Chuck Schumer",
    "They met [Liz Warren] there.": "Elizabeth Warren",
    "They met [Bobby Kennedy] there.": "Robert Kennedy",
    "They met [Dan Ives] there.": "Daniel Ives",
    "They met Ozzy Osbourne there.": "Nicholas Osborn",
    "They met Rick Osborne there.": "Nicholas Osborn",
    "and they met [liz warren] there": "Elizabeth Warren",
}


def marked(text: str) -> tuple[str, list[str]]:
    """A text without its brackets, and what stood in them."""
    return re.sub(r"[\[\]]", "", text), re.findall(r"\[(.*?)\]", text)


@pytest.mark.parametrize("text", [*SURNAME_FIRST, *TWO_SURNAMES, *NICKNAMES])
def test_a_name_is_found_with_all_its_words_however_it_is_said(text: str) -> None:
    name = {**SURNAME_FIRST, **TWO_SURNAMES, **NICKNAMES}[text]
    said, wanted = marked(text)
    filler = FILLER if any(c.isupper() for c in said) else FILLER.lower()
    found = NameMatcher([person(name)]).find_matches(said + filler)
    assert [(said + filler)[m.start : m.end] for m in found] == wanted


# name: what is found as it is spelt besides
SPELT = {
    "viktor orban": ["victor orban", "orban viktor"],
    "paul ryan": [],
    "elisa new": [],
}


@pytest.mark.parametrize("name", SPELT)
def test_a_name_is_turned_round_where_no_other_name_comes_of_it(name: str) -> None:
    words = tuple(name.split())
    nicknames = {"victor"} if "viktor" in words else set()
    found = list_spelt_forms(words, 1, nicknames, look_up_words(words))
    assert [" ".join(form) for form in found] == SPELT[name]

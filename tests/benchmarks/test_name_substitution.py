"""Pages with other people in them: what learning is told of each place must be true of the text."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.sounds_like.name_substitution import TITLES, Role, changed, ordinary, recast, roles
from benchmarks.sounds_like.names import FAMILY_LETTERS, family, fold, subjects
from benchmarks.sounds_like.training_pages import Page, Said
from tests.support.hypothesis_profiles import examples

TEXT = "Then Ann Brown came. Everybody likes Brown's dog. Bob Grey was late, and Grey knew it, Grei said."
SAID = [
    ("Ann Brown", "Ann Brown"),
    ("Ann Brown", "Brown's"),
    ("Bob Grey", "Bob Grey"),
    ("Bob Grey", "Grey"),
    ("Bob Grey", "Grei"),
]
CAST = (
    Role("Oleh Tarnavsky", "Tarnavsky", ("Ole Tarnofski", "Oleh Tarnavsky"), ("Tarnofski", "Tarnavsky")),
    Role("Mette Kjaersgaard", "Kjaersgaard", (), ("Kearsgard",)),
)


def page() -> Page:
    said, at = [], 0
    for name, surface in SAID:
        at = TEXT.index(surface, at)
        said.append(
            Said(name, at, at + len(surface), fold(surface.split()[-1]) == fold(name.split()[-1]), " " in surface)
        )
        at += len(surface)
    unclear = TEXT.index("dog")
    return Page("p", TEXT, "", tuple(said), (("Ann Brown", unclear, unclear + 3),))


@given(st.integers())
@settings(max_examples=examples(60))
def test_every_place_is_told_where_it_is(seed: int) -> None:
    made = recast(page(), CAST, random.Random(seed))
    assert len(made.said) == len(SAID)
    names = {role.name: role for role in CAST}
    for m in made.said:
        surface = made.text[m.start : m.end].removesuffix("'s")
        assert surface[0].isupper()
        assert m.right == (fold(surface.split()[-1]) == fold(names[m.name].surname))
        assert m.full == (" " in surface)
    [(who, a, b)] = made.unclear
    assert (who, made.text[a:b]) == ("*", "dog")


@given(st.integers())
@settings(max_examples=examples(60))
def test_the_words_between_stay_as_they_were_but_for_titles(seed: int) -> None:
    def between(p: Page) -> list[str]:
        ends = [0, *(m.end for m in p.said)]
        return [p.text[a:b] for a, b in zip(ends, [*(m.start for m in p.said), len(p.text)], strict=True)]

    def plain(pieces: list[str]) -> list[str]:
        return [untitled(piece.removeprefix("'s")) for piece in pieces]

    def untitled(piece: str) -> str:
        return next((piece.removesuffix(t + " ") for t in TITLES if piece.endswith(" " + t + " ")), piece)

    assert plain(between(recast(page(), CAST, random.Random(seed)))) == plain(between(page()))


def test_with_too_few_players_the_others_stay_themselves() -> None:
    made = recast(page(), CAST[:1], random.Random(1))
    assert {m.name for m in made.said} == {"Oleh Tarnavsky", "Bob Grey"}


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12), st.integers())
def test_one_letter_changes_at_most(word: str, seed: int) -> None:
    other = changed(word.title(), random.Random(seed))
    assert abs(len(other) - len(word)) <= 1
    assert other[:1].isupper()
    assert other[1:].islower()


def clip(said: str, heard: str, form: str) -> dict[str, object]:
    mention = {"form": form, "said_start": 0, "said_end": len(said), "heard_start": 0, "heard_surface": heard}
    return {"said": said, "heard": heard, "mentions": [mention]}


def test_a_role_has_the_spellings_that_are_not_too_far_off() -> None:
    some = [clip("Tarnavsky", w, "surname") for w in ("Tarnofski", "Tar enough", "the sky")]
    some.append(clip("Oleh Tarnavsky", "Ole Tarnofski", "full"))
    [role] = roles({("Oleh Tarnavsky", "person"): some, ("Kharkiv", "place"): [clip("Kharkiv", "Karkiff", "full")]})
    assert role == Role("Oleh Tarnavsky", "Tarnavsky", ("Ole Tarnofski",), ("Tarnofski",))


def test_ordinary_people_are_heard_as_better_known_ones_and_share_no_family_with_what_is_measured() -> None:
    measured = {family(s) for s in subjects() if s.split != "train"}
    people = ordinary(40, 1)
    assert len(people) == 40
    assert people == ordinary(40, 1)
    for role in people:
        assert role.surnames
        assert role.surname not in role.surnames
        assert not {s.lower()[:FAMILY_LETTERS] for s in (role.surname, *role.surnames)} & measured

"""Pages with other names in them: each mention that is recorded must be where it says, as it says."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.sounds_like.name_substitution import (
    TITLES,
    HeardName,
    collect_heard_names,
    invent_homophones,
    mutate_spelling,
    substitute_names,
)
from benchmarks.sounds_like.names import FAMILY_LETTERS, family_key, fold_name, load_subjects
from benchmarks.sounds_like.training_pages import Page, PageMention
from tests.support.hypothesis_profiles import examples

TEXT = "Then Ann Brown came. Everybody likes Brown's dog. Bob Grey was late, and Grey knew it, Grei said."
MENTIONS = [
    ("Ann Brown", "Ann Brown"),
    ("Ann Brown", "Brown's"),
    ("Bob Grey", "Bob Grey"),
    ("Bob Grey", "Grey"),
    ("Bob Grey", "Grei"),
]
SUBSTITUTES = (
    HeardName("Oleh Tarnavsky", "Tarnavsky", ("Ole Tarnofski", "Oleh Tarnavsky"), ("Tarnofski", "Tarnavsky")),
    HeardName("Mette Kjaersgaard", "Kjaersgaard", (), ("Kearsgard",)),
)


def page() -> Page:
    said, at = [], 0
    for name, surface in MENTIONS:
        at = TEXT.index(surface, at)
        said.append(
            PageMention(
                name,
                at,
                at + len(surface),
                fold_name(surface.split()[-1]) == fold_name(name.split()[-1]),
                " " in surface,
            )
        )
        at += len(surface)
    unclear = TEXT.index("dog")
    return Page("p", TEXT, "", tuple(said), (("Ann Brown", unclear, unclear + 3),))


@given(st.integers())
@settings(max_examples=examples(60))
def test_every_mention_has_the_span_and_facts_of_the_text(seed: int) -> None:
    made = substitute_names(page(), SUBSTITUTES, random.Random(seed))
    assert len(made.mentions) == len(MENTIONS)
    names = {heard.name: heard for heard in SUBSTITUTES}
    for m in made.mentions:
        surface = made.text[m.start : m.end].removesuffix("'s")
        assert surface[0].isupper()
        assert m.is_right == (fold_name(surface.split()[-1]) == fold_name(names[m.name].surname))
        assert m.has_first_name == (" " in surface)
    [(who, a, b)] = made.unclear
    assert (who, made.text[a:b]) == ("*", "dog")


@given(st.integers())
@settings(max_examples=examples(60))
def test_the_words_between_stay_as_they_were_but_for_titles(seed: int) -> None:
    def between(p: Page) -> list[str]:
        ends = [0, *(m.end for m in p.mentions)]
        return [p.text[a:b] for a, b in zip(ends, [*(m.start for m in p.mentions), len(p.text)], strict=True)]

    def plain(pieces: list[str]) -> list[str]:
        return [untitled(piece.removeprefix("'s")) for piece in pieces]

    def untitled(piece: str) -> str:
        return next((piece.removesuffix(t + " ") for t in TITLES if piece.endswith(" " + t + " ")), piece)

    assert plain(between(substitute_names(page(), SUBSTITUTES, random.Random(seed)))) == plain(between(page()))


def test_with_too_few_substitutes_the_others_keep_their_names() -> None:
    made = substitute_names(page(), SUBSTITUTES[:1], random.Random(1))
    assert {m.name for m in made.mentions} == {"Oleh Tarnavsky", "Bob Grey"}


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12), st.integers())
def test_one_letter_changes_at_most(word: str, seed: int) -> None:
    other = mutate_spelling(word.title(), random.Random(seed))
    assert abs(len(other) - len(word)) <= 1
    assert other[:1].isupper()
    assert other[1:].islower()


def clip(said: str, heard: str, form: str) -> dict[str, object]:
    mention = {"form": form, "said_start": 0, "said_end": len(said), "heard_start": 0, "heard_surface": heard}
    return {"said": said, "heard": heard, "mentions": [mention]}


def test_a_heard_name_has_the_spellings_that_are_not_too_far_off() -> None:
    some = [clip("Tarnavsky", w, "surname") for w in ("Tarnofski", "Tar enough", "the sky")]
    some.append(clip("Oleh Tarnavsky", "Ole Tarnofski", "full"))
    [heard] = collect_heard_names(
        {("Oleh Tarnavsky", "person"): some, ("Kharkiv", "place"): [clip("Kharkiv", "Karkiff", "full")]}
    )
    assert heard == HeardName("Oleh Tarnavsky", "Tarnavsky", ("Ole Tarnofski",), ("Tarnofski",))


def test_homophones_are_heard_as_better_known_names_and_share_no_family_with_what_is_measured() -> None:
    measured = {family_key(s) for s in load_subjects() if s.split != "train"}
    people = invent_homophones(40, 1)
    assert len(people) == 40
    assert people == invent_homophones(40, 1)
    for heard in people:
        assert heard.surname_forms
        assert heard.surname not in heard.surname_forms
        assert not {s.lower()[:FAMILY_LETTERS] for s in (heard.surname, *heard.surname_forms)} & measured

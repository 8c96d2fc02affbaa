"""What a watch finds: whole words in any case, phrases across segments, names and their aliases - and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import detectors
from pipeline.detectors.folding import fold
from pipeline.detectors.literals import Literals
from pipeline.model import Kind, Segment, Watch, joined

# name: (query, text, the surfaces found)
QUERIES = {
    "a term in any case": ("grain", "Grain, GRAIN and grain", ["Grain", "GRAIN", "grain"]),
    "only whole words": ("grain", "grains, ingrain, grain_", []),
    "a phrase": ('"black sea"', "the Black Sea; black, sea", ["Black Sea"]),
    "a hyphen is a blank": ('"black sea"', "a black-sea port", ["black-sea"]),
    "a blank is a hyphen": ("black-sea", "the black sea", ["black sea"]),
    "without accents": ("Zürich", "Zurich and zürich", ["Zurich", "zürich"]),
    "with accents": ("zurich", "Zürich", ["Zürich"]),
    "curly apostrophes": ("Putin's", "Putin’s word", ["Putin’s"]),
    "symbols": ("AT&T", "at&t and AT & T", ["at&t"]),
    "digits": ("1962", "in 1962, not 19621", ["1962"]),
    "at the very ends": ("a", "a b a", ["a", "a"]),
    "letters that change length in lower case": ("izmir", "İzmir is far", ["İzmir"]),
    "beside an emoji": ("grain", "🌾grain🌾", ["grain"]),
    "Cyrillic": ("киссинджер", "Киссинджер сказал", ["Киссинджер"]),
}


def found(watch: Watch, *segments: str) -> list[tuple[str, str]]:
    transcript = joined(Segment(i * 10.0, i * 10.0 + 10, s) for i, s in enumerate(segments))
    return [(m.kind.value, m.surface) for m in detectors.build([watch])(transcript)]


@pytest.mark.parametrize("case", QUERIES, ids=str)
def test_a_query_finds(case: str) -> None:
    query, text, surfaces = QUERIES[case]
    assert found(Watch(name="w", query=query), text) == [("exact", s) for s in surfaces]


def test_a_phrase_is_found_where_a_segment_ends_inside_it() -> None:
    transcript = joined([Segment(0, 10, "The naval", "Ann"), Segment(10, 20, "quarantine began.", "Bob")])
    [m] = detectors.build([Watch(name="q", query='"naval quarantine"')])(transcript)
    assert (m.surface, m.segment, m.speaker, m.seconds) == ("naval quarantine", 0, "Ann", 4.0)


def test_an_entity_is_found_by_its_name_and_its_aliases_and_says_by_which() -> None:
    watch = Watch(name="k", entity="Keith Kellogg", aliases=("General Kellogg", "Kellogg"))
    assert found(watch, "Keith Kellogg met General Kellogg. Kellogg!") == [
        ("exact", "Keith Kellogg"),
        ("alias", "General Kellogg"),
        ("alias", "Kellogg"),
    ]


def test_watches_do_not_hide_one_another() -> None:
    watches = [Watch(name="a", query="sea"), Watch(name="b", query='"black sea"'), Watch(name="c", query="sea")]
    transcript = joined([Segment(0, 1, "the black sea")])
    assert [m.watch for m in detectors.build(watches)(transcript)] == ["b", "a", "c"]


def test_a_snippet_is_the_sentence_around_the_mention() -> None:
    transcript = joined([Segment(0, 1, "It rained. Then the grain came! Nobody saw it.")])
    [m] = detectors.build([Watch(name="g", query="grain")])(transcript)
    assert m.snippet == "Then the grain came!"
    assert m.snippet[m.snippet_start :].startswith(m.surface)


def test_a_snippet_of_a_text_without_stops_is_cut_at_words() -> None:
    transcript = joined([Segment(0, 1, "word " * 300 + "grain " + "word " * 300)])
    [m] = detectors.build([Watch(name="g", query="grain")])(transcript)
    assert len(m.snippet) < 400
    assert set(m.snippet.split()) == {"word", "grain"}


@given(st.text(max_size=60))
def test_folding_never_moves_a_character(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


letters = st.text("aAbB é'-_1", max_size=30)


@given(letters, st.lists(st.text("abé'-1 ", min_size=1, max_size=4), max_size=4))
def test_one_pass_finds_what_a_search_for_each_phrase_finds(text: str, phrases: list[str]) -> None:
    fast = sorted(Literals(phrases).find(text))
    assert fast == sorted(naive(text, phrases))


def naive(text: str, phrases: list[str]) -> list[tuple[int, int, int]]:
    hits = []
    for i, phrase in enumerate(phrases):
        words = " ".join(fold(phrase).split())
        if not words:
            continue
        left = r"(?<!\w)" if re.match(r"\w", words) else ""
        right = r"(?!\w)" if re.search(r"\w$", words) else ""
        for m in re.finditer(f"(?=({left}{re.escape(words)}{right}))", fold(text)):
            hits.append((i, m.start(1), m.end(1)))
    return hits


def test_kinds_are_told_apart() -> None:
    assert {k.value for k in Kind} == {"exact", "alias", "sounds_like", "entity"}

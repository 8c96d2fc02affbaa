"""What the engine finds: whole words in any case, phrases across segments, names and their aliases, nothing else."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from podwatch.model import Kind, Segment, Watch, join_segments
from podwatch.query import build_engine, intervals
from podwatch.query.literal_table import LiteralTable
from podwatch.query.literals import Ending, Literal, LiteralAutomaton, find_literals
from podwatch.query.normaliser import normalise, normalise_all
from podwatch.query.postings import READ, WordPostings


def find(watch: Watch, *segments: str) -> list[tuple[str, str]]:
    transcript = join_segments(Segment(i * 10.0, i * 10.0 + 10, s) for i, s in enumerate(segments))
    return [(m.kind.value, m.surface) for m in build_engine([watch])(transcript).mentions]


def test_a_phrase_is_found_where_a_segment_ends_inside_it() -> None:
    transcript = join_segments([Segment(0, 10, "The naval", "Ann"), Segment(10, 20, "quarantine began.", "Bob")])
    [m] = build_engine([Watch(name="q", query='"naval quarantine"')])(transcript).mentions
    assert (m.surface, m.segment, m.speaker, m.seconds) == ("naval quarantine", 0, "Ann", 4.0)


def test_an_entity_is_found_by_its_name_and_its_aliases_and_says_by_which() -> None:
    watch = Watch(name="k", entity="Keith Kellogg", aliases=("General Kellogg", "Kellogg"))
    assert find(watch, "Keith Kellogg met General Kellogg. Kellogg!") == [
        ("exact", "Keith Kellogg"),
        ("alias", "General Kellogg"),
        ("alias", "Kellogg"),
    ]


def test_watches_do_not_hide_one_another() -> None:
    watches = [Watch(name="a", query="sea"), Watch(name="b", query='"black sea"'), Watch(name="c", query="sea")]
    transcript = join_segments([Segment(0, 1, "the black sea")])
    assert [m.watch for m in build_engine(watches)(transcript).mentions] == ["b", "a", "c"]


def test_a_snippet_is_the_sentence_around_the_mention() -> None:
    transcript = join_segments([Segment(0, 1, "It rained. Then the grain came! Nobody saw it.")])
    [m] = build_engine([Watch(name="g", query="grain")])(transcript).mentions
    assert m.snippet == "Then the grain came!"
    assert m.snippet[m.snippet_start :].startswith(m.surface)


def test_a_snippet_of_a_text_without_stops_is_cut_at_words() -> None:
    transcript = join_segments([Segment(0, 1, "word " * 300 + "grain " + "word " * 300)])
    [m] = build_engine([Watch(name="g", query="grain")])(transcript).mentions
    assert len(m.snippet) < 400
    assert set(m.snippet.split()) == {"word", "grain"}


def test_a_name_has_no_plural() -> None:
    assert find(Watch(name="b", entity="Mike Brook"), "Mike Brooks met Mike Brook's man") == [("exact", "Mike Brook")]


def test_initials_are_written_in_three_ways() -> None:
    watch = Watch(name="v", entity="J.D. Vance")
    assert find(watch, "J.D. Vance, JD Vance, J. D. Vance, d vance") == [
        ("exact", "J.D. Vance"),
        ("exact", "JD Vance"),
        ("exact", "J. D. Vance"),
    ]


marks = "aAbB é'’.,-_1$+ß北🚀\u0301 ½ﬃ₂Ｎﾊﾞバเทพกิदि한\u1112\u1161\u11ab()[]"


@given(st.text(marks, max_size=40) | st.text(max_size=40))
@example("½ﾞ")
def test_a_normalised_text_has_one_blank_between_words_and_maps_them_to_the_stored_text(text: str) -> None:
    normal = normalise(text)
    assert normal.text == f" {' '.join(normal.text.split())} ".replace("  ", " ")
    at = 1
    for word in normal.text.split():
        start, end = normal.stored_span(at, at + len(word))
        found = normalise(text[start:end]).text.split()
        assert word in found or found in ([word[:-1]], word.split("'"), list(word))
        at += len(word) + 1


@given(st.lists(st.text(marks, max_size=8), max_size=5))
def test_terms_are_normalised_together_as_each_alone(terms: list[str]) -> None:
    assert normalise_all(terms) == [normalise(t).text.strip() for t in terms]


letters = st.text("ab é'北", max_size=30) | st.lists(st.text("abé", min_size=7, max_size=30)).map(" ".join)


@given(letters)
def test_postings_are_of_every_word(text: str) -> None:
    plain = normalise(text).text
    found = WordPostings(plain)
    words = [plain[a:b] for a, b in zip(found.starts.tolist(), found.ends.tolist(), strict=True)]
    assert words == [word for word in re.split("[ ']", plain) if word]
    hashes = found.hashes.tolist()
    short = [(word, of) for word, of in zip(words, hashes, strict=True) if len(word.encode()) <= READ]
    assert len({of for _, of in short}) == len({word for word, _ in short})
    assert all((word == other) <= (a == b) for word, a in zip(words, hashes, strict=True) for other, b in short)


def test_long_words_that_begin_and_end_alike_are_not_taken_for_each_other() -> None:
    first, second = ("a" * 20 + middle + "b" * 20 for middle in "xy")
    assert WordPostings(f" {first} ").hashes.tolist() == WordPostings(f" {second} ").hashes.tolist()
    literals = [Literal(first, 0, Ending.PLURAL), Literal(f"{first} {second}", 1, Ending.WHOLE)]
    found = LiteralTable(literals).find(WordPostings(f" {second} {first} {second}s {first}s {first} {second} "))
    assert sorted(zip(found.atoms.tolist(), found.starts.tolist(), strict=True)) == [
        (0, 43),
        (0, 128),
        (0, 171),
        (1, 171),
    ]


texts = st.text("ab s'e", max_size=30).map(lambda t: normalise(t).text)
endings = st.sampled_from(list(Ending))


words = st.text("abse' ", min_size=1, max_size=7).map(lambda t: normalise(t).text.strip()).filter(bool)


@given(texts, words, endings)
def test_the_automaton_finds_what_a_search_for_each_literal_finds(text: str, word: str, ending: Ending) -> None:
    literal = Literal(word, 7, ending)
    hits: dict[int, list[tuple[int, int, int]]] = {}
    LiteralAutomaton([literal, Literal("a", 8, Ending.WHOLE)]).find(text, hits)
    assert sorted(hits.get(7, [])) == sorted(find_literals(text, [literal]))


some_words = words | st.sampled_from(["北京", "a 北", "é", "東", "don", "don't", "tax", "a b s", "ab's"])
said = st.lists(some_words | st.sampled_from(["taxes", "don't", "a b's", "北 京"]), max_size=20).map(
    lambda parts: normalise(" ".join(parts)).text
)


@given(texts | said, st.lists(st.tuples(some_words, endings), min_size=1, max_size=8))
@example(" don't ", [("don", Ending.WHOLE), ("don", Ending.PLURAL)])
@example(" ab's b a b", [("ab's", Ending.WHOLE), ("a b", Ending.PLURAL)])
def test_the_table_finds_what_the_automaton_finds(text: str, given: list[tuple[str, Ending]]) -> None:
    text = normalise(text).text
    literals = [Literal(normalise(word).text.strip(), i, ending) for i, (word, ending) in enumerate(given)]
    hits: dict[int, list[tuple[int, int, int]]] = {}
    LiteralAutomaton(literals).find(text, hits)
    table, where = LiteralTable(literals), WordPostings(text)
    found = table.find(where)
    rows = zip(found.atoms.tolist(), found.starts.tolist(), found.stops.tolist(), strict=True)
    assert sorted(rows) == sorted((atom, start, stop) for atom, spans in hits.items() for start, stop, _ in spans)
    assert where.starts[found.words].tolist() == found.starts.tolist()


def test_the_choice_of_triggers_changes_no_mention() -> None:
    watches = [Watch(name=str(i), query=q) for i, q in enumerate(["a AND b", "b NEAR/1 c", "(a OR c) -d", '"b c"{1,}'])]
    transcripts = [join_segments([Segment(0, 1, t)]) for t in ["a b", "b c", "c", "a d", "b x c b c"] * 8]
    engine = build_engine(watches)
    first = [build_engine(watches)(t).mentions for t in transcripts]
    assert [engine(t).mentions for t in transcripts] == first


def test_only_the_watches_asked_for_are_evaluated() -> None:
    engine = build_engine([Watch(name="a", query="sea"), Watch(name="b", query="sea")])
    assert [m.watch for m in engine(join_segments([Segment(0, 1, "sea")]), only={"b"}).mentions] == ["b"]


spans = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 4)).map(lambda t: (t[0], t[0] + t[1], 0)), max_size=8)


@given(spans)
def test_longest_intervals_are_disjoint_and_cover_every_span(found: list[intervals.Span]) -> None:
    selected = intervals.longest_intervals(found)
    assert all(a[1] <= b[0] for a, b in pairwise(selected))
    assert all(any(k[0] < s[1] and s[0] < k[1] and k[1] - k[0] >= s[1] - s[0] for k in selected) for s in found)


@given(spans)
def test_minimal_intervals_contain_no_other(found: list[intervals.Span]) -> None:
    selected = intervals.minimal_intervals(found)
    inside = {s for s in found if not any(o != s and s[0] <= o[0] and o[1] <= s[1] for o in found)}
    assert selected == sorted(inside)


def test_the_kinds_of_mentions_have_their_own_words() -> None:
    assert {k.value for k in Kind} == {"exact", "alias", "sounds_like", "entity"}


def test_a_misspelt_name_has_a_score_and_a_reason() -> None:
    watch = Watch(name="k", entity="Steve Witkoff", sounds_like=True)
    text = "The envoy Steve Whitkoff flew to Moscow. Witkoff met him. Then Mr. Whitkoff left."
    mentions = build_engine([watch])(join_segments([Segment(0, 10, text)])).mentions
    assert [m.surface for m in mentions] == ["Steve Whitkoff", "Witkoff", "Whitkoff"]
    assert [m.kind for m in mentions] == [Kind.SOUNDS_LIKE, Kind.EXACT, Kind.SOUNDS_LIKE]
    assert all(0.5 < m.score <= 1 for m in mentions)
    assert "witkoff" in mentions[0].reason.lower()


def test_a_query_may_look_for_a_name_by_its_sound() -> None:
    text = join_segments([Segment(0, 10, "The envoy Steve Whitkoff brought a new deal.")])
    [m] = build_engine([Watch(name="k", query='~~"Steve Witkoff" NEAR/5 deal')])(text).mentions
    assert (m.surface, m.kind) == ("Steve Whitkoff brought a new deal", Kind.SOUNDS_LIKE)


@pytest.mark.parametrize("name", ["习近平", "G7", "Target", "AT&T", "BTS", "Ng", "C++", "9/11", "7-Eleven", "Ke$ha"])
def test_a_query_for_a_name_by_its_sound_finds_it_as_it_is_written(name: str) -> None:
    text = join_segments([Segment(0, 10, f"They spoke about {name} for a while.")])
    [m] = build_engine([Watch(name="k", query=f"~~{name}")])(text).mentions
    assert (m.surface, m.kind) == (name, Kind.EXACT)


def test_an_excluded_spelling_is_not_found() -> None:
    text = join_segments([Segment(0, 10, "Steve Whitkoff flew. Then Steve Wittkoff left. Steve Whitkoff too.")])
    watch = Watch(name="k", entity="Steve Witkoff", sounds_like=True, exclude=("Steve Whitkoff", "Whitkoff"))
    assert [m.surface for m in build_engine([watch])(text).mentions] == ["Steve Wittkoff"]


# text: the surfaces that are still found when Dobrinin Street and Dobrynin's Deli are excluded)
EXCLUDED_PHRASES = {
    "They live on Dobrinin Street in Boston.": [],
    "They live on dobrinin-street in Boston.": [],
    "Meet me at Dobrynin's Deli.": [],
    "Dobrinin lives on Dobrinin Street.": ["Dobrinin"],
    "On Dobrinin Street Anatoly Dobrynin had his deli.": ["Anatoly Dobrynin"],
    "Dobrinin Streets are two.": ["Dobrinin"],
    "They asked Dobrinin. Street lamps went out.": ["Dobrinin"],
    "Behind St. Dobrinin's there was nobody.": [],
}


@pytest.mark.parametrize("said", EXCLUDED_PHRASES, ids=str)
def test_a_name_within_an_excluded_phrase_is_not_found(said: str) -> None:
    exclude = ("Dobrinin Street", "Dobrynin's Deli", "St. Dobrinin's")
    watch = Watch(name="k", entity="Anatoly Dobrynin", sounds_like=True, exclude=exclude)
    assert [
        m.surface for m in build_engine([watch])(join_segments([Segment(0, 10, said)])).mentions
    ] == EXCLUDED_PHRASES[said]


def test_a_threshold_above_the_score_leaves_only_correct_spellings() -> None:
    text = join_segments([Segment(0, 10, "Steve Whitkoff flew. Then Steve Witkoff left.")])
    watch = Watch(name="k", entity="Steve Witkoff", sounds_like=True, threshold=1.0)
    assert [m.surface for m in build_engine([watch])(text).mentions] == ["Steve Witkoff"]

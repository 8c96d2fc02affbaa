"""What an index leaves out holds no mention: the tokens that a query needs are never stricter than the engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import PodwatchError
from podwatch.model import Needed, NeededToken, NeedsAll, NeedsAny, Segment, Watch, join_segments
from podwatch.query import Engine, build_engine
from podwatch.query.narrowing import LONGEST, MAX_CHARACTERS, holds, index_tokens


def engine_for(query: str) -> Engine:
    return build_engine([Watch(name="q", query=query)])


def needs(query: str) -> Needed | None:
    engine = engine_for(query)
    assert not engine.broken
    return engine.needed_tokens("q")


def shown(needed: Needed | None) -> str:
    """An expression as people read it."""
    match needed:
        case None:
            return "anything"
        case NeededToken():
            return needed.token + "*" * needed.is_prefix
        case NeedsAll() | NeedsAny():
            sign = " & " if isinstance(needed, NeedsAll) else " | "
            return f"({sign.join(map(shown, needed.parts))})"


NARROWED = {
    "grain": "(grain | grains | graines)",
    '="Grain"': "grain",
    '"black sea"': "(black & (sea | seas | seaes))",
    "grain AND corn NOT recipe": "((grain | grains | graines) & (corn | corns | cornes))",
    "us OR uk": "(us | uk)",
    "sanction*": "sanction*",
    "*tion": "anything",
    "col?ur": "(col* | (col & ur))",
    "grain~1": "anything",
    "/gr[ae]in/": "anything",
    "~~Dobrynin": "anything",
    "grain OR /corn/": "anything",
    "us AND /corn/": "us",
    "us title:grain": "us",
    "us{2,}": "us",
    "us{0,2} uk": "uk",
    "us NEAR/5 uk": "(us & uk)",
    "us NOT NEAR/5 uk": "us",
    "us WITHIN 30s uk": "(us & uk)",
    "=Кремль": "_43a__440__435__43c__43b__44c_",
    "東京": "(_6771_ & _4eac_ & _6771___4eac_)",
    "C++": "(c & _2b__2b_)",
}


@pytest.mark.parametrize("query", NARROWED)
def test_a_query_needs_these_tokens(query: str) -> None:
    assert shown(needs(query)) == NARROWED[query]


# (query, a text that it is found in): what a tokenizer of a database would cut, fold or leave out otherwise.
LEFT_IN = [
    ("grain", "Grain's price"), ("grain", "the grains' price"), ("tax", "taxes"), ("party", "parties"),
    ("putin", "Putin’s war"), ("won't", "he won’t go"), ('"O\'Brien"', "OBrien said"), ("obrien", "O'Brien said"),
    ('"U.S. Steel"', "US Steel"), ("fbi", "the F.B.I. came"), ("F-35", "F 35s"), ("737", "737s"), ("C++", "in C++."),
    ("AT&T", "at AT & T"), ("2.5", "about 2.5 per cent"), ("500,000", "500,000 people"), ('"l\'Ukraine"', "de l’Ukraine"),
    ("ukraine", "l'Ukraine"), ("cafe", "cafe\u0301s"), ("strasse", "Straße"), ("Łódź", "in Lodz"), ("ёлка", "елка"),
    ("Кремл*", "в Кремле"), ("京", "東京都"), ("京都", "東京都"), ("パリ", "ﾊﾟﾘ"), ("กรุงเทพ", "กรุงเทพมหานคร"),
    ("삼성*", "삼성전자"), ("דונלד", "דּוֹנָלְד"), ("दिल्ली", "नई दिल्ली में"), ("donau*", "Donau" + "dampf" * 30),
    ('"black sea"', "black [Music] sea"), ("you*", "You're"), ("sanction*", "Sanctions'"), ("emmet?", "Emmett's"),
    ('"Dune film"', "Dune™ film"), ("fish", "ﬁsh"), ("12", "１２"), ("IV", "Ⅳ"), ("tmobile", "T-Mobile"),
    ("YouTube", "You Tube"), ("mcdonalds", "McDonald's"), ('="US"', "the US said"), ("email", "e-mails"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "text"), LEFT_IN)
def test_what_is_written_otherwise_is_left_in(query: str, text: str) -> None:
    engine, transcript = engine_for(query), join_segments([Segment(0.0, 9.0, text)])
    assert engine(transcript).mentions, "the engine does not find it: the case says nothing"
    assert holds(engine.needed_tokens("q"), index_tokens(transcript.text).tokens.split())


def test_a_long_word_is_cut_alike_on_both_sides() -> None:
    word = "donaudampfschiff" * 9
    tokens = index_tokens(f"the {word}s said").tokens.split()
    assert max(map(len, tokens)) == LONGEST
    assert holds(needs(word), tokens)
    assert holds(needs(f"{word[:100]}*"), tokens)


def test_a_transcript_with_too_many_words_is_not_indexed_in_part() -> None:
    found = index_tokens(" ".join(f"w{i}" for i in range(MAX_CHARACTERS // 5)))
    assert (found.is_whole, found.tokens) == (False, "")


def test_a_query_of_very_many_parts_asks_for_what_can_be_asked() -> None:
    assert needs(" OR ".join(f"word{i}" for i in range(600))) is None
    assert needs("(" * 60 + "grain" + ")" * 60) is not None


# Words of several scripts, in the forms in which they come: cased, accented, with apostrophes, dots and marks, in pieces.
WORDS = [
    "grain", "Grain's", "grains", "corn", "The", "don't", "O'Brien", "OBrien", "U.S.", "US", "us", "F-35", "F35",
    "2.5", "500,000", "$5", "C++", "AT&T", "l'Ukraine", "Ukraine", "Qu'il", "café", "cafe\u0301", "Łódź", "straße",
    "STRASSE", "boxes", "box", "parties", "party", "Кремль", "Кремля", "Кремлю", "москва", "Москве", "ёлка", "елка",
    "東京", "東京都", "京都", "北京", "東", "京", "とうきょう", "ﾊﾟﾘ", "パリ", "กรุงเทพ", "กรุงเทพมหานคร", "เทพ", "삼성", "사실",
    "삼성전자", "דונלד", "דּוֹנָלְד", "سوريا", "السوريين", "दिल्ली", "दिल", "Αθήνα", "ΑΘΗΝΑ", "E*TRADE", "YouTube",
    "You Tube", "McDonalds", "McDonald's", "[Music]", "tmobile", "T-Mobile", "ﬁsh", "１２", "Ⅳ", "IV", "naïve", "Nuku'alofa",
]  # fmt: skip
BREAKS = st.sampled_from([" ", " ", ", ", ". ", "", "-", "'", "\u200b", " (", "…"])
TEXTS = st.lists(st.tuples(st.sampled_from(WORDS), BREAKS), min_size=1, max_size=40).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)


def _plain(word: str) -> str:
    return word.replace("[", "").replace("]", "").replace("*", "")


def _terms() -> st.SearchStrategy[str]:
    word = st.sampled_from(WORDS).map(_plain)
    cut = st.tuples(word, st.integers(1, 4)).map(lambda w: w[0][: w[1]] or "x")
    return st.one_of(
        word.map(lambda w: f'"{w}"'),
        word.map(lambda w: f'="{w}"'),
        st.tuples(word, word).map(lambda two: f'"{two[0]} {two[1]}"'),
        st.tuples(word, word).map(lambda two: f'"{two[0]}{two[1]}"'),
        cut.map(lambda w: f"{w}*"),
        st.tuples(cut, cut).map(lambda two: f"{two[0]}*{two[1]}"),
        cut.map(lambda w: f"?{w}"),
        cut.map(lambda w: f"{w}?"),
        word.map(lambda w: f"{w}~1"),
        st.tuples(word, word).map(lambda two: f'"{two[0]} {two[1]}"~3'),
        word.map(lambda w: f'entity:"{w}"'),
        word.map(lambda w: f'title:"{w}"'),
        word.map(lambda w: f'speaker:"{w}"'),
        st.just("/gr[ae]in/"),
    )


QUERIES = st.recursive(
    _terms(),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]} OR {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} AND {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} AND NOT {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} NEAR/5 {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} NOT NEAR/2 {two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]} WITHIN 30s {two[1]})"),
        inner.map(lambda one: f"({one}){{2,}}"),
        inner.map(lambda one: f"({one}){{0,1}}"),
    ),
    max_leaves=5,
)


def check(query: str, text: str) -> None:
    try:
        engine = engine_for(query)
    except PodwatchError:
        return
    transcript = join_segments([Segment(0.0, 9.0, text, "Grain")])
    if engine.broken or not engine(transcript).mentions:
        return
    assert holds(engine.needed_tokens("q"), index_tokens(transcript.text).tokens.split()), (query, text)


@given(QUERIES, TEXTS)
def test_where_a_scan_finds_something_the_index_leaves_it_in(query: str, text: str) -> None:
    check(query, text)


@given(st.data())
def test_what_is_asked_for_in_the_words_of_the_text_is_left_in(data: st.DataObject) -> None:
    """As above, with queries that mostly find something: a stretch of the text, or the beginning of one."""
    text = data.draw(TEXTS)
    start = data.draw(st.integers(0, len(text) - 1))
    stretch = _plain(text[start : data.draw(st.integers(start + 1, len(text)))]).replace('"', " ").strip() or "x"
    form = data.draw(st.sampled_from(['"{}"', '="{}"', '"{}" OR "zzz"', '"{}" AND "grain"', '"{}"{{1,}}', "{}*", "{}"]))
    check(form.format(stretch), text)


@given(st.text(min_size=1, max_size=6), st.text(max_size=12), st.text(max_size=12))
def test_so_it_is_for_any_characters(word: str, before: str, after: str) -> None:
    word = word.replace('"', "'")
    check(f'"{word}"', f"{before} {word} {after}")

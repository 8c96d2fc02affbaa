"""The watch language: a line for each operator, run on the engine and on an independent oracle; and its errors."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from podwatch.model import Entity, EntityType, Form, Segment, Watch, join_segments
from podwatch.query import Engine, EpisodeFields, build_engine, clauses, compiler
from podwatch.query.check_warnings import find_hints
from podwatch.query.parser import QueryError, is_anchored, parse
from tests.support import query_oracle
from tests.support.hypothesis_profiles import examples

# name: (query, text, the surfaces found)
CASES: dict[str, tuple[str, str, list[str]]] = {
    "a term in any case": ("grain", "Grain, GRAIN and grain", ["Grain", "GRAIN", "grain"]),
    "only whole words": ("grain", "ingrain, grain1, grainy", []),
    "a plain plural": ("sanction", "sanctions and sanction", ["sanctions", "sanction"]),
    "a plural in es": ("embargo", "embargoes, embargos", ["embargoes", "embargos"]),
    "a plural in ies": ("party", "the parties", ["parties"]),
    "a possessive": ("sanction", "the sanctions' end, a sanction's end", ["sanctions", "sanction"]),
    "a possessive with a curly apostrophe": ("putin", "Putin’s word", ["Putin"]),
    "a contraction": ("putin", "Putin'll go", ["Putin"]),
    "don't is not Don": ("don", "I don't know Don", ["Don"]),
    "she'll is not Shell": ("shell", "she'll buy Shell", ["Shell"]),
    "no plural of short words": ("it", "its it", ["it"]),
    "a phrase": ('"black sea"', "the Black Sea", ["Black Sea"]),
    "a phrase with a comma between": ('"black sea"', "black, sea", ["black, sea"]),
    "a phrase ends in a plural": ('"prime minister"', "two prime ministers", ["prime ministers"]),
    "a hyphen is a blank": ('"black sea"', "a black-sea port", ["black-sea"]),
    "a blank is a hyphen": ("black-sea", "the black sea", ["black sea"]),
    "accents do not count": ("zurich", "Zürich and Zurich", ["Zürich", "Zurich"]),
    "accents of the query do not count": ("Zürich", "Zurich", ["Zurich"]),
    "an elision": ("ukraine", "l’Ukraine", ["Ukraine"]),
    "an apostrophe in a name": ("O'Brien", "O’Brien and O Brien", ["O’Brien", "O Brien"]),
    "symbols: AT&T": ("AT&T", "at&t and AT & T", ["at&t", "AT & T"]),
    "symbols: C++": ("C++", "C++ and C", ["C++"]),
    "symbols: $500": ("$500", "$500, not $500,000", ["$500"]),
    "a number within a price": ("500", "$500 but 1,500", ["500"]),
    "a decimal number": ("2.5", "2.5 percent, 2, 5", ["2.5"]),
    "letters and digits": ("G7", "the G7's end, G77", ["G7"]),
    "exact case": ("=NATO", "NATO, Nato and NATO's", ["NATO", "NATO"]),
    "exact case of a phrase": ('="Black Sea"', "black sea, Black Sea", ["Black Sea"]),
    "AND finds both": ("grain AND sea", "the sea of grain", ["sea", "grain"]),
    "words that stand together are AND": ("grain sea", "grain only", []),
    "AND wants both": ("grain AND sea", "grain only", []),
    "OR": ("grain OR wheat", "wheat", ["wheat"]),
    "OR binds less than AND": ("a OR b AND c", "a", ["a"]),
    "NOT": ("grain AND NOT recipe", "grain recipe", []),
    "minus": ("grain -recipe", "grain", ["grain"]),
    "plus": ("+grain +sea", "sea grain", ["sea", "grain"]),
    "parentheses": ("(a OR b) AND c", "b c", ["b", "c"]),
    "signs of other languages": ("a && (b || c)", "a c", ["a", "c"]),
    "NEAR/0 is side by side": ("a NEAR/0 b", "a b. Or a x b", ["a b"]),
    "NEAR/1 lets one word between": ("a NEAR/1 b", "a x b", ["a x b"]),
    "NEAR/1 lets not two words between": ("a NEAR/1 b", "a x y b", []),
    "NEAR in either order": ("a NEAR/2 b", "b x a", ["b x a"]),
    "NEAR finds the shortest": ("a NEAR/9 b", "a a b b", ["a b"]),
    "NEAR of groups": ('"black sea" NEAR/10 (grain OR initiative)', "Black Sea grain initiative", ["Black Sea grain"]),
    "NEAR thrice": ("a NEAR/1 b NEAR/1 c", "a b c", ["a b c"]),
    "ONEAR keeps the order": ("a ONEAR/3 b", "b x a", []),
    "NEAR/3f is ONEAR/3": ("a NEAR/3f b", "a x b", ["a x b"]),
    "NOT NEAR": ("apple NOT NEAR/2 juice", "apple juice. One two three four apple", ["apple"]),
    "NEAR across a stop": ("a NEAR/2 b", "a. B", ["a. B"]),
    "a star at the end": ("sanct*", "sanctions, sanctuary, Sanct", ["sanctions", "sanctuary", "Sanct"]),
    "a star in the middle": ("de*tion", "detention of deletion's end", ["detention", "deletion"]),
    "a star at the beginning": ("*burg", "Hamburg", ["Hamburg"]),
    "a question mark": ("wom?n", "women woman womn", ["women", "woman"]),
    "a star in a phrase": ('"black se*"', "black seas, black, red", ["black seas"]),
    "spelling distance": ("witkoff~2", "Whitkoff, Witkof, Witcough", ["Whitkoff", "Witkof"]),
    "swapped letters are one change": ("grain~1", "gariN, grani, gerin", ["gariN", "grani"]),
    "words of a phrase in any order": ('"grain initiative"~1', "initiative for grain", ["initiative for grain"]),
    "a count": ("(sanction){2,}", "sanctions, sanction", ["sanctions", "sanction"]),
    "a count that is not reached": ("(sanction){3,}", "sanctions, sanction", []),
    "a count of a term": ("grain{1}", "grain", ["grain"]),
    "at most": ("(grain){1,2}", "grain grain grain", []),
    "a phrase is not its words": ('"the us"', "the united us", []),
    "an operator in quotes is a word": ('"OR"', "Portland, OR", ["OR"]),
    "a date": ("9/11", "on 9/11", ["9/11"]),
    "quotes of a word processor": ("“black sea”", "black sea", ["black sea"]),
    "beside an emoji": ("grain", "🌾grain🌾", ["grain"]),
    "Cyrillic": ("киссинджер", "Киссинджер сказал", ["Киссинджер"]),
    "an underscore is a blank": ("a_b", "a_b a b", ["a_b", "a b"]),
    "at the very ends": ("a", "a b a", ["a", "a"]),
    "nothing to look in": ("a", "", []),
}
ENGINE_ONLY: dict[str, tuple[str, str, list[str]]] = {
    "an acronym with dots, and in capitals": ("U.S.", "U.S. and US, not us", ["U.S", "US"]),
    "an acronym without dots": ("US", "U.S. US us", ["U.S", "US", "us"]),
    "a word that is an acronym, too": ("us", "U.S. US us", ["US", "us"]),
    "an emoji": ("🚀", "to the 🚀 moon", ["🚀"]),
    "Chinese": ("北京", "他在北京工作", ["北京"]),
    "sharp s": ("strasse", "die Straße", ["Straße"]),
    "a letter and its accent apart": ("cafe", "cafe\u0301!", ["cafe\u0301"]),
    "letters that change length in lower case": ("izmir", "İzmir is far", ["İzmir"]),
    "a regular expression": ("/sanction(s|ed) on \\w+/", "Sanctions on Iran. sanctioned", ["Sanctions on Iran"]),
    "a regular expression that explodes elsewhere": ("/(a+)+b/", "a" * 5000, []),
    "an expression near a word": ("/ira[nq]/ NEAR/2 oil", "oil of Iran, Iraq", ["oil of Iran"]),
}


def watch(query: str) -> Watch:
    return Watch(name="w", query=query)


def find_surfaces(query: str, *segments: str, fields: EpisodeFields | None = None, **columns: object) -> list[str]:
    """The surfaces that a query finds in segments of ten seconds, spoken by Ann and Bob in turn."""
    parts = [Segment(i * 10.0, i * 10.0 + 10, s, "Ann" if i % 2 == 0 else "Bob") for i, s in enumerate(segments)]
    engine = build_engine([watch(query)])
    assert not engine.broken
    result = engine(join_segments(parts, **columns), fields or EpisodeFields())
    assert not result.failed
    return [m.surface for m in result.mentions]


@pytest.mark.parametrize("case", [*CASES, *ENGINE_ONLY], ids=str)
def test_a_query_finds(case: str) -> None:
    query, text, surfaces = (CASES | ENGINE_ONLY)[case]
    assert find_surfaces(query, text) == surfaces


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_oracle_finds_the_same(case: str) -> None:
    query, text, surfaces = CASES[case]
    assert [s for _, _, s in query_oracle.find_surfaces(parse(query), text)] == surfaces


SEGMENTED: dict[str, tuple[str, tuple[str, ...], list[str]]] = {
    "a phrase over two segments": ('"black sea"', ("the black", "sea"), ["black sea"]),
    "within seconds": ("grain WITHIN 20s sea", ("grain", "the sea"), ["grain the sea"]),
    "not within seconds": ("grain WITHIN 5s sea", ("grain", "x", "the sea"), []),
    "within minutes": ("(grain AND sea) WITHIN 1 minute", ("grain", "x", "sea"), ["grain x sea"]),
    "in the same segment": ("grain SAME SEGMENT sea", ("grain", "sea grain"), ["sea grain"]),
    "not in the same segment": ("(grain AND sea) SAME SEGMENT", ("grain", "sea"), []),
    "said by somebody": ("grain speaker:bob", ("grain", "grain now"), ["grain"]),
    "said by one of two": ("grain AND (speaker:bob OR speaker:eve)", ("grain", "grain now"), ["grain"]),
    "said by neither of two": ("grain AND NOT (speaker:ann OR speaker:eve)", ("grain x", "grain now"), ["grain"]),
    "not said by somebody": ("grain AND NOT speaker:(ann OR bob)", ("grain",), []),
}


@pytest.mark.parametrize("case", SEGMENTED, ids=str)
def test_a_query_looks_at_segments(case: str) -> None:
    query, segments, surfaces = SEGMENTED[case]
    assert find_surfaces(query, *segments) == surfaces


EPISODE = EpisodeFields(
    title="Grain wars", notes="With Keith Kellogg", show="The Sea Hour", feed_url="https://feeds.example/sea"
)
FIELDS = {
    "title:grain": True,
    'title:"grain war"': True,
    "title:wheat": False,
    "notes:(kellogg AND NOT witkoff)": True,
    "notes:kelog~1": False,
    "notes:kelloggs~1": True,
    "feed:sea": True,
    "feed:feeds.example": True,
    "feed:/h(ou)r/": True,
    "title:wa*": True,
    "lang:en": True,
    "lang:de": False,
    "-title:grain": False,
    "NOT title:wheat": True,
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_a_condition(field: str) -> None:
    assert bool(find_surfaces(f"said {field}", "she said", fields=EPISODE, language="en-US")) is FIELDS[field]


KEITH = Entity(
    key="keith kellogg",
    name="Keith Kellogg",
    type=EntityType.PERSON,
    forms=(Form("Keith Kellogg", 1), Form("Kellogg", 1)),
    spans=((4, 11),),
)


def test_a_recognised_entity_is_found_under_any_of_its_names() -> None:
    engine = build_engine([watch('entity:"Keith Kellogg"')])
    text = join_segments([Segment(0, 1, "The Kellogg plan")])
    [m] = engine(text, EpisodeFields(entities=(KEITH,))).mentions
    assert (m.surface, m.kind.value, m.reason) == ("Kellogg", "entity", "entity Keith Kellogg")


def test_an_entity_of_a_query_is_found_by_its_words_where_nobody_recognised_any() -> None:
    assert find_surfaces('entity:"Keith Kellogg"', "Keith Kellogg's plan") == ["Keith Kellogg"]


# query: (column, what the message says)
MISTAKES = {
    "": (1, 'ends where a word, a "phrase" or ( is expected'),
    "a AND": (6, "ends where"),
    "(a OR b": (8, "ends where )"),
    "a)": (2, "a ) without its ("),
    '"abc': (1, "quotes"),
    "/abc": (1, "not closed"),
    "a NEAR b": (3, "NEAR has nothing to work on"),
    "a AND AND b": (7, "AND has nothing"),
    "foo:bar": (1, "there is no field foo:"),
    "NOT x": (1, "not said"),
    "a OR NOT b": (6, "not said"),
    "title:x": (1, "not said"),
    "(a){0,}": (1, "not said"),
    "(a){3,1}": (4, "can never be"),
    "a*": (1, "almost every word"),
    "*": (1, "almost every word"),
    "it~2": (1, "almost any word"),
    "(a b) NEAR/5 c": (2, "cannot stand beside NEAR"),
    "a NEAR/5 (b OR NOT c)": (16, "cannot stand beside NEAR"),
    "title:(a NEAR/3 b) c": (8, "cannot stand in title:"),
    "entity:(a b)": (9, "wants one name"),
    '"!!!"': (1, "has no word in it"),
    "grain ~~Dobr*": (7, "~~Dobr* has a * or ? in it"),
    "a [b": (3, "'['"),
    "a WITHIN 60s": (1, "two things"),
    "(" * 60 + "a" + " b)" * 60: (53, "deeper than 50"),
}


@pytest.mark.parametrize("query", MISTAKES)
def test_a_mistake_is_reported_with_its_column(query: str) -> None:
    column, says = MISTAKES[query]
    with pytest.raises(QueryError, match=f"column {column}: ") as e:
        parse(query)
    assert says in e.value.line


@pytest.mark.parametrize("query", ["/(a/", "/(?=a)b/", "/a*/", "/a{1000}{1000}/"])
def test_an_invalid_regular_expression_breaks_its_watch(query: str) -> None:
    engine = build_engine([watch(query), replace(watch(query), name="the same again")])
    assert len(engine.broken) == 2
    assert all("column 1" in error.line for error in engine.broken.values())


def test_several_regular_expressions_of_which_none_matches_find_nothing() -> None:
    engine = build_engine(
        [watch("/gr[ae]y/"), replace(watch("/wh(ea|ee)t/"), name="wheat"), Watch(name="c", query="corn")]
    )
    for text, surfaces in {"corn": ["corn"], "grey": ["grey"], "wheet, gray": ["wheet", "gray"]}.items():
        assert [m.surface for m in engine(join_segments([Segment(0, 9, text)])).mentions] == surfaces


@pytest.mark.parametrize(
    ("query", "says"),
    [('"Santo:** Cantrill"', "stands alone"), ("grain-*", "stands alone"), ("::?", "':' stands where a word")],
)
def test_a_wildcard_that_stands_alone_breaks_its_watch_and_no_other(query: str, says: str) -> None:
    engine = build_engine([watch(query), replace(watch("grain"), name="grain")])
    [error] = engine.broken.values()
    assert "column 1" in error.line
    assert says in error.line
    assert [
        m.surface
        for _ in range(20)
        for m in engine(join_segments([Segment(0, 9, "grain - Santo: ** Cantrill")])).mentions
    ]


def test_a_thousand_nested_parentheses_are_parsed() -> None:
    assert find_surfaces("(" * 1000 + "grain" + ")" * 1000, "grain") == ["grain"]


def test_a_query_of_ten_thousand_characters_is_parsed() -> None:
    query = " OR ".join(f"word{i}" for i in range(900))[:10_000].rsplit(" OR ", 1)[0]
    assert find_surfaces(query, "word7") == ["word7"]


def test_a_lower_case_operator_gets_a_hint() -> None:
    assert list(find_hints(parse("grain and sea"))) == [(7, "and is looked for as a word; the operator is AND")]


def test_a_watch_that_fails_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(compiler, "near_intervals", broken)
    engine = build_engine([Watch(name="bad", query="a NEAR/1 b"), Watch(name="good", query="a")])
    result = engine(join_segments([Segment(0, 1, "a b")]))
    assert [m.watch for m in result.mentions] == ["good"]
    assert list(result.failed) == ["bad"]


word = st.sampled_from(["alpha", "beta", "gamma", "deltas", "party", "parties", "U.S", "don't", "beta's", "AT&T", "x1"])
leaf = st.one_of(
    word.map(lambda w: clauses.Term(text=w, source=w)),
    word.map(lambda w: clauses.Term(text=w, source=f"={w}", case=True)),
    st.tuples(word, word).map(lambda p: clauses.Term(text=" ".join(p), source=" ".join(p))),
    st.sampled_from(["al*", "*ta", "pa*s", "b?ta"]).map(lambda w: clauses.Wildcard(text=w, source=w)),
    st.sampled_from(["gama", "delta", "alphas"]).map(lambda w: clauses.Fuzzy(text=w, source=f"{w}~1", distance=1)),
)
few = st.integers(0, 3)
placed = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: clauses.Or(parts=tuple(parts))),
        st.tuples(inner, inner, few, st.booleans()).map(lambda t: clauses.Near(parts=t[:2], words=t[2], ordered=t[3])),
        st.tuples(inner, inner, few).map(lambda t: clauses.NotNear(parts=t[:2], words=t[2])),
    ),
    max_leaves=4,
)
anything = st.recursive(
    placed,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: clauses.Or(parts=tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: clauses.And(parts=tuple(parts))),
        inner.map(lambda parts: clauses.Not(parts=(parts,))),
        st.tuples(inner, st.integers(1, 3)).map(lambda t: clauses.Count(parts=(t[0],), least=t[1], most=None)),
    ),
    max_leaves=5,
)
texts = st.lists(
    st.one_of(word, st.sampled_from(["the", "Beta", "alpha,", "gama", "delta.", "BETAS'", "x-1", "deltaes"])),
    max_size=14,
).map(" ".join)


def is_dotted(clause: clauses.Clause) -> bool:
    return any(isinstance(p, clauses.Term) and "." in p.text for p in clause.walk())


@settings(max_examples=examples(400))
@given(st.lists(anything, min_size=1, max_size=4), st.lists(texts, min_size=1, max_size=3))
def test_the_engine_finds_what_the_oracle_finds(trees: list[clauses.Clause], documents: list[str]) -> None:
    trees = [t for t in trees if is_anchored(t) and not is_dotted(t)]
    assume(trees)
    engine = Engine([(Watch(name=f"w{i}", query="x"), t) for i, t in enumerate(trees)])
    assert not engine.broken
    for text in documents:
        result = engine(join_segments([Segment(0, 1, text)]))
        assert not result.failed
        for i, tree in enumerate(trees):
            mine = [(m.start, m.end, m.surface) for m in result.mentions if m.watch == f"w{i}"]
            assert mine == query_oracle.find_surfaces(tree, " ".join(text.split()))

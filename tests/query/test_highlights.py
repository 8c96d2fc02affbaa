"""Which words of a mention are set in bold: those that the query asked for, and not what stands between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Kind, Mention, Transcript, Watch
from podwatch.query import build_engine
from podwatch.query.highlights import find_highlights
from tests.support.builders import mention

# query -> the text, its matched words between [ and ]
MATCHED = {
    '"black sea" NEAR/10 (grain OR initiative)': "the [Black Sea], he said, and its [grain] are news",
    "(grain OR wheat) NEAR/5 sea": "[wheat] came by [sea]",
    "grain NEAR/0 corridor": "the [grain corridor]",
    "black ONEAR/1 sea": "[black sea] of words",
    "(grain AND ship* AND sea) WITHIN 1 minute": "[grain] came over the [sea] and on [shipping]",
    "grain SAME SEGMENT sea": "[sea] of [grain]",
    '"grain corridor"~2': "a [corridor] for [grain]",
    '"grain corridor ship"~5': "a [corridor] for [grain] in a [ship]",
    "/ira[nq]/ NEAR/2 oil": "the [oil] of [Iran], not Iraq",
    "witkoff~2 NEAR/5 plan": "[Whitkoff] has a new [plan]",
    '"black se*" NEAR/5 grain': "the [Black Sea] has much [grain]",
    "=US NEAR/5 steel": "it is us, the [US] and its [steel]",
    "((grain NEAR/3 sea) WITHIN 60s wheat)": "[grain] at the [sea] with much [wheat]",
    "(grain NEAR/5 corridor) AND NOT recipe": "a [grain] and its [corridor]",
    "(apple NOT NEAR/2 juice) NEAR/9 pie": "[apple] in a very good sort of [pie]",
    "小麦 NEAR/5 ウクライナ": "[ウクライナ]の[小麦]",
    "~~Dobrynin NEAR/5 Moscow": "we saw [Dobrynin] in [Moscow] today",
    'entity:"Keith Kellogg" NEAR/5 plan': "[Keith Kellogg] has a [plan]",
    "grain": "the [grain] came",
    '"grain corridor"': "the [grain corridor] is open",
}


def marked(watch: Watch, m: Mention, text: str) -> str:
    parts, done = [], 0
    for start, end in find_highlights(watch, m):
        parts += [text[done : m.start + start], "[", text[m.start + start : m.start + end], "]"]
        done = m.start + end
    return "".join([*parts, text[done:]])


def find(watch: Watch, text: str) -> Mention:
    transcript = Transcript(text=text, offsets=[0], starts=[0.0], ends=[9.0], speakers=[None])
    [found] = build_engine([watch])(transcript).mentions
    return found


@pytest.mark.parametrize("query", MATCHED, ids=str)
def test_the_words_of_the_query_are_found_in_the_stretch_between_them(query: str) -> None:
    watch, text = Watch(name="w", query=query), MATCHED[query].replace("[", "").replace("]", "")
    assert marked(watch, find(watch, text), text) == MATCHED[query]


def test_a_misspelt_name_in_a_stretch_is_the_one_that_its_reason_names() -> None:
    watch = Watch(name="w", query="~~Dobrynin NEAR/5 Moscow")
    m = mention(
        "Moscow said to old Du Brinin", "x", kind=Kind.SOUNDS_LIKE, reason="Du Brinin ~ Dobrynin, 0.83: spelt so"
    )
    assert [m.surface[s:e] for s, e in find_highlights(watch, m)] == ["Moscow", "Du Brinin"]


def test_a_query_that_was_changed_leaves_the_first_and_the_last_word() -> None:
    watch = Watch(name="w", query="rice NEAR/5 china")
    m = mention("grain for the sea", "x")
    assert [m.surface[s:e] for s, e in find_highlights(watch, m)] == ["grain", "sea"]


def test_an_entity_is_bold_as_a_whole() -> None:
    m = mention("Anatoly Dobrynin", "x")
    assert find_highlights(Watch(name="w", entity="Anatoly Dobrynin"), m) == [(0, 16)]


WORDS = st.lists(
    st.sampled_from(["grain", "sea", "the", "U.S.", "*", "“sea”", "a\u0301", "海", "🎧", "\x00"]), max_size=8
)


@given(
    WORDS,
    st.sampled_from(["grain NEAR/5 sea", "(grain AND sea) WITHIN 9s", "a AND", '"sea grain"~3', "海 NEAR/2 grain"]),
)
def test_whatever_the_surface_the_spans_are_in_order_within_it_and_hold_its_ends(words: list[str], query: str) -> None:
    surface = " ".join(words)
    spans = find_highlights(Watch(name="w", query=query), mention(surface, surface))
    flat = [at for span in spans for at in span]
    assert flat == sorted(flat)
    assert all(0 <= s <= e <= len(surface) for s, e in spans)
    if surface.strip():
        assert not surface[: spans[0][0]].strip()
        assert not surface[spans[-1][1] :].strip()

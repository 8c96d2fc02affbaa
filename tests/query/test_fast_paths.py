"""The fast paths of the engine find what the nodes of a query find: generated queries over texts in several scripts."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from podwatch.model import Mention, Segment, Transcript, Watch, Words, join_segments
from podwatch.query import Engine, build_engine, mention_batches, parser
from podwatch.query.snippets import MentionBuilder, sentence_span
from tests.support.hypothesis_profiles import examples

WORDS = (
    *("grain", "sea", "black", "Zürich", "seas", "sea's", "T-Mobile", "TMobile", "Nukuʻalofa", "the", "US", "U.S."),
    *("北京", "北", "東京から", "パリ", "ﾊﾟﾘ", "삼성", "दिल", "ข้าว", "й", "ё", "½", "ﬃ", "Qur'an", "l'Ukraine"),
)
MARKS = (" ", ". ", "? ", ", ", " [Music] ", "™ ", " ♪ ", "\u0301 ", "! ")
word = st.sampled_from([*WORDS, "Ukraine", "nukualofa", "quran", "se*", "sea~1"]).filter(lambda w: w != "½")
phrase = st.lists(st.sampled_from(["black", "sea", "grain", "北京", "T-Mobile"]), min_size=1, max_size=3).map(
    lambda words: f'"{" ".join(words)}"'
)
leaf = word.filter(lambda w: "~" not in w and "*" not in w) | phrase
group = st.lists(leaf, min_size=1, max_size=3).map(lambda parts: f"({' OR '.join(parts)})")
near = st.tuples(group, st.sampled_from(["NEAR/0", "NEAR/2", "ONEAR/8", "NOT NEAR/1", "WITHIN 5s"]), group).map(
    " ".join
)
sloppy = st.sampled_from(['"black sea"~3', '"grain sea the"~1', '"北京 sea"~2'])
both = st.tuples(leaf, leaf, leaf).map(lambda p: f"{p[0]} AND {p[1]} AND NOT {p[2]}")
mixed = st.sampled_from(["(sea){2,}", "grain OR se*", "sea OR /gr.in/", "=US OR sea", "entity:sea OR grain", "U.S."])
query = leaf | group | near | sloppy | both | mixed | st.tuples(near, leaf).map(lambda p: f"{p[0]} OR {p[1]}")
sentence = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(MARKS)), min_size=1, max_size=30).map(
    lambda pairs: "".join(w + mark for w, mark in pairs)
)
seconds = st.floats(0, 500, width=32) | st.just(float("nan"))
segment = st.builds(Segment, seconds, seconds, sentence, st.sampled_from([None, "Ann", "Bob"]))
transcripts = st.lists(st.lists(segment, min_size=1, max_size=8).map(join_segments), min_size=1, max_size=4)


def find_by_nodes(engine: Engine, transcript: Transcript) -> list[Mention]:
    """The mentions by the evaluation of every node over all hits, each built alone."""
    context = engine.build_context(transcript)
    context.plans = {}
    builder, found = MentionBuilder(transcript), set()
    for name in engine.names:
        node = engine.node_of(name)
        assert node is not None
        spans = node.find(context) or []
        best = {(start, end): min(d for s, e, d in spans if (s, e) == (start, end)) for start, end, _ in spans}
        found |= {(name, start, end, detail) for (start, end), detail in best.items()}
    mentions = [
        builder.build(name, *context.normalised.stored_span(start, end), context.details[detail])
        for name, start, end, detail in sorted(found, key=lambda f: f[1:3])
    ]
    return sorted(mentions, key=lambda m: (m.start, m.end, m.watch))


@settings(max_examples=examples(200))
@given(st.lists(query, min_size=1, max_size=12), transcripts)
@example(["sea OR grain"], [join_segments([Segment(0, 1, "sea grain " * 9)])])
@example(['"black sea" OR sea'], [join_segments([Segment(0, 1, "black sea. " * 9)])])
@example(["(sea) NEAR/2 (the)"], [join_segments([Segment(0, 1, "sea " + "a" * 99 + " the. ")])] * 2)
def test_the_fast_paths_find_what_the_nodes_find(queries: Sequence[str], said: Sequence[Transcript]) -> None:
    watches = [Watch(name=f"w{i}", query=q) for i, q in enumerate(queries)]
    engine = build_engine(watches)
    assert not engine.broken
    for transcript in said:
        assert repr(engine(transcript).mentions) == repr(tuple(find_by_nodes(engine, transcript)))


@settings(max_examples=examples(100))
@given(st.lists(query, min_size=1, max_size=8), transcripts)
def test_mentions_built_together_are_those_built_alone(queries: Sequence[str], said: Sequence[Transcript]) -> None:
    engine = build_engine([Watch(name=f"w{i}", query=q) for i, q in enumerate(queries)])
    with pytest.MonkeyPatch.context() as patch:
        together = [engine(t).mentions for t in said]
        patch.setattr(mention_batches, "FEWEST", 10_000)
        alone = [engine(t).mentions for t in said]
    assert repr(together) == repr(alone)


@pytest.mark.parametrize("query", ["grain", '"black sea"', '"sea"', "and", '"a b c"'])
def test_a_plain_word_or_phrase_is_parsed_as_by_the_grammar(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = parser.parse(query)
    monkeypatch.setattr(parser, "_PLAIN", re.compile("(?!)"))
    assert plain == parser.parse(query)


@given(st.lists(st.sampled_from(["ab", "a.", "b?", "c!", "x" * 40, "é", "."]), min_size=1, max_size=60), st.data())
def test_sentences_found_together_are_those_found_alone(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    spans = data.draw(st.lists(st.tuples(st.integers(0, len(text) - 1), st.integers(1, 30)), min_size=1, max_size=9))
    starts = np.array([start for start, _ in spans])
    ends = np.array([min(len(text), start + length) for start, length in spans])
    together = mention_batches.sentence_spans(text, starts, ends)
    alone = [sentence_span(text, start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    assert list(zip(*together, strict=True)) == alone


def test_mentions_of_a_transcript_with_timed_words_have_the_times_of_these() -> None:
    plain = join_segments([Segment(i * 10.0, i * 10.0 + 9, "the black sea and grain") for i in range(6)])
    offsets = array("I", [i for i in range(len(plain.text)) if i == 0 or plain.text[i - 1] == " "])
    words = Words(lambda: (offsets, array("d", [i * 2.0 for i in range(len(offsets))])))
    timed = join_segments([plain.segment(i) for i in range(len(plain))], words=words)
    mentions = build_engine([Watch(name="w", query="sea OR grain")])(timed).mentions
    assert [m.seconds for m in mentions] == [timed.seconds_at(m.start) for m in mentions]
    assert not any(m.approximate for m in mentions)


halves = st.integers(0, 40_000).map(lambda n: n * 0.005) | st.floats(0, 1e12) | st.just(float("nan"))


@given(
    st.lists(st.tuples(halves, halves, st.sampled_from(["abcdefgh", "- é sea", "...", "x"])), min_size=2, max_size=6)
)
@example([(0.005, 0.015, "abcdefgh"), (1.0, 2.0, "x")])
@example([(float("nan"), float("nan"), "abcdefgh"), (float("nan"), 2.0, "x")])
def test_times_found_together_are_those_found_alone(parts: list[tuple[float, float, str]]) -> None:
    transcript = join_segments([Segment(start, end, text) for start, end, text in parts]).with_columns_read()
    offsets = np.arange(len(transcript.text))
    segments = np.array([transcript.index_at(offset) for offset in offsets.tolist()])
    together = mention_batches.times_at(transcript, offsets, segments)
    assert repr(list(zip(*together, strict=True))) == repr([transcript.time_at(offset) for offset in offsets.tolist()])

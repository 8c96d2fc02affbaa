"""An episode: all of its words once, each mention marked where it is, and audio from where it may come."""

from __future__ import annotations

import functools
import math
import operator
import re
from array import array
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Feed, Kind, Mention, Segment, Transcript, Words, join_segments
from podwatch.runtime import Runtime
from podwatch.store.page_figures import MarkedMention
from podwatch.transcripts.labels.passages import Label, Passage
from podwatch.web.transcript_layout import lay_out, word_times
from tests.support.page_visitors import READER, browse, find_mentions, store_show
from tests.support.stored_transcripts import save_transcript

WORDS = st.lists(st.sampled_from(["grain", "sea", "Ann", "Lee", "ü", "😀", "<b>", "x-y"]), min_size=1, max_size=8)
SEGMENTS = st.lists(
    st.tuples(WORDS, st.sampled_from([None, "Ann", "Bob"]), st.sampled_from([0.0, 3.5, 20.0, math.nan])),
    min_size=1,
    max_size=12,
)


def marked(id: int, start: int, end: int) -> MarkedMention:
    m = Mention(watch="w", kind=Kind.EXACT, score=1, surface="", start=start, end=end, seconds=0, segment=0, speaker=None, snippet="", snippet_start=0)  # fmt: skip
    return MarkedMention(id, 1, m)


def transcript_of(parts: list[tuple[list[str], str | None, float]]) -> Transcript:
    now, segments = 0.0, []
    for words, speaker, pause in parts:
        start = now if not math.isnan(pause) else math.nan
        segments.append(Segment(start, start + 2, " ".join(words), speaker))
        now += 2 + (0 if math.isnan(pause) else pause)
    return join_segments(segments)


@given(parts=SEGMENTS, data=st.data())
def test_the_layout_has_every_word_once_and_every_mention_where_it_is(
    parts: list[tuple[list[str], str | None, float]], data: st.DataObject
) -> None:
    t = transcript_of(parts)
    place = st.integers(0, len(t.text))
    spans = data.draw(
        st.lists(st.tuples(place, place).filter(lambda p: p[0] < p[1]), max_size=6, unique=True).map(sorted)
    )
    mentions = [marked(i, a, b) for i, (a, b) in enumerate(spans)]
    labels = [Passage(a, b, Label.SPONSOR, 1.0, "") for a, b in spans[:1]]
    turns = lay_out(t, mentions, labels)
    segments = [s for turn in turns for s in turn.segments]
    assert [s.index for s in segments] == list(range(len(t)))
    assert " ".join("".join(p.text for p in s.pieces) for s in segments) == t.text
    inside = dict.fromkeys(range(len(mentions)), 0)
    begun: list[int] = []
    for s in segments:
        for p in s.pieces:
            for m in p.mentions:
                inside[m.id] += len(p.text)
            begun += p.first_of
    blanks = [i for i in range(len(t.text)) if i + 1 in list(t.offsets)]
    for m in mentions:
        held = m.mention.end - m.mention.start - sum(m.mention.start <= b < m.mention.end for b in blanks)
        assert inside[m.id] == held, m
    assert len(begun) == len(set(begun))


@given(parts=SEGMENTS, data=st.data())
def test_each_word_between_blanks_has_its_second_in_order_or_the_segment_has_none(
    parts: list[tuple[list[str], str | None, float]], data: st.DataObject
) -> None:
    t = transcript_of(parts)
    assert word_times(t) == [[] for _ in range(len(t))]  # as long as the source has no times of words
    starts = [0, *(i + 1 for i, c in enumerate(t.text) if c == " ")]
    said = data.draw(st.lists(st.floats(0, 99), min_size=len(starts), max_size=len(starts)).map(sorted))
    times = word_times(replace(t, words=Words(lambda: (array("I", starts), array("d", said)))))
    assert functools.reduce(operator.iadd, times, []) == [round(s, 2) for s in said]
    assert [len(seconds) for seconds in times] == [len(s.text.split(" ")) for s in t.segments()]


def test_a_word_has_its_own_second_where_the_source_says_it() -> None:
    t = replace(
        join_segments([Segment(0, 10, "one two three")]),
        words=Words(lambda: (array("I", [0, 4, 8]), array("d", [0.5, 7.0, 9.0]))),
    )
    assert word_times(t) == [[0.5, 7.0, 9.0]]


def test_the_page_shows_speakers_times_and_marks(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["Hello & welcome./Ann Lee sold <b>grain</b>./Bye."])
    find_mentions(either, now)
    text = browse(either, now).read("/episodes/1")
    assert '<b class="speaker">Bob</b>' in text
    assert re.search(r'<a class="at" href="#s1" data-jump="10.0">0:00:10</a>', text)
    assert re.search(
        r'<span id="s1" data-s="10.0"><mark class="exact" id="m\d" title="lee: [^"]*">Ann Lee</mark> sold &lt;b&gt;<mark',
        text,
    )
    assert 'src="https://cdn.example/0.mp3"' in text
    assert 'data-words="/api/v1/episodes/1/words"' in text
    assert "revision" in text.casefold()


def test_a_transcript_that_podwatch_recognised_says_with_what(rt: Runtime, now: datetime) -> None:
    [e] = store_show(rt, now, [None])
    heard = join_segments([Segment(0.0, 5.0, "the grain")], source="speech:faster-whisper base@ebe41f7 int8")
    save_transcript(rt.store, e, heard, now)
    text = browse(rt, now, READER).read("/episodes/1")
    assert "recognised by podwatch: faster-whisper base@ebe41f7 int8" in text
    assert "speech:" not in text


def test_an_episode_whose_text_was_pruned_shows_what_was_found_in_it(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the <b>grain came/and went"])
    find_mentions(rt, now)
    assert rt.store.prune_texts([1], now) == 1
    text = browse(rt, now).read("/episodes/1")
    assert "Its text was pruned" in text
    assert "There is no transcript" not in text
    assert '<li id="m1">grain: the &lt;b&gt;grain came and went</li>' in text
    browse(rt, now).read("/api/v1/episodes/1/transcript", 404)


def test_an_episode_without_a_transcript_says_why_and_what_to_do(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, [None])
    text = browse(rt, now).read("/episodes/1")
    assert "There is no transcript: its feed names none." in text
    assert "--transcript-page" in text
    browse(rt, now).read("/episodes/99", 404)
    browse(rt, now).read("/episodes/x", 400)


@pytest.mark.parametrize(
    ("feed", "audio", "plays"),
    [
        ({}, "https://cdn.example/a.mp3", "https://cdn.example/a.mp3"),
        ({}, "http://cdn.example/a.mp3?x=1", "https://cdn.example/a.mp3?x=1"),  # a page behind TLS plays nothing else
        ({}, "http://127.0.0.1:8765/a.mp3", "http://127.0.0.1:8765/a.mp3"),  # the sample of make run
        ({}, None, None), ({}, "ftp://cdn.example/a.mp3", None),
        ({"login": ":me:secret"}, "https://cdn.example/a.mp3", None),
        ({"url": "https://show.example/feed?token=s3cretS3cret"}, "https://cdn.example/a.mp3", None),
    ],
)  # fmt: skip
def test_audio_comes_from_the_publisher_and_no_secret_is_given_away(
    feed: dict[str, str], audio: str | None, plays: str | None, rt: Runtime, now: datetime
) -> None:
    facts: dict[str, Any] = {"url": "https://show.example/feed", "title": "The Show"}
    wanted = Feed(**(facts | feed))
    store_show(rt, now, ["the grain"], feed=wanted, change=lambda e: replace(e, audio_url=audio))
    text = browse(rt, now, READER).read("/episodes/1")
    assert re.findall(r'<audio[^>]* src="([^"]+)"', text) == ([plays] if plays else [])
    assert "secret" not in text.replace("holds a secret", "")
    assert "s3cret" not in text
    for view in ("/feeds", "/feeds/1", "/api/v1/feeds", "/api/v1/episodes/1/transcript", "/coverage"):
        assert "s3cret" not in browse(rt, now, READER).read(view)

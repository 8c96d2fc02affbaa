"""A packed transcript comes back as it was, from either version of the layout, and stays small."""

from __future__ import annotations

import math
import random
from array import array

import zstandard
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Segment, join_segments
from podwatch.store.packing import pack, unpack
from podwatch.transcripts.formats import Columns


def test_a_transcript_packed_by_the_first_version_is_still_read() -> None:
    t = join_segments([Segment(0.25, 2.5, "grain", "Ann"), Segment(math.nan, math.nan, "wheat")])
    numbers: list[array[int] | array[float]] = [array("I", t.offsets), array("d", t.starts), array("d", t.ends)]
    header = b'{"v":1,"segments":2,"names":["Ann",null],"runs":[[0,1],[1,1]]}\n'
    body = header + b"".join(a.tobytes() for a in numbers) + t.text.encode()
    text, offsets, starts, ends, speakers, words = unpack(zstandard.ZstdCompressor().compress(body))
    assert (text, offsets, speakers, words) == (t.text, t.offsets, t.speakers, None)
    assert repr((starts, ends)) == repr((t.starts, t.ends))


times = st.integers(0, 10**9).map(lambda ms: ms / 1000) | st.just(math.nan)


@given(
    st.lists(st.tuples(times, times, st.text("aé🎙 ", min_size=1), st.sampled_from(["Ann", "Bob", None])), max_size=30)
)
def test_packing_keeps_every_time_to_the_millisecond(rows: list[tuple[float, float, str, str | None]]) -> None:
    t = join_segments(Segment(*row) for row in rows)
    got = unpack(pack(t.text, t.offsets, t.starts, t.ends, t.speakers).body)
    assert repr(got[:5]) == repr((t.text, t.offsets, t.starts, t.ends, t.speakers))


def test_an_hour_of_times_takes_a_few_kilobytes_beside_its_words() -> None:
    rng = random.Random(7)
    columns, at = Columns(), 0.0
    for _ in range(800):
        words = []
        for _ in range(12):
            words.append(("word", round(at, 2)))
            at += rng.randrange(12, 60) / 100
        columns.add("word " * 12, words[0][1], round(at, 2), None, words)
    t = columns.transcript()
    assert len(pack(t.text, t.offsets, t.starts, t.ends, t.speakers).body) < 3_000
    assert len(pack(t.text, t.offsets, t.starts, t.ends, t.speakers, t.words).body) < 11_000

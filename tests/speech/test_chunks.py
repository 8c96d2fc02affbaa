"""Chunks of audio: every sample once, cut where it is quiet, and the same whatever blocks the samples come in."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from podwatch.speech.chunks import STEP, WINDOW, AudioChunk, split_at_silence
from podwatch.speech.recognisers import SAMPLE_RATE

Samples = NDArray[np.float32]
TARGET, LONGEST = 1.0, 1.2  # seconds, so that a second of talk is cut as five minutes are
# Talk: passages of so many samples, so loud.
PASSAGES = st.lists(st.tuples(st.integers(0, 3 * SAMPLE_RATE), st.sampled_from([0.0, 0.001, 0.1, 1.0])), max_size=6)
BLOCKS = st.lists(st.integers(0, 2 * SAMPLE_RATE), min_size=1, max_size=8)


def talk(passages: list[tuple[int, float]], seed: int = 0) -> Samples:
    noise = np.random.default_rng(seed)
    parts = [noise.integers(-32768, 32767, count) * loud // 1 / 32768 for count, loud in passages]
    return np.concatenate([np.empty(0), *parts]).astype(np.float32)


def in_blocks(samples: Samples, sizes: list[int]) -> Iterator[Samples]:
    at = number = 0
    while at < len(samples):
        size = sizes[number % len(sizes)] or (number // len(sizes))  # blocks may be empty, but not for ever
        yield samples[at : at + size]
        at, number = at + size, number + 1


def cut(samples: Samples, sizes: list[int] | None = None) -> list[AudioChunk]:
    blocks = in_blocks(samples, sizes or [len(samples)])
    return list(split_at_silence(blocks, target=TARGET, longest=LONGEST))


@given(passages=PASSAGES, sizes=BLOCKS)
@example(passages=[(round(LONGEST * SAMPLE_RATE), 1.0)], sizes=[1000])
@example(passages=[(round(LONGEST * SAMPLE_RATE) + 1, 1.0)], sizes=[1000])
def test_every_sample_is_in_exactly_one_chunk(passages: list[tuple[int, float]], sizes: list[int]) -> None:
    samples = talk(passages)
    chunks = cut(samples, sizes)
    assert np.array_equal(np.concatenate([samples[:0], *(chunk.samples for chunk in chunks)]), samples)
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    ends = [0.0, *(chunk.end for chunk in chunks)]
    assert [chunk.start for chunk in chunks] == ends[:-1]
    assert ends[-1] == len(samples) / SAMPLE_RATE
    assert all(len(chunk.samples) == round((chunk.end - chunk.start) * SAMPLE_RATE) for chunk in chunks)


@given(passages=PASSAGES, one=BLOCKS, other=BLOCKS)
def test_the_blocks_that_samples_come_in_change_nothing(
    passages: list[tuple[int, float]], one: list[int], other: list[int]
) -> None:
    samples = talk(passages)
    first, second = cut(samples, one), cut(samples, other)
    assert [(c.number, c.start, c.end) for c in first] == [(c.number, c.start, c.end) for c in second]


@given(passages=PASSAGES)
def test_a_chunk_is_about_as_long_as_wanted(passages: list[tuple[int, float]]) -> None:
    *inner, last = cut(talk([*passages, (1, 1.0)]))
    assert all(2 * TARGET - LONGEST <= chunk.end - chunk.start <= LONGEST for chunk in inner)
    assert 0 < last.end - last.start <= LONGEST


@given(passages=PASSAGES, seed=st.integers(0, 1000))
def test_no_place_within_reach_is_quieter_than_the_cut(passages: list[tuple[int, float]], seed: int) -> None:
    samples = talk([*passages, (2 * SAMPLE_RATE, 0.1)], seed)
    first = cut(samples)[0]
    half, most, least = WINDOW * STEP // 2, round(LONGEST * SAMPLE_RATE), round((2 * TARGET - LONGEST) * SAMPLE_RATE)

    def loudness(middle: int) -> float:
        return float(np.square(samples[middle - half : middle + half].astype(np.float64)).sum())

    places = range(least + half, most - half + 1, STEP)
    assert loudness(len(first.samples)) <= min(map(loudness, places)) * (1 + 1e-9)


def test_the_cut_is_in_the_middle_of_the_pause_between_two_sentences() -> None:
    pause = (round(0.85 * SAMPLE_RATE), 0.5), (round(0.3 * SAMPLE_RATE), 0.001), (2 * SAMPLE_RATE, 0.5)
    assert cut(talk([*pause]))[0].end == pytest.approx(1.0, abs=STEP / SAMPLE_RATE)


def test_where_all_is_equally_quiet_a_chunk_is_as_long_as_wanted() -> None:
    ends = [chunk.end for chunk in cut(np.zeros(5 * SAMPLE_RATE, np.float32))]
    assert ends == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_what_is_no_longer_than_the_longest_chunk_is_one_chunk() -> None:
    samples = talk([(round(LONGEST * SAMPLE_RATE), 0.5)])
    assert [chunk.end for chunk in cut(samples)] == [LONGEST]
    assert len(cut(np.append(samples, np.float32(0)))) == 2


def test_without_samples_there_is_no_chunk() -> None:
    assert cut(np.empty(0, np.float32)) == []
    assert list(split_at_silence([])) == []


def test_five_minutes_are_what_is_wanted() -> None:
    minute = talk([(60 * SAMPLE_RATE, 0.1)])
    lengths = [chunk.end - chunk.start for chunk in split_at_silence(minute for _ in range(20))]
    assert all(240 <= length <= 360 for length in lengths[:-1])
    assert sum(lengths) == 1200


def test_hours_need_no_more_memory_than_one_chunk() -> None:
    minute = talk([(60 * SAMPLE_RATE, 0.1)])
    tracemalloc.start()
    try:
        count = sum(1 for _ in split_at_silence(minute for _ in range(180)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count >= 30
    assert peak < 120_000_000


def test_a_target_beyond_the_longest_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="target 400 s"):
        list(split_at_silence([], target=400.0))

"""A window of audio is asked about several names, and about each text once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from podwatch.speech.forced_decoding import LIKELIHOODS, ForcedDecoder, Place
from podwatch.speech.recognisers import SAMPLE_RATE

PLACE = Place("My guess is that", "witcop", "will wait")


class Letters:
    """A tokenizer: a token a letter."""

    sot_prev, sot_sequence = 1, (2, 3)

    def encode(self, text: str) -> list[int]:
        return [10 + ord(letter) for letter in text]


class SoundOfWitkoff:
    """A model to which each letter of "Witkoff" is likely, and any other is not. asked: (prompt, text) of each."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.model = SimpleNamespace(align=self._align)

    def feature_extractor(self, samples: Any) -> Any:
        return np.zeros((80, len(samples) // 160))

    def encode(self, features: Any) -> Any:
        return features

    def _align(self, encoded: Any, start: list[int], texts: list[list[int]], frames: int) -> list[Any]:
        self.asked.append((tuple(start), tuple(texts[0])))
        said = {10 + ord(letter) for letter in " Witkoff"}
        return [SimpleNamespace(text_token_probs=[0.9 if t in said else 0.001 for t in texts[0]])]


@pytest.fixture
def model() -> SoundOfWitkoff:
    return SoundOfWitkoff()


@pytest.fixture
def decoder(model: SoundOfWitkoff) -> ForcedDecoder:
    return ForcedDecoder(model, Letters(), "letters 1")


def test_the_name_that_is_said_is_likelier_than_another_and_than_what_is_written(decoder: ForcedDecoder) -> None:
    window = decoder.encode(np.zeros(3 * SAMPLE_RATE, np.float32))
    said, other = (decoder.likelihoods(window, PLACE, name) for name in ("Witkoff", "Kadyrov"))
    assert len(said.numbers()) == len(LIKELIHOODS)
    assert said.prompted > other.prompted
    assert said.plain_ratio > 0 > other.plain_ratio


def test_no_text_is_asked_twice_of_a_window_and_each_of_another_one(
    model: SoundOfWitkoff, decoder: ForcedDecoder
) -> None:
    window, another = (decoder.encode(np.zeros(n * SAMPLE_RATE, np.float32)) for n in (3, 4))
    first = decoder.likelihoods(window, PLACE, "Witkoff")
    decoder.context_likelihood(window, PLACE)
    decoder.likelihoods(window, PLACE, "Kadyrov")
    assert len(model.asked) == len(set(model.asked)) == 4 + 3  # what is written, without a prompt, is known by then
    assert decoder.likelihoods(another, PLACE, "Witkoff") == first
    assert len(model.asked) == 7 + 4

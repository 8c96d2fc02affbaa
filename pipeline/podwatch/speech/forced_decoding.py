"""Hears a few seconds of audio again with a question: was this name said there, or what is written?

The recogniser is not asked what it hears - decoding with the name as a hint writes the name where another one was said
- but how likely each text is, given the sound: the name forced into its place ("teacher forcing"), and what is written,
forced in the same way; both with the name in the prompt, which takes away what a rare spelling costs by itself, and
without. What it would write there by itself (a list of the best continuations) was measured, and added nothing.

Method: Whisper's own likelihoods, prompt and start of transcript as in Radford et al. 2022, section 2.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

from podwatch.speech.recognisers import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SILENCE_SECONDS = 1.0  # after the window: the encoder is taught that speech ends
TAIL_TOKENS = 3  # behind the name that are counted with it: a wrong name makes what follows unlikely
LEAST_PROBABILITY = 1e-12


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a window of audio, by the words in it.

    before, after: what is written around it, from the first to the last second of the window. written: what stands at
    the place itself.
    """

    before: str
    written: str
    after: str


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """What the sound says of one spelling of a name at a place; nats per token of the name.

    prompted: ln P of the name's tokens, with the name in the prompt. prompted_ratio: name against what is written, with
    TAIL_TOKENS behind both, in the same prompt. plain, plain_ratio: the same without a prompt. written: ln P of what is
    written, without a prompt.
    """

    prompted: float
    prompted_ratio: float
    plain: float
    plain_ratio: float
    written: float

    def numbers(self) -> tuple[float, ...]:
        return astuple(self)


LIKELIHOODS = tuple(f.name for f in fields(Likelihoods))


class ForcedDecoder:
    """Asks one model about audio in one language.

    model: a faster_whisper.WhisperModel; tokenizer: its own, for the language; name: that of the recogniser.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str) -> None:
        self._model, self._tokenizer, self.name = model, tokenizer, name

    def encode(self, samples: NDArray[np.float32]) -> tuple[Any, int]:
        """A window of audio as the model has it, for all questions about it; and its frames."""
        import numpy as np

        padded = np.pad(samples, (0, int(SILENCE_SECONDS * SAMPLE_RATE)))
        features = self._model.feature_extractor(padded)[:, : len(padded) // 160]
        features = features[:, : features.shape[1] // 2 * 2]
        return self._model.encode(features), features.shape[1]

    def likelihoods(self, window: tuple[Any, int], place: Place, spelling: str) -> Likelihoods:
        """How likely a spelling of a name is at a place."""
        said, written = self._forced(place, spelling), self._forced(place, place.written)
        prompt = self._tokenizer.encode(f" {spelling}.")
        with_prompt = [self._log_probabilities(window, tokens, prompt) for tokens, _, _ in (said, written)]
        plain = [self._log_probabilities(window, tokens, ()) for tokens, _, _ in (said, written)]
        count = max(1, said[2] - said[1])
        return Likelihoods(
            prompted=_sum(with_prompt[0], said) / count,
            prompted_ratio=(_sum(with_prompt[0], said, TAIL_TOKENS) - _sum(with_prompt[1], written, TAIL_TOKENS))
            / count,
            plain=_sum(plain[0], said) / count,
            plain_ratio=(_sum(plain[0], said, TAIL_TOKENS) - _sum(plain[1], written, TAIL_TOKENS)) / count,
            written=_sum(plain[1], written) / max(1, written[2] - written[1]),
        )

    def context_likelihood(self, window: tuple[Any, int], place: Place) -> float:
        """How likely the words around the place are, in nats a token: low where the window has other words."""
        tokens, begin, end = self._forced(place, place.written)
        logs = self._log_probabilities(window, tokens, ())
        around = [*logs[:begin], *logs[end:]]
        return sum(around) / len(around) if around else 0.0

    def _forced(self, place: Place, spelling: str) -> tuple[list[int], int, int]:
        """(the tokens of a window with a spelling in its place, where those of the spelling begin, where they end)"""
        encode = self._tokenizer.encode
        before = encode(_spaced(place.before)) if place.before.strip() else []
        name = encode(_spaced(spelling)) if spelling.strip() else []
        after = encode(_glued(place.after)) if place.after.strip() else []
        return [*before, *name, *after], len(before), len(before) + len(name)

    def _log_probabilities(self, window: tuple[Any, int], tokens: list[int], prompt: Sequence[int]) -> list[float]:
        tokenizer = self._tokenizer
        start = [*((tokenizer.sot_prev, *prompt) if prompt else ()), *tokenizer.sot_sequence]
        found = self._model.model.align(window[0], start, [tokens], window[1])[0]
        return [math.log(max(LEAST_PROBABILITY, p)) for p in found.text_token_probs]


def _sum(logs: Sequence[float], forced: tuple[list[int], int, int], tail: int = 0) -> float:
    _, begin, end = forced
    return sum(logs[begin : end + tail])


def _spaced(text: str) -> str:
    return " " + text.strip()


def _glued(text: str) -> str:
    """With the blank of a word before it, but not before a comma or an 's."""
    stripped = text.strip()
    return stripped if not stripped[:1].isalnum() else " " + stripped

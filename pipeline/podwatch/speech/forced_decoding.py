"""Hears a few seconds of audio again with a question: was this name said there, or what is written?

The recogniser is not asked what it hears - decoding with the name as a hint writes the name where another one was said
- but how likely each text is, given the sound: the name forced into its place ("teacher forcing"), and what is written,
forced in the same way; both with the name in the prompt, which takes away what a rare spelling costs by itself, and
without. What it would write there by itself (a list of the best continuations) was measured, and added nothing.
Where the same is written more than once in the window, the name is forced into all of these places: a model that has
just read a misspelling expects it again, and would take the right name for a change of subject.

Method: Whisper's own likelihoods, prompt and start of transcript as in Radford et al. 2022, section 2.3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from podwatch.speech.recognisers import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SILENCE_SECONDS = 1.0  # after the window: the encoder is taught that speech ends
TAIL_TOKENS = 3  # behind the name that are counted with it: a wrong name makes what follows unlikely
LEAST_PROBABILITY = 1e-12
MIN_REPEATED_LETTERS = 4  # of what is written: a shorter word may be another one elsewhere


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


@dataclass(frozen=True, slots=True)
class ForcedText:
    """The tokens of a window; spans: those of the name in them, half-open and ascending."""

    tokens: list[int]
    spans: list[tuple[int, int]]

    @property
    def count(self) -> int:
        """How many tokens the name has, in all its places."""
        return sum(end - begin for begin, end in self.spans)

    def sum(self, logs: Sequence[float], tail: int = 0) -> float:
        """The logarithms of the name's tokens, and of so many behind each of its places."""
        counted = {i for begin, end in self.spans for i in range(begin, min(end + tail, len(logs)))}
        return sum(logs[i] for i in counted)


@dataclass(frozen=True, slots=True)
class SoundWindow:
    """A window of audio as the model has it, for all questions about it. known: what texts were asked, by prompt and
    tokens: what is written is asked once for all the names that are tried there."""

    encoded: Any
    frames: int
    known: dict[tuple[tuple[int, ...], tuple[int, ...]], list[float]] = field(default_factory=dict)


class ForcedDecoder:
    """Asks one model about audio in one language.

    model: a faster_whisper.WhisperModel; tokenizer: its own, for the language; name: that of the recogniser.
    """

    def __init__(self, model: Any, tokenizer: Any, name: str) -> None:
        self._model, self._tokenizer, self.name = model, tokenizer, name

    def encode(self, samples: NDArray[np.float32]) -> SoundWindow:
        """What is asked about: some seconds of audio."""
        import numpy as np

        padded = np.pad(samples, (0, int(SILENCE_SECONDS * SAMPLE_RATE)))
        features = self._model.feature_extractor(padded)[:, : len(padded) // 160]
        features = features[:, : features.shape[1] // 2 * 2]
        return SoundWindow(self._model.encode(features), features.shape[1])

    def likelihoods(self, window: SoundWindow, place: Place, spelling: str) -> Likelihoods:
        """How likely a spelling of a name is at a place, and wherever else in the window the same is written."""
        said, written = self._forced(place, spelling), self._forced(place, place.written)
        prompt = self._tokenizer.encode(f" {spelling}.")
        with_prompt = [self._log_probabilities(window, f.tokens, prompt) for f in (said, written)]
        plain = [self._log_probabilities(window, f.tokens, ()) for f in (said, written)]
        count = max(1, said.count)
        return Likelihoods(
            prompted=said.sum(with_prompt[0]) / count,
            prompted_ratio=(said.sum(with_prompt[0], TAIL_TOKENS) - written.sum(with_prompt[1], TAIL_TOKENS)) / count,
            plain=said.sum(plain[0]) / count,
            plain_ratio=(said.sum(plain[0], TAIL_TOKENS) - written.sum(plain[1], TAIL_TOKENS)) / count,
            written=written.sum(plain[1]) / max(1, written.count),
        )

    def context_likelihood(self, window: SoundWindow, place: Place) -> float:
        """How likely the words around the place are, in nats a token: low where the window has other words."""
        forced = self._forced(place, place.written)
        logs = self._log_probabilities(window, forced.tokens, ())
        names = {i for begin, end in forced.spans for i in range(begin, end)}
        around = [log for i, log in enumerate(logs) if i not in names]
        return sum(around) / len(around) if around else 0.0

    def _forced(self, place: Place, spelling: str) -> ForcedText:
        """The tokens of a window with a spelling in its places."""
        encode = self._tokenizer.encode
        tokens: list[int] = []
        spans: list[tuple[int, int]] = []
        for is_name, piece in _pieces(place):
            if is_name:
                name = encode(_spaced(spelling)) if spelling.strip() else []
                spans.append((len(tokens), len(tokens) + len(name)))
                tokens += name
            elif piece.strip():
                tokens += encode(_glued(piece) if spans else _spaced(piece))
        return ForcedText(tokens, spans)

    def _log_probabilities(self, window: SoundWindow, tokens: list[int], prompt: Sequence[int]) -> list[float]:
        question = (tuple(prompt), tuple(tokens))
        if question not in window.known:
            tokenizer = self._tokenizer
            start = [*((tokenizer.sot_prev, *prompt) if prompt else ()), *tokenizer.sot_sequence]
            found = self._model.model.align(window.encoded, start, [tokens], window.frames)[0]
            window.known[question] = [math.log(max(LEAST_PROBABILITY, p)) for p in found.text_token_probs]
        return window.known[question]


def _pieces(place: Place) -> Iterator[tuple[bool, str]]:
    """(whether it is what is written at the place, the piece of text) of a window, in order."""
    written = " ".join(place.written.split())
    repeated = sum(c.isalpha() for c in written) >= MIN_REPEATED_LETTERS
    same = re.compile(rf"\b({re.escape(written)})\b", re.IGNORECASE) if repeated else None
    for context, is_last in ((place.before, False), (place.after, True)):
        for i, piece in enumerate(same.split(context) if same else [context]):
            yield i % 2 == 1, piece
        if not is_last:
            yield True, written


def _spaced(text: str) -> str:
    return " " + text.strip()


def _glued(text: str) -> str:
    """With the blank of a word before it, but not before a comma or an 's."""
    stripped = text.strip()
    return stripped if not stripped[:1].isalnum() else " " + stripped

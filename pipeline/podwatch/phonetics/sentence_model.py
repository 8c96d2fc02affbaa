"""How likely plain words are to stand in a row in talk, and how likely a name is to stand there instead.

A model of pairs of words, counted in talk of the news (data/word_pairs.npz, made by
``python -m benchmarks.sounds_like.word_pairs``). Symbols are the everyday words that are said often; one for each of
the end of a sentence, a name (a word with a capital that no list calls an everyday word), and any other word. What was
never counted has the part of its first word that is left for such, times how often the second word is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING

from podwatch.phonetics.lexicon import Entry, list_everyday_words
from podwatch.phonetics.tokenizer import CLOSED, Tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BOUNDARY, NAME, OTHER = 0, 1, 2
WORD_COST = 12.0  # -log P: everyday words that are said more seldom are no symbol of their own
BACKOFF = 20.0  # counts that a word has for what was never seen behind it
_LEVELS = 16.0  # as in benchmarks.sounds_like.word_pairs
_FIRST_WORD = 3


@lru_cache(maxsize=1)
def list_symbols() -> Mapping[str, int]:
    """The number of each symbol; the three that are no words have keys that no word is spelt as."""
    words = (word for word, _ in list_everyday_words(WORD_COST))
    return {"<s>": BOUNDARY, "<name>": NAME, "<other>": OTHER} | {w: i for i, w in enumerate(words, _FIRST_WORD)}


def encode_tokens(tokens: Tokens, entries: Mapping[str, Entry]) -> list[int]:
    """The symbols of a text: of its words, and one more where a sentence ends.

    ``entries``: of the words.
    """
    symbols = [BOUNDARY]
    for i in range(len(tokens.plain)):
        symbols.append(symbol_at(i, tokens, entries))
        if tokens.gaps[i] == CLOSED:
            symbols.append(BOUNDARY)
    return symbols


def symbol_at(at: int, tokens: Tokens, entries: Mapping[str, Entry]) -> int:
    """The symbol of one word of a text."""
    word = tokens.plain[at]
    symbol = list_symbols().get(word)
    if symbol is not None:
        return symbol
    is_plain = bool(word) and entries[word].is_everyday()
    return OTHER if is_plain and not tokens.is_capitalised[at] else NAME if not is_plain else OTHER


@dataclass(frozen=True)
class SentenceModel:
    """Counts of pairs, and of symbols, as the natural logarithm of each."""

    pairs: NDArray[np.int64]
    log_counts: NDArray[np.float32]
    log_totals: NDArray[np.float32]

    def log_probability(self, first: int, second: int) -> float:
        """The natural logarithm of P(second | first), both symbols."""
        import numpy as np

        code = first * len(self.log_totals) + second
        at = int(np.searchsorted(self.pairs, code))
        seen = math.exp(float(self.log_counts[at])) if at < len(self.pairs) and self.pairs[at] == code else 0.0
        before = math.exp(float(self.log_totals[first]))
        alone = (math.exp(float(self.log_totals[second])) + 0.5) / self.size
        return math.log((seen + BACKOFF * alone) / (before + BACKOFF))

    def log_rate(self, symbol: int) -> float:
        """The natural logarithm of how often a symbol is said, of all."""
        return float(self.log_totals[symbol]) - math.log(self.size)

    @cached_property
    def size(self) -> float:
        """How many symbols were counted."""
        import numpy as np

        return float(np.exp(self.log_totals.astype(np.float64)).sum())

    def row_log_probability(self, symbols: Sequence[int]) -> float:
        """That of each symbol behind the one before it, but of the first."""
        return sum(self.log_probability(a, b) for a, b in pairwise(symbols))


@lru_cache(maxsize=1)
def load_sentence_model() -> SentenceModel:
    """The model as it is shipped."""
    import numpy as np

    with resources.as_file(resources.files(__package__) / "data" / "word_pairs.npz") as path, np.load(path) as data:
        gaps = np.ascontiguousarray(data["gaps"].T).view("<u4").ravel()
        counts, totals = data["counts"], data["totals"]
    return SentenceModel(
        np.cumsum(gaps.astype(np.int64)),
        (counts / _LEVELS).astype(np.float32),
        np.log(np.maximum(np.expm1(totals / _LEVELS), 0.5)).astype(np.float32),
    )

"""Makes pipeline/podwatch/phonetics/data/word_pairs.npz: how often one plain word stands behind another in talk.

    python -m benchmarks.sounds_like.word_pairs REPOSITORY [--episodes N]

A name that was heard as plain words (neural link, kill me) is one where hardly a sentence says those words in a row. So
pairs of plain words are counted in the repository of news/corpus.py, in the episodes that known_names.py takes: none of
the marked ones, no show of the half "test". Counts are kept, no text; pairs that stand there less than MIN_COUNT times
are left out. sentence_model.py reads the file, and says what the symbols are.
"""

from __future__ import annotations

import argparse
import sys
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.sounds_like.known_names import choose_paths, read_texts
from podwatch.phonetics.lexicon import look_up_words
from podwatch.phonetics.sentence_model import encode_tokens, list_symbols
from podwatch.phonetics.tokenizer import tokenize

TARGET = Path(__file__).parents[2] / "pipeline" / "podwatch" / "phonetics" / "data" / "word_pairs.npz"
MAX_EPISODES = 2000
MIN_COUNT = 4
LEVELS = 16.0  # steps of a count's natural logarithm


def count_pairs(repository: Path, episodes: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The pairs (first * number of symbols + second), ascending; their counts; and the count of each symbol."""
    size = len(list_symbols())
    totals, codes = np.zeros(size, dtype=np.int64), []
    for text in islice(read_texts(repository, choose_paths(repository)), episodes):
        tokens = tokenize(text)
        symbols = encode_tokens(tokens, look_up_words({w for w in tokens.plain if w}))
        row = np.array(symbols, dtype=np.int64)
        totals += np.bincount(row, minlength=size)
        codes.append((row[:-1] * size + row[1:]).astype(np.uint32))
    pairs, counts = np.unique(np.concatenate(codes), return_counts=True)
    often = counts >= MIN_COUNT
    return pairs[often].astype(np.int64), counts[often].astype(np.int64), totals


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--episodes", type=int, default=MAX_EPISODES)
    options = parser.parse_args()
    pairs, counts, totals = count_pairs(options.repository, options.episodes)
    np.savez_compressed(
        TARGET,
        # Differences, byte by byte: they are small, and pack the better.
        gaps=np.diff(pairs, prepend=0).astype("<u4").view(np.uint8).reshape(-1, 4).T.copy(),
        counts=np.minimum(np.rint(np.log(counts) * LEVELS), 255).astype(np.uint8),
        totals=np.rint(np.log1p(totals) * LEVELS).astype(np.uint16),
    )
    print(f"{totals.sum()} symbols, {len(pairs)} pairs, {TARGET.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

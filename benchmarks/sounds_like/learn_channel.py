"""Learns the noisy channel: what the phones and letters of a name are heard as, by expectation maximisation.

    python -m benchmarks.sounds_like.learn_channel TRAIN.jsonl [--pairs FILE --without FILE] [--weight 1]

``--pairs``: places where two recognitions of real talk differ, a JSON object a line: ``heard`` by the worse one, the
``reference`` of the better one, ``capitals`` (the words of it with a capital inside a sentence). Only those that are
names throughout teach anything, and none that holds a name of the test split or one of ``--without`` (a name a line:
the persons of the sample page and of the pages that the matcher is measured on).

The start, and the pull towards it where there is little data, is by how sounds are made: place, manner and voice.
After Ristad and Yianilos, Learning string-edit distance (1998).
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.sounds_like.names import FAMILY_LETTERS, family_key, fold_name, load_subjects
from podwatch.phonetics.lexicon import Entry, look_up_words
from podwatch.phonetics.name_forms import word_phones
from podwatch.phonetics.name_parts import spoken_words
from podwatch.phonetics.noisy_channel import Channel, encode_letters, with_padding
from podwatch.phonetics.pronunciation import N_VOWELS, PHONES

DATA = Path(__file__).parents[2] / "pipeline" / "podwatch" / "phonetics" / "data"
PRIOR_COUNT = 25.0  # how many observed phones the initial probabilities count for
MIN_LETTERS = 4  # a shorter word of real talk is rather an initial or a nickname
_POSSESSIVE = re.compile(r"'s$")
Pair = tuple[bytes, bytes]

# (place, manner, voice): what differs in one of them only is easily taken for the other.
_CONSONANTS = {
    "B": "lip stop 1", "CH": "palate affricate 0", "D": "ridge stop 1", "DH": "tooth fricative 1",
    "F": "lip fricative 0", "G": "back stop 1", "HH": "throat fricative 0", "JH": "palate affricate 1",
    "K": "back stop 0", "L": "ridge liquid 1", "M": "lip nasal 1", "N": "ridge nasal 1", "NG": "back nasal 1",
    "P": "lip stop 0", "R": "palate liquid 1", "S": "ridge fricative 0", "SH": "palate fricative 0",
    "T": "ridge stop 0", "TH": "tooth fricative 0", "V": "lip fricative 1", "W": "lip glide 1", "Y": "palate glide 1",
    "Z": "ridge fricative 1", "ZH": "palate fricative 1",
}  # fmt: skip
_SIMILAR_LETTERS = ["aeiouy", "ckqgx", "bp", "dt", "fvw", "szxc", "mn", "lr", "jgy", "iy", "uw", "ou", "ei"]


def initial_phone_probabilities() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P(heard | said), P(dropped | said), P(added) before anything is learned."""
    n = len(PHONES)
    weight = np.full((n, n), 0.002)
    for i in range(n):
        for j in range(n):
            if i < N_VOWELS and j < N_VOWELS:
                weight[i, j] = 0.02
            elif i >= N_VOWELS and j >= N_VOWELS:
                a, b = _CONSONANTS[PHONES[i]].split(), _CONSONANTS[PHONES[j]].split()
                weight[i, j] = (0.002, 0.004, 0.012, 0)[sum(x == y for x, y in zip(a, b, strict=True))]
                if a[:2] == b[:2]:
                    weight[i, j] = 0.04
    np.fill_diagonal(weight, 0.8)
    dropped = np.where(np.arange(n) < N_VOWELS, 0.05, 0.04)
    scale = (1 - dropped) / weight.sum(axis=1)
    return weight * scale[:, None], dropped, np.full(n, 0.05 / n * 2)


def initial_letter_probabilities() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weight = np.full((26, 26), 0.002)
    for group in _SIMILAR_LETTERS:
        for a in group:
            for b in group:
                weight[ord(a) - 97, ord(b) - 97] = 0.025
    np.fill_diagonal(weight, 0.8)
    dropped = np.full(26, 0.06)
    dropped[[ord(c) - 97 for c in "hewy"]] = 0.12
    scale = (1 - dropped) / weight.sum(axis=1)
    return weight * scale[:, None], dropped, np.full(26, 0.06 / 26 * 2)


def count_expected(
    pairs: Mapping[Pair, float], swap: np.ndarray, drop: np.ndarray, add: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Expected counts of substitutions, deletions and insertions over all alignments of said and heard."""
    swaps, drops, adds = np.zeros_like(swap), np.zeros_like(drop), np.zeros_like(add)
    for (said, heard), times in pairs.items():
        n, m = len(said), len(heard)
        fore = [[0.0] * (m + 1) for _ in range(n + 1)]
        back = [[0.0] * (m + 1) for _ in range(n + 1)]
        s = swap[np.ix_(list(said), list(heard))].tolist()
        d, a = drop[list(said)].tolist(), add[list(heard)].tolist()
        fore[0][0] = back[n][m] = 1.0
        for i in range(n + 1):
            for j in range(m + 1):
                total = fore[i][j]
                if i:
                    total += fore[i - 1][j] * d[i - 1]
                if j:
                    total += fore[i][j - 1] * a[j - 1]
                if i and j:
                    total += fore[i - 1][j - 1] * s[i - 1][j - 1]
                fore[i][j] = total
        for i in range(n, -1, -1):
            for j in range(m, -1, -1):
                total = back[i][j]
                if i < n:
                    total += back[i + 1][j] * d[i]
                if j < m:
                    total += back[i][j + 1] * a[j]
                if i < n and j < m:
                    total += back[i + 1][j + 1] * s[i][j]
                back[i][j] = total
        whole = fore[n][m]
        if whole <= 0:
            continue
        for i in range(n + 1):
            for j in range(m + 1):
                if i < n:
                    drops[said[i]] += times * fore[i][j] * d[i] * back[i + 1][j] / whole
                if j < m:
                    adds[heard[j]] += times * fore[i][j] * a[j] * back[i][j + 1] / whole
                if i < n and j < m:
                    swaps[said[i], heard[j]] += times * fore[i][j] * s[i][j] * back[i + 1][j + 1] / whole
    return swaps, drops, adds


def learn_costs(pairs: Mapping[Pair, float], start: tuple[np.ndarray, ...], rounds: int = 6) -> tuple[np.ndarray, ...]:
    """Costs in nats of substitutions (0 for the same symbol), deletions and insertions."""
    swap, drop, add = start
    for _ in range(rounds):
        swaps, drops, adds = count_expected(pairs, swap, drop, add)
        swaps, drops = swaps + PRIOR_COUNT * start[0], drops + PRIOR_COUNT * start[1]
        total = swaps.sum(axis=1) + drops
        swap, drop = swaps / total[:, None], drops / total
        said = sum(len(s) * t for (s, _), t in pairs.items())
        add = (adds + PRIOR_COUNT * len(add) * start[2]) / (said + PRIOR_COUNT * len(add))
    same = -np.log(np.diag(swap))
    costs = np.maximum(-np.log(swap) - same[:, None], 0.4)
    np.fill_diagonal(costs, 0)
    # An inserted symbol is part of ordinary text: that one of them occurs is no surprise, and costs nothing.
    usual = 0.8 * math.log(len(add))
    return costs, np.maximum(-np.log(drop) - same, 1.3), np.maximum(-np.log(add) - usual, 1.3)


WordPairs = Counter[tuple[tuple[str, ...], tuple[str, ...]]]  # (words said, words heard) -> how often


def read_misspellings(lines: Iterable[str]) -> WordPairs:
    """The misspelt mentions in train.jsonl."""
    texts: WordPairs = Counter()
    for line in lines:
        clip = json.loads(line)
        said = clip["said"]
        for mention in clip["mentions"]:
            if not mention["exact"]:
                _add_pair(texts, said[mention["said_start"] : mention["said_end"]], mention.get("heard_surface") or "")
    return texts


def read_real_pairs(lines: Iterable[str], without: Iterable[str]) -> WordPairs:
    """The names where two recognitions differ, without those that are used for measuring."""
    kept_out = {family_key(s) for s in load_subjects() if s.split == "test"}
    kept_out |= {word[:FAMILY_LETTERS] for name in without for word in fold_name(name).split()[-1:]}
    texts: WordPairs = Counter()
    for line in lines:
        pair = json.loads(line)
        said = pair["reference"]
        words = fold_name(said).split()
        named = len(pair["capitals"]) == len(words) and not said.isupper() and len("".join(words)) >= MIN_LETTERS
        if named and not any(word[:FAMILY_LETTERS] in kept_out for word in words):
            _add_pair(texts, said, pair["heard"])
    return texts


def _add_pair(texts: WordPairs, said: str, heard: str) -> None:
    form, surface = (tuple(_POSSESSIVE.sub("", w) for w in spoken_words(text)) for text in (said, heard))
    if form and surface and form != surface:
        texts[form, surface] += 1


def encode_pairs(parts: Sequence[tuple[WordPairs, float]]) -> tuple[dict[Pair, float], dict[Pair, float]]:
    """The pairs of phones and of letters; each part counts with its weight."""
    known = look_up_words({w for texts, _ in parts for pair in texts for side in pair for w in side})
    phones: dict[Pair, float] = defaultdict(float)
    letters: dict[Pair, float] = defaultdict(float)
    for texts, weight in parts:
        for (said, heard), times in texts.items():
            much = weight * min(times, 3)  # equal errors of several recognisers in one voice are not independent
            phones[_phones_of(said, known), _phones_of(heard, known)] += much
            letters[encode_letters("".join(said)), encode_letters("".join(heard))] += much
    return phones, letters


def _phones_of(words: Sequence[str], known: dict[str, Entry]) -> bytes:
    return b"".join(word_phones(w, known) for w in words)


def is_plausible(channel: Channel, said: bytes, heard: bytes) -> bool:
    """Whether the heard sound can be a misspelling of the said one; unrelated words teach nothing."""
    return bool(channel.costs(channel.pad([said]), channel.pad([heard]))[0] < 2.2 * len(said))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path, nargs="*")
    parser.add_argument("--pairs", type=Path, help="places where two recognitions of real talk differ")
    parser.add_argument("--without", type=Path, help="names that --pairs must not teach, one a line")
    parser.add_argument("--weight", type=float, default=1.0, help="what a real pair counts, beside one of the set")
    options = parser.parse_args()
    texts = read_misspellings(line for path in options.train for line in path.read_text("utf-8").splitlines())
    parts = [(texts, 1.0)]
    if options.pairs:
        without = options.without.read_text("utf-8").splitlines() if options.without else []
        with options.pairs.open(encoding="utf-8") as file:
            parts.append((read_real_pairs(file, without), options.weight))
    phones, letters = encode_pairs(parts)
    arrays: dict[str, NDArray[np.float64]] = {}
    for of, pairs, start in (
        ("phone", phones, initial_phone_probabilities()),
        ("letter", letters, initial_letter_probabilities()),
    ):
        first = with_padding(*(a.astype(np.float32) for a in learn_costs({}, start, 1)))
        near = {(s, h): t for (s, h), t in pairs.items() if s and h and is_plausible(first, s, h)}
        swap, drop, add = learn_costs(near, start)
        arrays |= {f"{of}_swap": swap, f"{of}_drop": drop, f"{of}_add": add}
        print(of, round(sum(near.values())), "pairs; mean drop", drop.mean().round(2), "add", add.mean().round(2))
    small: dict[str, Any] = {k: v.astype(np.float32) for k, v in arrays.items()}
    np.savez_compressed(DATA / "channel.npz", **small)
    assert not any(math.isnan(v.sum()) for v in arrays.values())


if __name__ == "__main__":
    main()

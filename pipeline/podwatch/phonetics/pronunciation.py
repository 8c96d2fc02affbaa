"""Pronounces any spelling: the GRU network of g2p_en (Park and Kim, 2019), run in numpy, many words at once.

The weights are those of g2p_en 2.1.0 (Apache-2.0; see data/NOTICE.md), kept as half floats; it was trained on the CMU
pronouncing dictionary, so it reads every name as an American would who sees it for the first time: as a recogniser's
English model does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MAX_PHONES = 20  # phones of one word; the network was trained on no more
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
_OUTPUT_SYMBOLS = str.split(
    "AA0 AA1 AA2 AE0 AE1 AE2 AH0 AH1 AH2 AO0 AO1 AO2 AW0 AW1 AW2 AY0 AY1 AY2 B CH D DH EH0 EH1 EH2 ER0 ER1 "
    "ER2 EY0 EY1 EY2 F G HH IH0 IH1 IH2 IY0 IY1 IY2 JH K L M N NG OW0 OW1 OW2 OY0 OY1 OY2 P R S SH T TH UH0 "
    "UH1 UH2 UW UW0 UW1 UW2 V W Y Z ZH "
)
CONSONANTS = ("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH", "V")
PHONES = (*_VOWELS, *CONSONANTS, "W", "Y", "Z", "ZH")  # without stress, which recognisers do not keep
N_VOWELS = len(_VOWELS)
_PHONE_INDEX = {p: i for i, p in enumerate(PHONES)}
# The network's output symbol -> phone; pad, unknown and start stand for nothing, 3 ends the word.
_PHONE_OF = (-1, -1, -1, -1, *(_PHONE_INDEX[p.rstrip("012")] for p in _OUTPUT_SYMBOLS))
_END_SYMBOL = 3


@lru_cache(maxsize=1)
def _load_weights() -> dict[str, Floats]:
    import numpy as np

    with resources.as_file(resources.files(__package__) / "data" / "g2p.npz") as path, np.load(path) as arrays:
        return {name: arrays[name].astype(np.float32) for name in arrays.files}


@lru_cache(maxsize=1)
def _projected_embeddings() -> tuple[Floats, Floats]:
    """The embeddings already multiplied by the input weights, letters and phones: a look-up for a product."""
    w = _load_weights()
    return w["enc_emb"] @ w["enc_w_ih"].T + w["enc_b_ih"], w["dec_emb"] @ w["dec_w_ih"].T + w["dec_b_ih"]


def _gru_step(projected: Floats, hidden: Floats, weights: Floats, bias: Floats) -> Floats:
    import numpy as np

    size = hidden.shape[1]
    past = hidden @ weights.T + bias
    gates = projected[:, : 2 * size] + past[:, : 2 * size]
    gates = np.float32(1) / (np.float32(1) + np.exp(-gates))
    new = np.tanh(projected[:, 2 * size :] + gates[:, :size] * past[:, 2 * size :])
    update = gates[:, size:]
    out: Floats = (1 - update) * new + update * hidden
    return out


def pronounce(words: Sequence[str]) -> list[bytes]:
    """The phones of each word, as indices into PHONES; ``words`` are of a-z alone, and any number of them."""
    import numpy as np

    if not words:
        return []
    w = _load_weights()
    letters, sounds = _projected_embeddings()
    order = sorted(range(len(words)), key=lambda i: (len(words[i]), words[i]))
    answer = [b""] * len(words)
    for first in range(0, len(order), 512):
        block = order[first : first + 512]
        lengths = np.array([min(len(words[i]), 40) for i in block])
        width = int(lengths[-1]) + 1
        ids = np.full((len(block), width), 2, dtype=np.int64)  # 2 ends a spelling
        for row, i in enumerate(block):
            ids[row, : lengths[row]] = [_LETTERS.index(c) + 3 for c in words[i][:40]]
        hidden = np.zeros((len(block), w["enc_w_hh"].shape[1]), dtype=np.float32)
        begin = 0
        for t in range(width):  # shorter spellings come first in a block and are left alone once they have ended
            while begin < len(block) and t > lengths[begin]:
                begin += 1
            hidden[begin:] = _gru_step(letters[ids[begin:, t]], hidden[begin:], w["enc_w_hh"], w["enc_b_hh"])
        said: list[list[int]] = [[] for _ in block]
        alive = np.arange(len(block))
        last = np.full(len(block), 2)
        for _ in range(MAX_PHONES):
            hidden = _gru_step(sounds[last], hidden, w["dec_w_hh"], w["dec_b_hh"])
            last = (hidden @ w["fc_w"].T + w["fc_b"]).argmax(axis=1)
            going = last != _END_SYMBOL
            alive, hidden, last = alive[going], hidden[going], last[going]
            if not len(alive):
                break
            for row, symbol in zip(alive.tolist(), last.tolist(), strict=True):
                if (phone := _PHONE_OF[symbol]) >= 0:
                    said[row].append(phone)
        for row, i in enumerate(block):
            answer[i] = bytes(said[row])
    return answer

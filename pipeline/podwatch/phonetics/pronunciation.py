"""Pronounces any spelling: the GRU network of g2p_en (Park and Kim 2019), run in numpy for many words in one pass.

The weights are those of g2p_en 2.1.0 (Apache-2.0; see data/NOTICE.md), stored as half floats. It was trained on the CMU
pronouncing dictionary, so it pronounces a name as an American does who sees it for the first time, and as the English
model of a speech recognition does.
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

MAX_PHONES = 20  # of one word; the network was trained on no more
_MAX_LETTERS = 40  # of one word; what comes behind is ignored
_BLOCK_WORDS = 512  # that go through the network in one pass
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
_OUTPUT_SYMBOLS = str.split(
    "AA0 AA1 AA2 AE0 AE1 AE2 AH0 AH1 AH2 AO0 AO1 AO2 AW0 AW1 AW2 AY0 AY1 AY2 B CH D DH EH0 EH1 EH2 ER0 ER1 "
    "ER2 EY0 EY1 EY2 F G HH IH0 IH1 IH2 IY0 IY1 IY2 JH K L M N NG OW0 OW1 OW2 OY0 OY1 OY2 P R S SH T TH UH0 "
    "UH1 UH2 UW UW0 UW1 UW2 V W Y Z ZH "
)
CONSONANTS = ("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH", "V")
PHONES = (*_VOWELS, *CONSONANTS, "W", "Y", "Z", "ZH")  # without stress, which speech recognition does not keep
N_VOWELS = len(_VOWELS)
_PHONE_INDEX = {p: i for i, p in enumerate(PHONES)}
# The network's output symbol -> phone, or -1: padding, unknown and start stand for nothing, 3 ends the word.
_PHONE_OF = (-1, -1, -1, -1, *(_PHONE_INDEX[p.rstrip("012")] for p in _OUTPUT_SYMBOLS))
_END_SYMBOL = 3
_START_SYMBOL, _END_LETTER = 2, 2  # of a pronunciation, of a spelling


@lru_cache(maxsize=1)
def _load_weights() -> dict[str, Floats]:
    import numpy as np

    with resources.as_file(resources.files(__package__) / "data" / "g2p.npz") as path, np.load(path) as arrays:
        return {name: arrays[name].astype(np.float32) for name in arrays.files}


@lru_cache(maxsize=1)
def _projected_embeddings() -> tuple[Floats, Floats]:
    """The embeddings of letters and of phones multiplied by the input weights: a look-up instead of a product."""
    w = _load_weights()
    return w["enc_emb"] @ w["enc_w_ih"].T + w["enc_b_ih"], w["dec_emb"] @ w["dec_w_ih"].T + w["dec_b_ih"]


def _gru_step(projected: Floats, hidden: Floats, weights: Floats, bias: Floats) -> Floats:
    """The next hidden state of each row; ``projected``: its input, multiplied by the input weights."""
    import numpy as np

    size = hidden.shape[1]
    past = hidden @ weights.T + bias
    gates = projected[:, : 2 * size] + past[:, : 2 * size]
    gates = np.float32(1) / (np.float32(1) + np.exp(-gates))
    new = np.tanh(projected[:, 2 * size :] + gates[:, :size] * past[:, 2 * size :])
    update = gates[:, size:]
    out: Floats = (1 - update) * new + update * hidden
    return out


def _encode(words: Sequence[str]) -> Floats:
    """The hidden states of the encoder behind each word; ``words``: the shorter ones first."""
    import numpy as np

    w, letters = _load_weights(), _projected_embeddings()[0]
    lengths = [min(len(word), _MAX_LETTERS) for word in words]
    width = lengths[-1] + 1
    symbols = np.full((len(words), width), _END_LETTER, dtype=np.int64)
    for row, word in enumerate(words):
        symbols[row, : lengths[row]] = [_LETTERS.index(c) + 3 for c in word[:_MAX_LETTERS]]
    hidden = np.zeros((len(words), w["enc_w_hh"].shape[1]), dtype=np.float32)
    first = 0  # the first word that has not ended
    for t in range(width):
        while t > lengths[first]:
            first += 1
        hidden[first:] = _gru_step(letters[symbols[first:, t]], hidden[first:], w["enc_w_hh"], w["enc_b_hh"])
    return hidden


def _decode(hidden: Floats) -> list[bytes]:
    """The phones for each hidden state of the encoder."""
    import numpy as np

    w, sounds = _load_weights(), _projected_embeddings()[1]
    phones: list[list[int]] = [[] for _ in hidden]
    rows = np.arange(len(hidden))  # of the words that have not ended
    symbols = np.full(len(hidden), _START_SYMBOL)
    for _ in range(MAX_PHONES):
        hidden = _gru_step(sounds[symbols], hidden, w["dec_w_hh"], w["dec_b_hh"])
        symbols = (hidden @ w["fc_w"].T + w["fc_b"]).argmax(axis=1)
        going = symbols != _END_SYMBOL
        rows, hidden, symbols = rows[going], hidden[going], symbols[going]
        if not len(rows):
            break
        for row, symbol in zip(rows.tolist(), symbols.tolist(), strict=True):
            if (phone := _PHONE_OF[symbol]) >= 0:
                phones[row].append(phone)
    return [bytes(word) for word in phones]


def pronounce(words: Sequence[str]) -> list[bytes]:
    """The phones of each word, as indices into PHONES; ``words``: any number of them, in a-z alone."""
    order = sorted(range(len(words)), key=lambda i: (len(words[i]), words[i]))
    found = [b""] * len(words)
    for begin in range(0, len(order), _BLOCK_WORDS):
        block = order[begin : begin + _BLOCK_WORDS]
        for i, phones in zip(block, _decode(_encode([words[i] for i in block])), strict=True):
            found[i] = phones
    return found

"""How a said name becomes a heard one: the cost of turning the phones of the one into those of the other.

A noisy channel: cost = -log P(heard | said), in nats, 0 for the same phones. What a phone is heard as, how easily it
is dropped, and which ones come in from nowhere was learned from names that were spoken and recognised again
(``python -m benchmarks.sounds_like.learn``; data/channel.npz). Weighted edit distance: Wagner and Fischer (1974).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Symbols = NDArray[np.uint8]

_IMPOSSIBLE = 1000.0
_SPELLING_VARIANTS = re.compile("ck|ph|[bdgk]h|c(?!c?[eihy])|q|ff?$")  # the last: Slavic -ov is said -off
_NORMAL_SPELLINGS = {"ck": "k", "c": "k", "q": "k", "ph": "f", "f": "v", "ff": "v"}
_DOUBLED_LETTER = re.compile(r"(.)\1")
_LETTER_SYMBOLS = bytes((i - 97) % 256 for i in range(256))
_CHUNK_ROWS = 4096
_PRUNE_AFTER = (2, 4, 6, 8, 11)  # after so many symbols, rows that cost too much already are dropped


@dataclass(frozen=True, slots=True)
class Channel:
    """Costs over an alphabet of n symbols and one more, the padding, which costs nothing.

    ``swap[p, q]``: p heard as q. ``drop[p]``: p not heard. ``add[q]``: q heard that nobody said.
    """

    substitution: Floats
    deletion: Floats
    insertion: Floats

    @property
    def padding(self) -> int:
        return len(self.deletion) - 1

    def pad(self, strings: Sequence[bytes]) -> Symbols:
        """The strings as rows of one width, filled up with the padding."""
        import numpy as np

        width = max((len(s) for s in strings), default=0)
        padding = bytes([self.padding])
        filled = b"".join([s.ljust(width, padding) for s in strings])
        return np.frombuffer(filled, dtype=np.uint8).reshape(len(strings), width)

    def costs(self, said: Symbols, heard: Symbols, max_costs: Floats | None = None) -> Floats:
        """Row by row, the cost of the cheapest way from ``said`` to ``heard``; both padded, with as many rows.

        ``most``: of each row, a cost over which it does not matter any more; such a row may cost _NEVER.
        """
        import numpy as np

        out = np.full(len(said), _IMPOSSIBLE, dtype=np.float32)
        n = len(self.deletion)
        swap = self.substitution.ravel()
        for begin in range(0, len(said), _CHUNK_ROWS):  # what fits the cache; a column for each pair
            rows = np.arange(begin, min(begin + _CHUNK_ROWS, len(said)))
            a = np.ascontiguousarray(said[rows].T).astype(np.intp) * n  # where its row of swap begins
            b = np.ascontiguousarray(heard[rows].T).astype(np.intp)
            added = np.zeros((len(b) + 1, len(rows)), dtype=np.float32)
            for j in range(len(b)):
                np.add(added[j], self.insertion.take(b[j]), out=added[j + 1])
            best = added.copy()
            for i in range(len(a)):
                p = a[i]
                new = best + self.deletion[p // n]
                np.minimum(new[1:], best[:-1] + swap.take(p + b), out=new[1:])
                # What is added costs the same wherever it comes in: a running least of what is left without it.
                new -= added
                for j in range(len(b)):
                    np.minimum(new[j + 1], new[j], out=new[j + 1])
                new += added
                best = new
                if max_costs is not None and i in _PRUNE_AFTER:
                    keep = best.min(axis=0) <= max_costs[rows]
                    if 4 * np.count_nonzero(keep) < 3 * len(keep):
                        rows, best, added, b, a = rows[keep], best[:, keep], added[:, keep], b[:, keep], a[:, keep]
                        if not len(rows):
                            break
            out[rows] = best[-1]
        return out

    def said_lower_bounds(self, heard: Symbols) -> Floats:
        """For each row of ``heard`` and each symbol p: the least that p can cost, whatever it is heard as there."""
        import numpy as np

        least = self.substitution[:, heard[:, 0]]
        for column in range(1, heard.shape[1]):
            np.minimum(least, self.substitution[:, heard[:, column]], out=least)
        return np.ascontiguousarray(np.minimum(least.T, self.deletion))

    def heard_lower_bounds(self, said: Symbols) -> Floats:
        """For each row of ``said`` and each symbol q: the least that q can cost, whatever was said there."""
        import numpy as np

        least = self.substitution[said[:, 0]]
        for column in range(1, said.shape[1]):
            np.minimum(least, self.substitution[said[:, column]], out=least)
        return np.ascontiguousarray(np.minimum(least, self.insertion))


@lru_cache(maxsize=1)
def load_channels() -> tuple[Channel, Channel]:
    """The channel of phones (network.PHONES) and the one of letters (a-z)."""
    import numpy as np

    with resources.as_file(resources.files(__package__) / "data" / "channel.npz") as path, np.load(path) as data:
        return tuple(  # type: ignore[return-value]
            with_padding(data[f"{of}_swap"], data[f"{of}_drop"], data[f"{of}_add"]) for of in ("phone", "letter")
        )


def with_padding(swap: Floats, drop: Floats, add: Floats) -> Channel:
    """A channel with its padding: it is heard as nothing, for nothing."""
    import numpy as np

    n = len(drop)
    wide = np.full((n + 1, n + 1), _IMPOSSIBLE, dtype=np.float32)
    wide[:n, :n] = swap
    wide[n, n] = 0
    return Channel(wide, np.append(drop, 0).astype(np.float32), np.append(add, 0).astype(np.float32))


@lru_cache(maxsize=200_000)
def encode_letters(word: str) -> bytes:
    """A plain word as symbols of the channel of letters; what spellers disagree about is written in one way."""
    word = word.replace("'", "")
    if word[:2] == "wh":
        word = "w" + word[2:]
    word = _SPELLING_VARIANTS.sub(_normal_spelling, word)
    return _DOUBLED_LETTER.sub(r"\1", word).encode().translate(_LETTER_SYMBOLS)


def _normal_spelling(found: re.Match[str]) -> str:
    return _NORMAL_SPELLINGS.get(found[0], found[0][0])

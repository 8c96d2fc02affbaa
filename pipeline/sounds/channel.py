"""How a said name becomes a heard one: the cost of turning the phones of the one into those of the other.

A noisy channel: cost = -log P(heard | said), in nats, 0 for the same phones. What a phone is heard as, how easily it
is dropped, and which ones come in from nowhere was learned from names that were spoken and recognised again
(``python -m benchmarks.sounds_like.learn``; data/channel.npz). Weighted edit distance: Wagner and Fischer (1974).
"""

from __future__ import annotations

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

_NEVER = 1000.0


@dataclass(frozen=True, slots=True)
class Channel:
    """Costs over an alphabet of n symbols and one more, the padding, which costs nothing.

    ``swap[p, q]``: p heard as q. ``drop[p]``: p not heard. ``add[q]``: q heard that nobody said.
    """

    swap: Floats
    drop: Floats
    add: Floats

    @property
    def padding(self) -> int:
        return len(self.drop) - 1

    def pad(self, strings: Sequence[bytes]) -> Symbols:
        """The strings as rows of one width, filled up with the padding."""
        import numpy as np

        width = max((len(s) for s in strings), default=0)
        filled = b"".join(s.ljust(width, bytes([self.padding])) for s in strings)
        return np.frombuffer(filled, dtype=np.uint8).reshape(len(strings), width)

    def costs(self, said: Symbols, heard: Symbols) -> Floats:
        """Row by row, the cost of the cheapest way from ``said`` to ``heard``; both padded, with as many rows."""
        import numpy as np

        if not len(said):
            return np.zeros(0, dtype=np.float32)
        rows, width = heard.shape
        out = np.empty(rows, dtype=np.float32)
        n = len(self.drop)
        swap = self.swap.ravel()
        for begin in range(0, rows, 8192):  # what fits the cache
            a, b = said[begin : begin + 8192], heard[begin : begin + 8192].astype(np.int32)
            added = np.zeros((len(a), width + 1), dtype=np.float32)
            np.cumsum(self.add[b], axis=1, out=added[:, 1:])
            best = added.copy()
            for i in range(a.shape[1]):
                p = a[:, i].astype(np.int32)
                dropped = best + self.drop[p][:, None]
                swapped = best[:, :-1] + swap[p[:, None] * n + b]
                np.minimum(dropped[:, 1:], swapped, out=dropped[:, 1:])
                dropped -= added
                best = np.minimum.accumulate(dropped, axis=1)
                best += added
            out[begin : begin + 8192] = best[:, -1]
        return out

    def floor_of_heard(self, heard: Symbols) -> Floats:
        """For each row of ``heard`` and each symbol p: the least that p can cost, whatever it is heard as there."""
        import numpy as np

        least = np.minimum(self.swap[:, heard].min(axis=2).T, self.drop)
        return np.ascontiguousarray(least[:, : self.padding])

    def floor_of_said(self, said: Symbols) -> Floats:
        """For each row of ``said`` and each symbol q: the least that a heard q can cost."""
        import numpy as np

        least = np.minimum(self.swap[said].min(axis=1), self.add)
        return np.ascontiguousarray(least[:, : self.padding])

    def counts(self, strings: Symbols) -> Floats:
        """How often each symbol is in each row."""
        import numpy as np

        counts = np.zeros((len(strings), self.padding + 1), dtype=np.float32)
        for column in range(strings.shape[1]):
            counts[np.arange(len(strings)), strings[:, column]] += 1
        return np.ascontiguousarray(counts[:, : self.padding])


@lru_cache(maxsize=1)
def channels() -> tuple[Channel, Channel]:
    """The channel of phones (network.PHONES) and the one of letters (a-z)."""
    import numpy as np

    with resources.as_file(resources.files(__package__) / "data" / "channel.npz") as path, np.load(path) as data:
        return tuple(  # type: ignore[return-value]
            padded(data[f"{of}_swap"], data[f"{of}_drop"], data[f"{of}_add"]) for of in ("phone", "letter")
        )


def padded(swap: Floats, drop: Floats, add: Floats) -> Channel:
    """A channel with its padding: it is heard as nothing, for nothing."""
    import numpy as np

    n = len(drop)
    wide = np.full((n + 1, n + 1), _NEVER, dtype=np.float32)
    wide[:n, :n] = swap
    wide[n, n] = 0
    return Channel(wide, np.append(drop, 0).astype(np.float32), np.append(add, 0).astype(np.float32))


def letters_of(word: str) -> bytes:
    """A plain word as symbols of the channel of letters."""
    return bytes(ord(c) - 97 for c in word if c != "'")

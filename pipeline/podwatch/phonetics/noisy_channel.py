"""How a name that was said is heard as another one: the cost of turning the symbols of the one into the other's.

A noisy channel: cost = -log P(heard | said), in nats, 0 for the same symbols. Symbols are phones or letters. What a
symbol is heard as, how easily it is dropped, and which ones come in from nowhere was learned from names that were
spoken and recognised again (``python -m benchmarks.sounds_like.learn_channel``; data/channel.npz). The cost of a whole
string is a weighted edit distance (Wagner and Fischer 1974).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from podwatch.phonetics.lexicon import Entry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    SymbolRows = NDArray[np.uint8]

Encoded = tuple[bytes, bytes]  # one string in both alphabets: phones, letters
Costs = tuple[float, float]  # in nats for each phone and for each letter of what was said

_IMPOSSIBLE = 1000.0  # nats
_SPELLING_VARIANTS = re.compile("ck|ph|[bdgk]h|c(?!c?[eihy])|q|ff?$")  # the last: Slavic -ov is said -off
_NORMAL_SPELLINGS = {"ck": "k", "c": "k", "q": "k", "ph": "f", "f": "v", "ff": "v"}
_DOUBLED_LETTER = re.compile(r"(.)\1")
_LETTER_SYMBOLS = bytes((i - 97) % 256 for i in range(256))
_CHUNK_ROWS = 2048  # pairs whose tables fit the processor's cache
_CHECKED_ROWS = 3  # symbols said, after which pairs over their limit are given up
_FEW_PAIRS = 128  # of which a running minimum over the whole table, in steps of 1, 2, 4 and so on, takes fewer calls


@dataclass(frozen=True, slots=True)
class Channel:
    """The costs of edits, in nats, over an alphabet of n symbols and one more, the padding, which costs nothing.

    ``substitution[p, q]``: p is heard as q. ``deletion[p]``: p is not heard. ``insertion[q]``: q is heard though
    nobody said it.
    """

    substitution: Floats
    deletion: Floats
    insertion: Floats

    @property
    def padding(self) -> int:
        return len(self.deletion) - 1

    def pad(self, strings: Sequence[bytes]) -> SymbolRows:
        """The strings as rows of one width, filled up with the padding."""
        import numpy as np

        width = max((len(s) for s in strings), default=0)
        padding = bytes([self.padding])
        filled = b"".join([s.ljust(width, padding) for s in strings])
        return np.frombuffer(filled, dtype=np.uint8).reshape(len(strings), width)

    def costs(self, said: SymbolRows, heard: SymbolRows) -> Floats:
        """Row by row, the cost of the cheapest edits that make ``heard`` of ``said``; both padded, of one length."""
        return self._sorted_costs(said, heard, None)

    def costs_within(self, said: SymbolRows, heard: SymbolRows, which: NDArray[np.intp], limits: Floats) -> Floats:
        """The costs of ``said`` heard as ``heard[which]``, row by row; infinite for some that are over their limit."""
        bounds = self.said_lower_bounds(heard)
        return self._sorted_costs(said, heard[which], _Limits(limits, bounds.ravel(), which * bounds.shape[1]))

    def _sorted_costs(self, said: SymbolRows, heard: SymbolRows, limits: _Limits | None) -> Floats:
        import numpy as np

        out = np.zeros(len(said), dtype=np.float32)
        lengths, heard_lengths = ((rows != self.padding).sum(axis=1) for rows in (said, heard))
        order = np.lexsort((-heard_lengths, -lengths))  # so that the tables of a chunk are hardly wider than its pairs
        for begin in range(0, len(said), _CHUNK_ROWS):
            rows = order[begin : begin + _CHUNK_ROWS]
            a = said[rows, : lengths[rows[0]]].T.astype(np.intp, order="C")
            b = heard[rows, : heard_lengths[rows].max()].T.astype(np.intp, order="C")
            out[rows] = self._chunk_costs(a, b, lengths[rows], None if limits is None else limits.take(rows))
        return out

    def _chunk_costs(
        self, said: NDArray[np.intp], heard: NDArray[np.intp], lengths: NDArray[np.int64], limits: _Limits | None
    ) -> Floats:
        """The costs of pairs, one a column; ``lengths``: those of what was said, the longest first."""
        import numpy as np

        substitution, n, width = self.substitution.ravel(), len(self.deletion), len(heard)
        inserted = np.zeros((width + 1, len(lengths)), dtype=np.float32)
        for j in range(width):
            np.add(inserted[j], self.insertion.take(heard[j]), out=inserted[j + 1])
        best, final = inserted.copy(), np.full(len(lengths), np.inf, dtype=np.float32)
        rest = None if limits is None else limits.rest_bounds(said)
        at = np.arange(len(lengths))  # the pairs of which not all that was said is worked out
        for i in range(len(said)):
            going = None
            if len(at) and lengths[at[-1]] <= i:
                going = np.arange(np.searchsorted(-lengths[at], -i))
                final[at[len(going) :]] = best[-1, len(going) :]
            if limits is not None and rest is not None and i and i % _CHECKED_ROWS == 0:
                may_be = best.min(axis=0) + rest[i].take(at) <= limits.most.take(at)
                going = np.flatnonzero(may_be) if going is None else going[may_be[: len(going)]]
            if going is not None:
                at, heard = at[going], heard.take(going, axis=1)
                best, inserted = best.take(going, axis=1), inserted.take(going, axis=1)
            p = said[i].take(at)
            new = best + self.deletion.take(p)
            substituted = substitution.take(p * n + heard)
            substituted += best[:-1]
            np.minimum(new[1:], substituted, out=new[1:])
            # An insertion costs the same wherever it stands: a running minimum of what is left without them
            # (np.minimum.accumulate takes 18 times as long).
            new -= inserted
            if len(at) > _FEW_PAIRS:
                for j in range(width):
                    np.minimum(new[j + 1], new[j], out=new[j + 1])
            else:
                step = 1
                while step <= width:
                    np.minimum(new[step:], new[:-step], out=new[step:])
                    step *= 2
            new += inserted
            best = new
        final[at] = best[-1]
        return final

    def said_lower_bounds(self, heard: SymbolRows) -> Floats:
        """For each row of ``heard`` and each symbol p: the least that p can cost, whatever it is heard as there."""
        import numpy as np

        return np.minimum(_column_minima(np.ascontiguousarray(self.substitution.T), heard), self.deletion)

    def heard_lower_bounds(self, said: SymbolRows) -> Floats:
        """For each row of ``said`` and each symbol q: the least that q can cost, whatever was said there."""
        import numpy as np

        return np.minimum(_column_minima(self.substitution, said), self.insertion)


@dataclass(frozen=True, slots=True)
class _Limits:
    """Up to what each pair may cost, and the least that each symbol said can cost in it.

    ``bounds``: rows of these, one behind the other; ``offsets``: where the row of the pair begins.
    """

    most: Floats
    bounds: Floats
    offsets: NDArray[np.intp]

    def take(self, which: NDArray[np.intp]) -> _Limits:
        """Those of some pairs."""
        return _Limits(self.most[which], self.bounds, self.offsets[which])

    def rest_bounds(self, said: NDArray[np.intp]) -> Floats:
        """For each symbol said, of pairs in columns, the least that it and all behind it can cost."""
        import numpy as np

        least = np.zeros((len(said) + 1, said.shape[1]), dtype=np.float32)
        for i in range(len(said) - 1, -1, -1):
            np.add(least[i + 1], self.bounds.take(self.offsets + said[i]), out=least[i])
        return least


def _column_minima(costs: Floats, strings: SymbolRows) -> Floats:
    """For each row of ``strings`` the minimum, column by column, of the rows of ``costs`` that its symbols name."""
    import numpy as np

    least = np.full((len(strings), costs.shape[1]), _IMPOSSIBLE, dtype=np.float32)
    for column in strings.T:
        np.minimum(least, costs[column], out=least)
    return least


@lru_cache(maxsize=1)
def load_channels() -> tuple[Channel, Channel]:
    """The channel of phones (pronunciation.PHONES) and the one of letters (a-z)."""
    import numpy as np

    with resources.as_file(resources.files(__package__) / "data" / "channel.npz") as path, np.load(path) as data:
        return tuple(  # type: ignore[return-value]
            with_padding(data[f"{of}_swap"], data[f"{of}_drop"], data[f"{of}_add"]) for of in ("phone", "letter")
        )


def with_padding(substitution: Floats, deletion: Floats, insertion: Floats) -> Channel:
    """A channel with its padding: it is heard as nothing, for nothing."""
    import numpy as np

    n = len(deletion)
    wide = np.full((n + 1, n + 1), _IMPOSSIBLE, dtype=np.float32)
    wide[:n, :n] = substitution
    wide[n, n] = 0
    return Channel(wide, np.append(deletion, 0).astype(np.float32), np.append(insertion, 0).astype(np.float32))


@lru_cache(maxsize=200_000)
def encode_letters(word: str) -> bytes:
    """A plain word as symbols of the channel of letters, in one of the spellings that spellers disagree about."""
    word = word.replace("'", "")
    if word[:2] == "wh":
        word = "w" + word[2:]
    word = _SPELLING_VARIANTS.sub(lambda found: _NORMAL_SPELLINGS.get(found[0], found[0][0]), word)
    return _DOUBLED_LETTER.sub(r"\1", word).encode().translate(_LETTER_SYMBOLS)


def encode_words(words: Sequence[str], entries: Mapping[str, Entry]) -> Encoded:
    """The phones and the letters of some plain words."""
    return b"".join([entries[w].sound for w in words]), b"".join([encode_letters(w) for w in words])


def measure_costs(pairs: Sequence[tuple[Encoded, Encoded]]) -> list[Costs]:
    """The costs, in both alphabets, of hearing the first of each pair as the second."""
    if not pairs:
        return []
    distinct = sorted(set(pairs))
    phones, letters = load_channels()
    said, heard = ([pair[i] for pair in distinct] for i in (0, 1))
    joint = measure_joint_costs(
        (phones.pad([s for s, _ in said]), letters.pad([s for _, s in said])),
        (phones.pad([s for s, _ in heard]), letters.pad([s for _, s in heard])),
    )
    by_alphabet = [
        [cost / max(1, len(string[i])) for cost, string in zip(costs.tolist(), said, strict=True)]
        for i, costs in enumerate(joint)
    ]
    costs = dict(zip(distinct, zip(*by_alphabet, strict=True), strict=True))
    return [costs[pair] for pair in pairs]


@lru_cache(maxsize=1)
def _joint_channel() -> tuple[Channel, SymbolRows, SymbolRows]:
    """One channel of both alphabets, and what phones and letters, and their paddings, are as symbols of it."""
    import numpy as np

    phones, letters = load_channels()
    n, m = phones.padding, letters.padding
    substitution = np.full((n + m, n + m), _IMPOSSIBLE, dtype=np.float32)
    substitution[:n, :n], substitution[n:, n:] = phones.substitution[:n, :n], letters.substitution[:m, :m]
    deletion, insertion = (
        np.concatenate([a[:n], b[:m]])
        for a, b in ((phones.deletion, letters.deletion), (phones.insertion, letters.insertion))
    )
    symbols = np.arange(n + m + 1, dtype=np.uint8)
    return with_padding(substitution, deletion, insertion), np.append(symbols[:n], symbols[-1]), symbols[n:]


def measure_joint_costs(said: tuple[SymbolRows, SymbolRows], heard: tuple[SymbolRows, SymbolRows]) -> Floats:
    """Two rows: the costs of the same pairs in phones and in letters, both as padded rows.

    In one table, as for few pairs the calls take longer than what they work out.
    """
    import numpy as np

    channel, *symbols = _joint_channel()
    rows = []
    for pair in (said, heard):
        both = np.full((2, len(pair[0]), max(pair[0].shape[1], pair[1].shape[1])), channel.padding, dtype=np.uint8)
        for own, strings, joint in zip(both, pair, symbols, strict=True):
            own[:, : strings.shape[1]] = joint[strings]
        rows.append(both.reshape(-1, both.shape[2]))
    return channel.costs(*rows).reshape(2, -1)

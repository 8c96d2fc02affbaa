"""Tells, of one form and very many n-grams, which may cost so little as to be near; what is left is compared exactly.

The same weighted edit distance as Channel.costs, but all pairs have one form: a row of the table is one look-up.
What was inserted is left out of the cells (each substitution is the dearer by it), and a pair is given up after a few
rows where what is left of it costs too much in any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podwatch.phonetics.noisy_channel import Channel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from podwatch.phonetics.noisy_channel import Floats, SymbolRows

ROUNDING = 0.01  # nats: a cost or a bound that is over the limit by less is no reason to drop a pair
_CHUNK_ROWS = 4096  # n-grams whose tables fit the processor's cache
_CHECKED_ROW = 4  # symbols of the form, after which pairs are given up


def may_cost_within(channel: Channel, said: bytes, heard: SymbolRows, limits: Floats) -> NDArray[np.bool_]:
    """For each padded row of ``heard`` whether hearing ``said`` as it may cost no more than its limit.

    Yes for all that do, and for those that cost more by less than ROUNDING.
    """
    import numpy as np

    symbols = np.frombuffer(said, dtype=np.uint8)
    costs_of_rows = channel.substitution[symbols] - channel.insertion
    least_costs = channel.heard_lower_bounds(symbols[None])[0] - channel.insertion
    lengths = (heard != channel.padding).sum(axis=1)
    order = np.argsort(lengths, kind="stable")
    found = np.zeros(len(heard), dtype=bool)
    for begin in range(0, len(heard), _CHUNK_ROWS):
        rows = order[begin : begin + _CHUNK_ROWS]
        columns = heard[rows, : lengths[rows[-1]]].T.astype(np.intp, order="C")
        most = limits[rows] + np.float32(ROUNDING) - channel.insertion.take(columns).sum(axis=0)
        best = np.zeros((len(columns) + 1, len(rows)), dtype=np.float32)
        for i, (costs, symbol) in enumerate(zip(costs_of_rows, symbols.tolist(), strict=True)):
            if i == _CHECKED_ROW:
                rest = least_costs.take(columns)
                for j in range(len(columns) - 1, 0, -1):
                    rest[j - 1] += rest[j]
                rest += best[:-1]
                least = np.minimum(rest.min(axis=0, initial=np.inf), best[-1])
                going = np.flatnonzero(least <= most)
                rows, most, columns, best = rows[going], most[going], columns.take(going, 1), best.take(going, 1)
            substituted = costs.take(columns)
            substituted += best[:-1]
            best += channel.deletion[symbol]
            np.minimum(best[1:], substituted, out=best[1:])
            for j in range(len(columns)):  # insertions: np.minimum.accumulate takes 18 times as long
                np.minimum(best[j + 1], best[j], out=best[j + 1])
        found[rows[best[-1] <= most]] = True
    return found

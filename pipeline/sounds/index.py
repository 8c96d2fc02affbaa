"""Finds which forms a window may be, without comparing each with each.

The cost of a way from a form to a window is at least what each of the form's phones costs on its own at its best
(heard as whichever phone of the window is cheapest, or dropped), and at least what each of the window's phones costs
likewise. Both sums are products of two small matrices - counts of phones, least costs of phones - and so are made for
all forms and windows at once; only pairs that pass are compared in order. Nothing within the limit is lost, which
tests/sounds holds against comparing all with all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.sounds.channel import Channel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Found = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]

_BLOCK = 2_000_000  # pairs of one product, so that it stays in the cache


class Index:
    """The sounds of some forms; ``limit`` is the cost for each phone of a form up to which a window is near."""

    def __init__(self, channel: Channel, sounds: Sequence[bytes], limit: float) -> None:
        import numpy as np

        self._channel = channel
        self._order = np.array(sorted(range(len(sounds)), key=lambda i: (len(sounds[i]), i)), dtype=np.intp)
        said = channel.pad([sounds[i] for i in self._order])
        self._said = said
        self._lengths = np.array([len(sounds[i]) for i in self._order])
        self._limits = (self._lengths * limit).astype(np.float32)
        self._counts = channel.counts(said)
        self._floors = channel.floor_of_said(said) if len(sounds) else self._counts

    def near(self, windows: Sequence[bytes]) -> Found:
        """(window, form, cost) of all pairs within the limit, as three columns, in the order of windows and forms."""
        import numpy as np

        channel = self._channel
        empty = np.zeros(0, dtype=np.intp)
        if not len(self._order) or not windows:
            return empty, empty, np.zeros(0, dtype=np.float32)
        order = sorted(range(len(windows)), key=lambda i: len(windows[i]))
        lengths = [len(windows[i]) for i in order]
        cheapest = float(min(channel.drop[:-1].min(), channel.add[:-1].min()))
        found: list[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]] = []
        begin = 0
        while begin < len(order):
            end = begin
            while end < len(order) and lengths[end] == lengths[begin]:
                end += 1
            if lengths[begin]:
                # Each phone more or less is dropped or added: what differs too much in length is not looked at.
                apart = np.abs(self._lengths - lengths[begin]) * cheapest <= self._limits
                low, high = int(apart.argmax()), len(apart) - int(apart[::-1].argmax())
                if apart.any():
                    found.extend(self._group(windows, order[begin:end], low, high))
            begin = end
        if not found:
            return empty, empty, np.zeros(0, dtype=np.float32)
        which = np.concatenate([f[0] for f in found])
        form = np.concatenate([f[1] for f in found])
        cost = np.concatenate([f[2] for f in found])
        sort = np.lexsort((form, which))
        return which[sort], form[sort], cost[sort]

    def _group(self, windows: Sequence[bytes], members: Sequence[int], low: int, high: int) -> list[Found]:
        """The pairs of windows of one length with the forms ``low`` to ``high`` of the sorted ones."""
        import numpy as np

        channel = self._channel
        counts, floors, limits = self._counts[low:high], self._floors[low:high], self._limits[low:high]
        step = max(16, _BLOCK // (high - low))
        found = []
        for first in range(0, len(members), step):
            some = members[first : first + step]
            heard = channel.pad([windows[i] for i in some])
            least = channel.floor_of_heard(heard) @ counts.T
            w, f = np.nonzero(least <= limits)
            if not len(w):
                continue
            theirs = np.einsum("ij,ij->i", channel.counts(heard)[w], floors[f])
            keep = theirs <= limits[f]
            w, f = w[keep], f[keep] + low
            cost = channel.costs(self._said[f], heard[w])
            keep = cost <= self._limits[f]
            if keep.any():
                found.append((np.array(some, dtype=np.intp)[w[keep]], self._order[f[keep]], cost[keep]))
        return found

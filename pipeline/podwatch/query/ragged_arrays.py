"""Many short lists of numbers as one array (compressed sparse rows), so that those of many keys are taken at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


def ranges(first: Array, counts: Array) -> Array:
    """first[0], first[0] + 1, ... (as many as counts[0]), first[1], ..."""
    import numpy as np

    ends = counts.cumsum()
    numbers: Array = np.arange(int(ends[-1]) if len(ends) else 0)
    numbers += np.repeat(first - (ends - counts), counts)
    return numbers


class RaggedArray:
    """A list of rows of numbers for each key from 0 on, of some keys none."""

    def __init__(self, rows: Mapping[int, Sequence[Sequence[int]]], keys: int, width: int) -> None:
        import numpy as np

        self._counts = np.zeros(keys, dtype=np.int64)
        for key, some in rows.items():
            self._counts[key] = len(some)
        self._first = self._counts.cumsum() - self._counts
        flat = [n for key in sorted(rows) for row in rows[key] for n in row]
        self._rows = np.array(flat, dtype=np.int64).reshape(-1, width)

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, keys: Array) -> tuple[Array, Array]:
        """(the place in ``keys`` that each row is of, the rows) of all of them, one key after the other."""
        import numpy as np

        counts = self._counts[keys]
        return np.repeat(np.arange(len(keys)), counts), self._rows[ranges(self._first[keys], counts)]

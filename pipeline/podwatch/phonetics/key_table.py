"""Which forms of names have a key: a table of keys, with one look into bits before the search in it.

Most keys of the n-grams of a text are no form's, and a search among many thousand keys costs far more than a look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podwatch.phonetics.consonant_keys import deletion_keys
from podwatch.phonetics.symbol_strings import SymbolStrings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

_HASH_BITS = 17
_HASH_FACTOR = 0x1E3779B97F4A7C15  # odd, and its bits in no order (Knuth's multiplicative hashing)


class KeyTable:
    """The forms under the keys of their skeletons; ``forms``: those of one key side by side."""

    def __init__(self, skeletons: SymbolStrings) -> None:
        import numpy as np

        owners, keys = deletion_keys(skeletons)
        order = np.lexsort((owners, keys))
        self._keys, starts = np.unique(keys[order], return_index=True)
        self._starts = np.append(starts, len(keys)).astype(np.int64)
        self.forms = owners[order]
        self._has_key = np.zeros(1 << _HASH_BITS, dtype=bool)
        self._has_key[_hash_keys(self._keys)] = True

    def look_up(self, keys: Numbers, owners: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Of the keys that a form has: from where to where in ``forms``, and the owner of the key."""
        import numpy as np

        may_be = np.flatnonzero(self._has_key[_hash_keys(keys)])
        owners, keys = owners[may_be], keys[may_be]
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        shared = self._keys[at] == keys
        at = at[shared]
        return self._starts[at], self._starts[at + 1], owners[shared]


def _hash_keys(keys: Numbers) -> Numbers:
    import numpy as np

    hashes: Numbers = ((keys * np.int64(_HASH_FACTOR)) >> (64 - _HASH_BITS)) & ((1 << _HASH_BITS) - 1)
    return hashes

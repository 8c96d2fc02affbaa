"""Reads the weights in a file that PyTorch has saved, without PyTorch, and without running what a pickle may name."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[Any]]
_STORAGES = {"FloatStorage": np.float32, "LongStorage": np.int64}


def read_checkpoint(path: Path) -> Weights:
    """The arrays of a state dict by name. Raises OSError, ValueError when it is no such file."""
    try:
        with zipfile.ZipFile(path) as archive:
            root = archive.namelist()[0].partition("/")[0]
            found = _Reader(archive, root).load()
    except (zipfile.BadZipFile, pickle.UnpicklingError, KeyError, IndexError, TypeError, EOFError) as e:
        raise ValueError(f"is no file of weights ({e})") from e
    if not isinstance(found, Mapping) or not all(isinstance(a, np.ndarray) for a in found.values()):
        raise ValueError("is no file of weights")
    return found


class _Reader(pickle.Unpickler):
    """Knows the few names that a state dict has."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{root}/data.pkl")))
        self._archive, self._root = archive, root

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        _, kind, key, _, _ = pid
        return np.frombuffer(self._archive.read(f"{self._root}/data/{key}"), kind)


def _rebuild(stored: NDArray[Any], offset: int, shape: Sequence[int], stride: Sequence[int], *_: Any) -> NDArray[Any]:
    """A copy of its own: a file may ask for any stride, so nothing is looked at beyond what is stored."""
    last = offset + sum((n - 1) * s for n, s in zip(shape, stride, strict=True))
    if min((offset, *stride), default=0) < 0 or (0 not in shape and last >= len(stored)):
        raise pickle.UnpicklingError("an array lies outside its data")
    strides = [s * stored.itemsize for s in stride]
    return np.lib.stride_tricks.as_strided(stored[offset:], shape, strides).copy()

"""CAM++, the network that says what a voice sounds like, in numpy: no PyTorch is needed to run it.

H. Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware Masking", 2023. The
weights are those of 3D-Speaker (zh_en_16k-common_advanced, Apache License 2.0), see speaker_model.py. Arrays are
(windows, time, channels), in the front part (windows, bands, time, channels). What a batch normalisation does after a
convolution is multiplied into the weights once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from podwatch.speech.speakers.checkpoint import Weights

Array = NDArray[np.float32]
SIZE = 192  # numbers of an embedding
_BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers of each dense block, and the dilation in them
_CONTEXT = 100  # steps of 20 ms that share one mask
_EPSILON = 1e-5


class Campplus:
    """Raises KeyError when the weights are not this network's."""

    def __init__(self, weights: Weights) -> None:
        self._w = {name: w for name, w in weights.items() if not name.endswith("num_batches_tracked")}
        self._norms = {name[:-13]: self._norm(name[:-13]) for name in self._w if name.endswith(".running_mean")}
        pairs = [("head.conv1", "head.bn1"), ("head.conv2", "head.bn2")]
        for layer in ("head.layer1", "head.layer2"):
            pairs += [(f"{layer}.{i}.conv{j}", f"{layer}.{i}.bn{j}") for i in (0, 1) for j in (1, 2)]
            pairs.append((f"{layer}.0.shortcut.0", f"{layer}.0.shortcut.1"))
        self._planes = {conv: self._fold(conv, norm) for conv, norm in pairs}
        self._lines = {
            name[:-7]: np.ascontiguousarray(w.transpose(2, 1, 0)) for name, w in self._w.items() if w.ndim == 3
        }

    def embed(self, features: Array) -> Array:
        """(windows, frames, 80) of log energies, each window's mean taken away -> (windows, SIZE), each of length 1."""
        x = self._front(np.ascontiguousarray(features.transpose(0, 2, 1))[..., None])
        x = self._normalise(self._convolve(x, "xvector.tdnn.linear", step=2), "xvector.tdnn.nonlinear.batchnorm")
        for number, (layers, dilation) in enumerate(_BLOCKS, 1):
            for i in range(1, layers + 1):
                x = np.concatenate([x, self._dense(x, f"xvector.block{number}.tdnnd{i}", dilation)], -1)
            name = f"xvector.transit{number}"
            x = self._normalise(x, f"{name}.nonlinear.batchnorm") @ self._lines[f"{name}.linear"][0]
        x = self._normalise(x, "xvector.out_nonlinear.batchnorm")
        pooled = np.concatenate([x.mean(1), x.std(1, ddof=1)], -1)
        scale, shift = self._norms["xvector.dense.nonlinear.batchnorm"]
        found = pooled @ self._lines["xvector.dense.linear"][0] * scale + shift
        unit: Array = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
        return unit

    def _front(self, x: Array) -> Array:
        """Convolutions over bands and time, which leave ten bands: (windows, time, channels)."""
        x = _rectify(self._plane(x, "head.conv1"))
        for layer in ("head.layer1", "head.layer2"):
            for i, step in ((0, 2), (1, 1)):
                y = self._plane(_rectify(self._plane(x, f"{layer}.{i}.conv1", step)), f"{layer}.{i}.conv2")
                y += self._plane(x, f"{layer}.{i}.shortcut.0", step) if i == 0 else x
                x = _rectify(y)
        x = _rectify(self._plane(x, "head.conv2", 2))
        windows, bands, time, channels = x.shape
        return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).reshape(windows, time, channels * bands)

    def _plane(self, x: Array, name: str, step: int = 1) -> Array:
        """A convolution over bands (by ``step``) and time; by one matrix for each of its rows of bands."""
        rows, bias = self._planes[name]
        if len(rows) == 1:
            return x[:, ::step] @ rows[0] + bias
        windows, bands, time, channels = x.shape
        padded = np.zeros((windows, bands + 2, time + 2, channels), np.float32)
        padded[:, 1:-1, 1:-1] = x
        beside = np.concatenate([padded[:, :, i : i + time] for i in range(3)], -1)
        last = (bands - 1) // step * step + 1
        out = beside[:, 0:last:step] @ rows[0]
        for i in (1, 2):
            out += beside[:, i : i + last : step] @ rows[i]
        out += bias
        return out

    def _dense(self, x: Array, name: str, dilation: int) -> Array:
        """A layer of a dense block: a convolution, masked by what the context sounds like."""
        h = self._normalise(x, f"{name}.nonlinear1.batchnorm") @ self._lines[f"{name}.linear1"][0]
        h = self._normalise(h, f"{name}.nonlinear2.batchnorm")
        y = self._convolve(h, f"{name}.cam_layer.linear_local", dilation=dilation)
        whole = h.mean(1)
        parts = [whole + h[:, at : at + _CONTEXT].mean(1) for at in range(0, h.shape[1], _CONTEXT)]
        context = np.stack(parts, 1)
        for n, rectified in (("linear1", True), ("linear2", False)):
            context = context @ self._lines[f"{name}.cam_layer.{n}"][0] + self._w[f"{name}.cam_layer.{n}.bias"]
            context = _rectify(context) if rectified else context
        masked: Array = y * np.repeat(1 / (1 + np.exp(-context)), _CONTEXT, 1)[:, : y.shape[1]]
        return masked

    def _convolve(self, x: Array, name: str, step: int = 1, dilation: int = 1) -> Array:
        """A convolution over time."""
        taps = self._lines[name]
        before = (len(taps) - 1) // 2 * dilation
        padded = np.pad(x, ((0, 0), (before, before), (0, 0)))
        last = (x.shape[1] - 1) // step * step + 1
        out: Any = padded[:, :last:step] @ taps[0]
        for i in range(1, len(taps)):
            out += padded[:, i * dilation : i * dilation + last : step] @ taps[i]
        made: Array = out
        return made

    def _normalise(self, x: Array, name: str) -> Array:
        scale, shift = self._norms[name]
        y = x * scale
        y += shift
        return _rectify(y)

    def _norm(self, name: str) -> tuple[Array, Array]:
        """A batch normalisation as what is multiplied with, and what is added."""
        scale = self._w.get(f"{name}.weight", np.float32(1)) / np.sqrt(self._w[f"{name}.running_var"] + _EPSILON)
        shift = self._w.get(f"{name}.bias", np.float32(0)) - self._w[f"{name}.running_mean"] * scale
        return scale.astype(np.float32), shift.astype(np.float32)

    def _fold(self, conv: str, norm: str) -> tuple[list[Array], Array]:
        """A convolution and its normalisation: a matrix for each row of bands, and what is added."""
        scale, shift = self._norms[norm]
        kernel = (self._w[f"{conv}.weight"] * scale[:, None, None, None]).transpose(2, 3, 1, 0)
        return [np.ascontiguousarray(row.reshape(-1, row.shape[-1])) for row in kernel], shift


def _rectify(x: Array) -> Array:
    return np.maximum(x, 0, out=x)

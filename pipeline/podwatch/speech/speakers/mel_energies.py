"""Samples as CAM++ wants them: 80 mel energies each 10 ms, computed as Kaldi does, with which it was trained."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
FRAMES = 100  # a second
_LENGTH, _STEP, _SIZE, _BANDS = 400, 160, 512, 80  # of a frame, between two, of its transform, mel bands
_LOWEST, _FLOOR, _EMPHASIS = 20.0, 1.1920929e-07, 0.97  # hertz, energy, pre-emphasis
_BLOCK = 6000  # frames whose spectra are in memory at once


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The log energies of each frame that fits in ``samples``: (frames, 80)."""
    count = max(0, 1 + (len(samples) - _LENGTH) // _STEP)
    if not count:
        return np.zeros((0, _BANDS), np.float32)
    every = np.lib.stride_tricks.sliding_window_view(samples, _LENGTH)[::_STEP][:count]
    return np.concatenate([_energies(every[at : at + _BLOCK]) for at in range(0, count, _BLOCK)])


def _energies(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    frames = windows.astype(np.float64)
    frames -= frames.mean(1, keepdims=True)
    frames[:, 1:] -= _EMPHASIS * frames[:, :-1].copy()
    frames[:, 0] *= 1 - _EMPHASIS
    frames *= (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_LENGTH) / (_LENGTH - 1))) ** 0.85
    power = np.abs(np.fft.rfft(frames, _SIZE)[:, : _SIZE // 2]) ** 2
    return np.log(np.maximum(power @ _mel_bands(), _FLOOR)).astype(np.float32)


@cache
def _mel_bands() -> NDArray[np.float64]:
    """(half the transform, bands): triangles that are even on the mel scale."""
    edges = np.linspace(_mel(_LOWEST), _mel(RATE / 2), _BANDS + 2)
    at = _mel(np.arange(_SIZE // 2) * (RATE / _SIZE))[:, None]
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    bands: NDArray[np.float64] = np.maximum(
        0.0, np.minimum((at - left) / (middle - left), (right - at) / (right - middle))
    )
    return bands


def _mel(hertz: NDArray[Any] | float) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz) / 700.0))

"""Which voices are one speaker's: average linkage over all pairs of windows, exact for hours of talk.

The mean similarity of two clusters is the product of the means of their windows, since all of these have length 1. So
parts are clustered by themselves, and then their clusters: no matrix of an episode is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.45  # mean similarity from which two clusters are one speaker
NEAR = 0.35  # of a window to a speaker's mean, below which it is nobody's who is known
LEAST_SECONDS = 4.0  # of talk, with less of which nobody is a speaker: a jingle, a quotation, a cough
_PART = 400  # windows that are clustered at once
_NEVER = -9.0

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cluster:
    """members: numbers of windows. mean: of their embeddings."""

    members: tuple[int, ...]
    mean: Vectors


def find_speakers(voices: Vectors, seconds: Sequence[float]) -> Vectors:
    """The mean voice of each speaker, of length 1, in the order in which they first speak.

    voices: (windows, size), each of length 1, in order of time. seconds: of each window.
    """
    single = [Cluster((i,), voice) for i, voice in enumerate(voices)]
    parts = [c for at in range(0, len(single), _PART) for c in merge_clusters(single[at : at + _PART])]
    clusters = merge_clusters(parts)
    length = [sum(seconds[i] for i in c.members) for c in clusters]
    least = min(LEAST_SECONDS, max(length, default=0.0))  # of a short file, whoever speaks most
    speakers = sorted((c for c, n in zip(clusters, length, strict=True) if n >= least), key=lambda c: c.members[0])
    if not speakers:
        return voices[:0]
    means = np.stack([c.mean for c in speakers])
    unit: Vectors = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return unit


def merge_clusters(clusters: Sequence[Cluster]) -> list[Cluster]:
    """The most similar two become one, as long as they are ALIKE."""
    if len(clusters) < 2:
        return list(clusters)
    members: list[tuple[int, ...]] = [c.members for c in clusters]
    means = np.stack([c.mean for c in clusters]).astype(np.float64)
    alike = means @ means.T
    np.fill_diagonal(alike, _NEVER)
    while True:
        i, j = divmod(int(alike.argmax()), len(clusters))
        if alike[i, j] < ALIKE:
            break
        a, b = len(members[i]), len(members[j])
        means[i] = (means[i] * a + means[j] * b) / (a + b)
        members[i], members[j] = tuple(sorted((*members[i], *members[j]))), ()
        alive = np.array([bool(m) for m in members])
        row = np.where(alive, means @ means[i], _NEVER)
        row[i] = _NEVER
        alike[i], alike[:, i] = row, row
        alike[j], alike[:, j] = _NEVER, _NEVER
    return [Cluster(m, mean.astype(np.float32)) for m, mean in zip(members, means, strict=True) if m]

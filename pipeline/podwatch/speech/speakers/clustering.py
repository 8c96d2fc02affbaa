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
_MOST = (
    1500  # clusters of all parts that are merged: with more of them, as in hours of noise, the smallest are nobody's
)
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
    largest = sorted(parts, key=lambda c: (-len(c.members), c.members[0]))[:_MOST]
    clusters = sorted(merge_clusters(largest), key=lambda c: c.members[0])
    if not clusters:
        return voices[:0]
    length = [sum(seconds[i] for i in c.members) for c in clusters]
    speakers = [c for c, n in zip(clusters, length, strict=True) if n >= LEAST_SECONDS]
    speakers = speakers or [clusters[int(np.argmax(length))]]  # of a short file, whoever speaks most
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

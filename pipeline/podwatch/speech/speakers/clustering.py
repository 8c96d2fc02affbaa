"""Which voices are one speaker's: average linkage over all pairs of windows, exact for hours of talk.

The mean similarity of two clusters is the product of the means of their windows, since all of these have length 1. So
parts are clustered by themselves, and then their clusters: no matrix of an episode is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.45  # mean similarity from which two clusters are one speaker ...
ALIKE_SHORT = 0.3  # ... where one of them has hardly been heard: a call that breaks up, a raised voice
SHORT_SECONDS, SHORT_SHARE = 20.0, 0.5  # of talk, and of the other's: with more, it may be somebody who is so alike
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

    def seconds(self, seconds: Sequence[float]) -> float:
        """How long it is. seconds: of each window."""
        return sum(seconds[i] for i in self.members)


def find_speakers(voices: Vectors, seconds: Sequence[float]) -> Vectors:
    """The mean voice of each speaker, of length 1, in the order in which they first speak.

    voices: (windows, size), each of length 1, in order of time. seconds: of each window.
    """
    single = [Cluster((i,), voice) for i, voice in enumerate(voices)]
    parts = [c for at in range(0, len(single), _PART) for c in merge_clusters(single[at : at + _PART])]
    largest = sorted(parts, key=lambda c: (-len(c.members), c.members[0]))[:_MOST]
    clusters = sorted(merge_short(merge_clusters(largest), seconds), key=lambda c: c.members[0])
    if not clusters:
        return voices[:0]
    length = [c.seconds(seconds) for c in clusters]
    speakers = [c for c, n in zip(clusters, length, strict=True) if n >= LEAST_SECONDS]
    speakers = speakers or [clusters[int(np.argmax(length))]]  # of a short file, whoever speaks most
    means = np.stack([c.mean for c in speakers])
    unit: Vectors = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return unit


def merge_clusters(clusters: Sequence[Cluster]) -> list[Cluster]:
    """The most similar two become one, as long as they are ALIKE."""
    return _merge(clusters, ALIKE, [0.0] * len(clusters))


def merge_short(clusters: Sequence[Cluster], seconds: Sequence[float]) -> list[Cluster]:
    """The same from ALIKE_SHORT on, where one of the two has hardly been heard. seconds: of each window.

    In real recordings one voice falls into several: of a call of two people there were eleven.
    """
    return _merge(clusters, ALIKE_SHORT, [c.seconds(seconds) for c in clusters])


def _merge(clusters: Sequence[Cluster], least: float, talk: Sequence[float]) -> list[Cluster]:
    """least: the similarity from which two are one. talk: seconds of each; where both have much, they stay two."""
    if len(clusters) < 2:
        return list(clusters)
    members: list[tuple[int, ...]] = [c.members for c in clusters]
    means, length = np.stack([c.mean for c in clusters]).astype(np.float64), np.array(talk)
    alike = np.where(_is_short(length[:, None], length), means @ means.T, _NEVER)
    np.fill_diagonal(alike, _NEVER)
    while True:
        i, j = divmod(int(alike.argmax()), len(clusters))
        if alike[i, j] < least:
            break
        a, b = len(members[i]), len(members[j])
        means[i] = (means[i] * a + means[j] * b) / (a + b)
        members[i], members[j] = tuple(sorted((*members[i], *members[j]))), ()
        length[i] += length[j]
        alive = np.array([bool(m) for m in members])
        row = np.where(alive & _is_short(length, length[i]), means @ means[i], _NEVER)
        row[i] = _NEVER
        alike[i], alike[:, i] = row, row
        alike[j], alike[:, j] = _NEVER, _NEVER
    return [Cluster(m, mean.astype(np.float32)) for m, mean in zip(members, means, strict=True) if m]


def _is_short(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the shorter one of two has hardly been heard."""
    least, most = np.minimum(one, other), np.maximum(one, other)
    short: NDArray[np.bool_] = (least < SHORT_SECONDS) & (least <= SHORT_SHARE * most)
    return short

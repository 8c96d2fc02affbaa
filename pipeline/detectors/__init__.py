"""DETECTORS: how each kind of watch is looked for. Built once for a watchlist, then run over any transcript."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from pipeline.detectors.entities import build_entities
from pipeline.detectors.queries import build_queries
from pipeline.model import Mention, Transcript, Watch, fold


class Detector(Protocol):
    """Finds its watches in a transcript. Pure: the same text gives the same mentions, always."""

    def __call__(self, transcript: Transcript, /) -> Iterable[Mention]: ...


DETECTORS: Mapping[str, Callable[[Sequence[Watch]], Detector]] = MappingProxyType(
    {"query": build_queries, "entity": build_entities}
)


def build(watches: Sequence[Watch]) -> Detector:
    """One detector for all of them, whatever their kinds; its mentions come in the order of the text."""
    parts = [
        make([w for w in watches if w.kind == kind])
        for kind, make in DETECTORS.items()
        if any(w.kind == kind for w in watches)
    ]

    excluded = {(w.name, fold(spelling)) for w in watches for spelling in w.exclude}

    def detect(transcript: Transcript) -> list[Mention]:
        found = [m for part in parts for m in part(transcript)]
        if excluded:
            found = [m for m in found if (m.watch, fold(m.surface)) not in excluded]
        return sorted(found, key=lambda m: (m.start, m.end, m.watch))

    return detect

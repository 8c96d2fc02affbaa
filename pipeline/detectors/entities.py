"""Watches with an entity: its name, and the other names it goes by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.detectors.literals import Literals
from pipeline.detectors.spans import longest, mention
from pipeline.model import Kind, Mention, Transcript, Watch


def build_entities(watches: Sequence[Watch]) -> Callable[[Transcript], list[Mention]]:
    names: list[tuple[str, str, Kind]] = []
    for w in watches:
        names.append((w.entity or "", w.name, Kind.EXACT))
        names += [(alias, w.name, Kind.ALIAS) for alias in w.aliases]
    literals = Literals([name for name, _, _ in names])

    def detect(transcript: Transcript) -> list[Mention]:
        found: list[Mention] = []
        for i, start, end in literals.find(transcript.text):
            name, watch, kind = names[i]
            reason = f"alias {name}" if kind is Kind.ALIAS else ""
            found.append(mention(transcript, watch, start, end, kind, 1.0, reason))
        return longest(found)

    return detect

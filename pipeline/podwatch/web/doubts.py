"""The places of an episode where a watched name was in doubt, as the page and the API list them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from podwatch.diagnose.names_in_doubt import DescribedPlace, PlaceState, describe_place
from podwatch.model import Transcript
from podwatch.store.database import Store
from podwatch.store.page_figures import MarkedMention

_KINDS = ("waits", "found", "left", "not_found")  # in the order in which they are shown


@dataclass(frozen=True, slots=True)
class ShownDoubt:
    """A place where a watched name was in doubt, as the page lists it. kind: waits, found, not_found or left."""

    described: DescribedPlace
    kind: str
    segment: int
    seconds: float | None


def list_doubts(store: Store, t: Transcript, mentions: Sequence[MarkedMention]) -> list[ShownDoubt]:
    """The places where a watched name was in doubt: those that wait first, then those that were found, by the text."""
    names = {w.name: w.names_by_sound for w in store.watches()}
    watched = {name for mine in names.values() for name in mine}
    found = {(name, m.mention.start, m.mention.end) for m in mentions for name in names.get(m.mention.watch, ())}
    shown = []
    for described in map(describe_place, store.list_hearings(t.id)):
        d = described.place.hearing.doubt
        if d.name not in watched or d.start >= len(t.text):
            continue
        kind = described.state.value
        if described.state is PlaceState.HEARD:
            kind = "found" if (d.name, d.start, d.end) in found else "not_found"
        at = t.seconds_at(d.start)
        shown.append(ShownDoubt(described, kind, t.index_at(d.start), None if math.isnan(at) else at))
    return sorted(shown, key=lambda s: (_KINDS.index(s.kind), s.described.place.hearing.doubt.start))

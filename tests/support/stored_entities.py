"""Entities for tests, and their way into a store without the model that recognises names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from podwatch.model import ALL, Entity, EntityType, Form, Shard, Transcript
from podwatch.store.database import Store
from podwatch.store.entities import TranscriptEntities

KELLOGG = Entity(
    key="keith kellogg",
    name="Keith Kellogg",
    type=EntityType.PERSON,
    forms=(Form("Kellogg", 2), Form("Général Kellogg", 1)),
    spans=((0, 7), (100, 107), (70_000, 70_015)),
    votes=((EntityType.ORGANISATION, 2), (EntityType.PERSON, 1)),
)
MOSCOW = Entity(
    key="moscow", name="Moscow", type=EntityType.PLACE, forms=(Form("Moscow", 1),), spans=((9, 15),), votes=()
)


def list_unread(store: Store, now: datetime, shard: Shard = ALL) -> list[Transcript]:
    """The transcripts that are to be read for names."""
    return [u.transcript for page in store.unread_transcripts(now, shard, page=2) for u in page]


def save_for_all(store: Store, now: datetime, *found: Entity, aside: Sequence[int] | None = None) -> None:
    """Gives every unread transcript these entities."""
    for t in list_unread(store, now):
        store.save_entities([TranscriptEntities(t, found, aside or [0] * len(found))], now)

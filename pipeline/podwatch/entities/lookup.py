"""Where an entity is named, for the clause ``entity:"Keith Kellogg"`` of a query. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.entities import name_keys as names
from podwatch.entities import type_votes as votes
from podwatch.model import Entity, EntityType


def find_entity_spans(
    entities: Sequence[Entity], name: str, type: EntityType | str | None = None
) -> list[tuple[int, int]]:
    """The spans of every entity of that name, ascending: all its forms, whichever of them ``name`` is.

    Case, accents, possessives, articles and titles make no difference; a surname finds those whose full name ends
    in it. type: only what is of this type, or may be: one that got a fifth of the votes is not ruled out.
    """
    wanted = EntityType(type) if type is not None else None
    asked, untitled = names.key_as_written(name), names.key_of(name)
    if not asked:
        return []
    found = {
        span
        for entity in entities
        if (wanted is None or _may_be(entity, wanted)) and _named(entity, asked, untitled)
        for span in entity.spans
    }
    return sorted(found)


def _named(entity: Entity, asked: names.Key, untitled: names.Key) -> bool:
    person = _may_be(entity, EntityType.PERSON)
    for text in (entity.name, *(form.text for form in entity.forms)):
        written = names.key_as_written(text)
        if asked in (written, names.key_of(text)) or (person and untitled == names.key_of(text)):
            return True
        if person and len(written) > 1 and names.is_surname_of(untitled, names.key_of(text)):
            return True
    return False


def _may_be(entity: Entity, kind: EntityType) -> bool:
    return entity.type is kind or votes.is_possible(dict(entity.votes), kind)

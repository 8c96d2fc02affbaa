"""Which names of several transcripts are one: here he is Kellogg, there Keith Kellogg. Pure.

Within a transcript merge has seen every form; across transcripts only their fullest names are left. The same caution
holds: a surname belongs to the only full name that ends in it, an acronym to the only name that it abbreviates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from podwatch.entities import name_keys as names
from podwatch.model import EntityType


def link_names(said: Iterable[tuple[str, str, EntityType]]) -> dict[str, str]:
    """For each key that is another's short form, that other key. said: (key, name, type), once each or more often."""
    people: set[names.Key] = set()
    others: dict[str, set[str]] = defaultdict(set)
    known: dict[str, tuple[str, bool]] = {}
    for key, name, kind in said:
        parts = tuple(key.split())
        person = kind is EntityType.PERSON
        known[key] = name, person or known.get(key, ("", False))[1]
        if len(parts) > 1 and person:
            people.add(parts)
        elif len(parts) > 1:
            for letters in names.initials(parts):
                others[letters].add(key)
    ends = names.by_surname(people)
    found: dict[str, str] = {}
    for key, (name, person) in known.items():
        parts = tuple(key.split())
        full = [" ".join(k) for k in names.full_names_with(parts, ends)] if person else []
        if not full and len(parts) == 1 and names.is_acronym(name):
            full = sorted(others.get(key, ()))
        if len(full) == 1:
            found[key] = full[0]
    return found

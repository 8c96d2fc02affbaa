"""Links names across transcripts: Kellogg in one is Keith Kellogg in another. Pure.

Within a transcript merge sees every form; across transcripts only the fullest names are known. The same caution holds:
a surname belongs to the only full name that ends in it, an acronym to the only name that it abbreviates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from podwatch.entities.name_keys import Key, by_surname, full_names_with, initials, is_acronym
from podwatch.model import EntityType


def link_names(names: Iterable[tuple[str, str, EntityType]]) -> dict[str, str]:
    """For each key that is the short form of another key, that other key.

    names: (key, name, type), each once or more often.
    """
    people: set[Key] = set()
    keys_of_initials: dict[str, set[str]] = defaultdict(set)
    known: dict[str, tuple[str, bool]] = {}  # key -> (its last name, whether it is ever a person)
    for key, name, kind in names:
        words = tuple(key.split())
        is_person = kind is EntityType.PERSON
        known[key] = name, is_person or known.get(key, ("", False))[1]
        if len(words) > 1 and is_person:
            people.add(words)
        elif len(words) > 1:
            for letters in initials(words):
                keys_of_initials[letters].add(key)
    surnames = by_surname(people)
    links: dict[str, str] = {}
    for key, (name, is_person) in known.items():
        words = tuple(key.split())
        candidates = [" ".join(full) for full in full_names_with(words, surnames)] if is_person else []
        if not candidates and len(words) == 1 and is_acronym(name):
            candidates = sorted(keys_of_initials.get(key, ()))
        if len(candidates) == 1:
            links[key] = candidates[0]
    return links

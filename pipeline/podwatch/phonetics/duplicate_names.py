"""Which watches are about the same name: two teams may watch one person, by the full name or by the surname.

They must not take mentions from one another, and what they find is no evidence of "others of the list".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from podwatch.phonetics.name_forms import Form


def find_same_names(forms_by_name: Mapping[int, Sequence[Form]]) -> dict[int, frozenset[int]]:
    """For each name (by its number, with its forms) the numbers of those that are the same one, itself among them.

    The same words in full, or one word that is the surname of the other. Not an equivalence: Biden is both Bidens.
    """
    full = {name: {f.words for f in forms if f.part == "full"} for name, forms in forms_by_name.items()}
    last = {name: {f.words for f in forms if f.part == "surname"} for name, forms in forms_by_name.items()}
    by_full: dict[tuple[str, ...], set[int]] = {}
    by_last: dict[tuple[str, ...], set[int]] = {}
    for index, found in ((by_full, full), (by_last, last)):
        for name, some in found.items():
            for words in some:
                index.setdefault(words, set()).add(name)
    same: dict[int, frozenset[int]] = {}
    for name in forms_by_name:
        others = {name}
        for words in full[name]:
            others |= by_full[words]
            others |= by_last.get(words, set()) if len(words) == 1 else set()
        for words in last[name]:
            others |= by_full.get(words, set()) if len(words) == 1 else set()
        same[name] = frozenset(others)
    return same


def count_distinct(present: set[int], same: Mapping[int, frozenset[int]]) -> int:
    """How many different ones some names are, counting those that are the same as an earlier one not at all."""
    kept: set[int] = set()
    for name in sorted(present):
        if kept.isdisjoint(same[name]):
            kept.add(name)
    return len(kept)

"""Finds the watched names that are the same one: two teams may watch one person, by the full name or by the surname.

They must not take matches from one another, and what they find is no evidence of "others of the list".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from podwatch.phonetics.name_forms import Form
from podwatch.phonetics.ngram_windows import NGram


def find_same_names(forms_by_name: Mapping[int, Sequence[Form]]) -> dict[int, frozenset[int]]:
    """For each name, by its index, those that are the same one, itself among them.

    The same words in full, or one word that is the surname of the other. Not an equivalence: Biden is both Bidens.
    """
    full = {name: {f.words for f in forms if f.part == "full"} for name, forms in forms_by_name.items()}
    surnames = {name: {f.words for f in forms if f.part == "surname"} for name, forms in forms_by_name.items()}
    by_full, by_surname = _names_by_words(full), _names_by_words(surnames)
    same: dict[int, frozenset[int]] = {}
    for name in forms_by_name:
        others = {name}
        for words in full[name]:
            others |= by_full[words]
            others |= by_surname.get(words, set()) if len(words) == 1 else set()
        for words in surnames[name]:
            others |= by_full.get(words, set()) if len(words) == 1 else set()
        same[name] = frozenset(others)
    return same


def _names_by_words(words_by_name: Mapping[int, set[NGram]]) -> dict[NGram, set[int]]:
    names: dict[NGram, set[int]] = {}
    for name, forms in words_by_name.items():
        for words in forms:
            names.setdefault(words, set()).add(name)
    return names


def count_distinct(names: Iterable[int], same: Mapping[int, frozenset[int]]) -> int:
    """How many different names there are among ``names``, not counting those that are the same as an earlier one."""
    counted: set[int] = set()
    for name in sorted(names):
        if counted.isdisjoint(same[name]):
            counted.add(name)
    return len(counted)

"""Numbers of things, as people write them."""

from __future__ import annotations


def count_of(number: int, what: str) -> str:
    """``1 feed``, ``2 feeds``, ``1,000 watches``: the number with the thing in its plural where it has one."""
    if number == 1:
        return f"1 {what}"
    return f"{number:,} {what}{'es' if what.endswith(('ch', 'sh', 's', 'x')) else 's'}"


def agree(number: int, one: str, many: str) -> str:
    """The word that goes with a number: ``is`` with 1, ``are`` with any other."""
    return one if number == 1 else many

"""What a check of doctor found, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from podwatch.errors import PodwatchError

MAX_LISTED = 5  # findings of a kind


class Health(StrEnum):
    OK = "ok"
    NOTE = "note"  # works, and somebody should know
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check: of what, how it is, and what to do about it."""

    check: str
    health: Health
    message: str
    todo: str = ""


def error_finding(check: str, e: PodwatchError) -> Finding:
    """The finding of a check that raised an expected error."""
    where = f"{e.where}: " if e.where and e.where not in check else ""
    return Finding(check, Health.WRONG, f"{where}{e.what}", e.todo)

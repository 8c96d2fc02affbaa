"""Keeps one bad item from stopping the others without hiding the bug: all are raised together at the end."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from datetime import timedelta

log = logging.getLogger("podwatch")

RETRY_AFTER_BUG = timedelta(hours=1)  # until an item that met a bug is due again


class Bugs:
    """Collects unexpected exceptions while the rest of a to-do list is worked off."""

    def __init__(self, verb: str) -> None:
        self._verb, self._found = verb, list[Exception]()

    def note(self, item: str, bug: Exception) -> str:
        """Remembers a bug and returns the line to stamp on its item."""
        bug.add_note(f"{self._verb}: {item}")
        log.error("%s: %s: a bug in podwatch", self._verb, item, exc_info=bug)
        self._found.append(bug)
        return f"a bug in podwatch: {type(bug).__name__}: {bug}"[:500]

    def drain(self) -> list[str]:
        """What was found so far as text, for another process that gathers it; it is forgotten here."""
        found, self._found = self._found, []
        return ["".join(traceback.format_exception(bug)) for bug in found]

    def absorb(self, told: Iterable[str]) -> None:
        """Takes what another process found."""
        self._found += map(RuntimeError, told)

    def raise_all(self) -> None:
        """Raises an ExceptionGroup when there were any, so that the task is red; its retry walks past the bad items."""
        if self._found:
            raise ExceptionGroup(f"{self._verb}: {len(self._found)} item(s) failed through a bug", self._found)

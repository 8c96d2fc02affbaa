"""Collects the bugs that items of a to-do list meet, so that one stops no other; all are raised together at the end."""

from __future__ import annotations

import errno
import logging
import traceback
from collections.abc import Iterable
from datetime import timedelta

from podwatch.errors import PodwatchError
from podwatch.redaction import redact_text
from podwatch.store.database import explain_failure

log = logging.getLogger("podwatch")

RETRY_AFTER_BUG = timedelta(hours=1)  # until an item that met a bug is due again


class Bugs:
    """Unexpected exceptions of one run of a verb."""

    def __init__(self, verb: str) -> None:
        self._verb, self._found = verb, list[Exception]()

    def note(self, item: str, bug: Exception) -> str:
        """Collects a bug, and returns the line to stamp on its item.

        Raises PodwatchError when it is none, but something that would stop every item: what is not done stays due.
        """
        if (stopped := explain_stop(bug)) is not None:
            raise stopped from None
        item = redact_text(item)
        bug.add_note(f"{self._verb}: {item}")
        log.error("%s: %s: a bug in podwatch", self._verb, item, exc_info=bug)
        self._found.append(bug)
        return redact_text(f"a bug in podwatch: {type(bug).__name__}: {bug}")[:500]

    def drain(self) -> list[str]:
        """The bugs so far as text, for the process that collects them from all; they are gone from here."""
        found, self._found = self._found, []
        return ["".join(traceback.format_exception(bug)) for bug in found]

    def absorb(self, drained: Iterable[str]) -> None:
        """Collects the bugs of another process."""
        self._found += map(RuntimeError, drained)

    def raise_all(self) -> None:
        """Raises an ExceptionGroup if there are any: the task fails, and its retry leaves out the stamped items."""
        if self._found:
            raise ExceptionGroup(f"{self._verb}: {len(self._found)} item(s) failed through a bug", self._found)


def explain_stop(e: Exception) -> PodwatchError | None:
    """What keeps every item from being done, a database that fails or a full disk; None for what is about one item."""
    if isinstance(e, OSError) and e.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        what = f"the disk is full ({e.strerror})"
        todo = "make room; nothing is lost, the next run goes on from here"
        return PodwatchError(what, where=str(e.filename or ""), todo=todo, retryable=True)
    return explain_failure(e)

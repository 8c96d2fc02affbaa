"""Notices that the database is an older copy than what was sent from it, so that nothing is sent again after a restore.

A count of the runs that sent is kept in the database and, as a file, in the data folder beside it. A database that was
copied back has the lower count. What it does not know is what was sent since its own last count: from then on the
channel is read before an alert goes out whose episode is older than the restore. Services without a history (mail,
webhooks) cannot be asked; they get such a message again, with the same key.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from podwatch.model import Alert, Digest
from podwatch.runtime import Runtime, log
from podwatch.store.marks import RESTORED, RUNS, STORE_ID, Mark

KEPT = timedelta(days=60)  # for so long after a restore channels are read first


@dataclass(frozen=True, slots=True)
class RestoredCopy:
    """A restore: at which moment it was noticed, and since when the copy does not know what was sent."""

    noticed_at: datetime
    unknown_since: datetime

    def may_hold(self, content: Alert | Digest) -> bool:
        """Whether the message may have been sent by what was lost: all but alerts of episodes that are younger."""
        if isinstance(content, Digest):
            return True
        return content.episode.published_at is None or content.episode.published_at < self.noticed_at


class RunCounter:
    """Counts the runs that send in the database and in the data folder: before the first message, and at the end.

    The count of the end makes a copy that was taken in between the older one. For several threads.
    """

    def __init__(self, rt: Runtime, now: datetime) -> None:
        self._rt, self._lock, self._is_counted = rt, threading.Lock(), False
        self._file = rt.settings.home / f"runs-{rt.store.ensure_mark(STORE_ID, now, uuid.uuid4().hex).value[:12]}"

    def find_restore(self, now: datetime) -> RestoredCopy | None:
        """The restore that this run has to be careful about; None mostly."""
        store = self._rt.store
        last = store.mark(RUNS)
        if last is not None and self._read_file() > _count(last):
            log.warning(
                "deliver: the database is an older copy, of %s: channels are read before what may be there is sent",
                f"{last.at:%Y-%m-%d %H:%M} UTC",
            )
            store.set_mark(RESTORED, now, last.at.isoformat())
            self._count(now)
        return find_restore(store.mark(RESTORED), now)

    def begin_sending(self, now: datetime) -> None:
        """Before each message: counts the run once."""
        with self._lock:
            if not self._is_counted:
                self._count(now)
                self._is_counted = True

    def end(self, now: datetime) -> None:
        """At the end of the run: counts once more if it sent."""
        if self._is_counted:
            self._count(now)

    def _count(self, now: datetime) -> None:
        self._write_file(self._rt.store.count_mark(RUNS, now, at_least=self._read_file()))

    def _read_file(self) -> int:
        try:
            text = self._file.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return 0
        return int(text) if text.isdecimal() else 0

    def _write_file(self, count: int) -> None:
        """Replaces the file; where the folder cannot be written a restore is not noticed, and nothing else fails."""
        new = Path(f"{self._file}.new")
        try:
            new.write_text(f"{count}\n", encoding="ascii")
            new.replace(self._file)
        except OSError as e:
            log.warning(
                "deliver: %s cannot be written (%s): a restored copy would not be noticed", self._file, e.strerror
            )


def find_restore(mark: Mark | None, now: datetime) -> RestoredCopy | None:
    """The restore of a mark, unless it was long ago."""
    if mark is None or now - mark.at > KEPT:
        return None
    return RestoredCopy(mark.at, datetime.fromisoformat(mark.value))


def _count(mark: Mark) -> int:
    return int(mark.value) if mark.value.isdecimal() else 0

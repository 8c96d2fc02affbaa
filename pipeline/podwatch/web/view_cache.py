"""Views that were rendered already, for as long as nothing has changed in the database.

Most of what a view costs is rendering, and most readers look at the same views. A view is kept as text, with marks
where the reader's own token and name go, so that it is one for all who may do the same. Many who ask for the same view
at once wait for one of them to render it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

ENTRIES, CHARACTERS = 300, 12_000_000  # that are kept at most: up to 48 MB where a show is written with emoji
# For so long what depends on the clock alone may lag: a mute that ends, a feed that is now called dead.
LONGEST = timedelta(seconds=30)
PATIENCE = timedelta(seconds=30)  # so old a view may be that others get while one renders it anew
Version = tuple[int, str]


@dataclass(slots=True)
class _Entry:
    """A view under way, or rendered: at what version of the data, and when."""

    lock: Lock = field(default_factory=Lock)
    text: str | None = None
    version: Version | None = None
    at: datetime | None = None


class ViewCache:
    """version: of the data, None where it cannot be told. young: for so long a view is shown whatever has changed.

    While feeds are polled the data change many times a second, and every reader would have each view rendered anew.
    """

    def __init__(self, version: Callable[[], Version | None], clock: Callable[[], datetime], young: timedelta) -> None:
        self._version, self._clock, self._young = version, clock, young
        self._lock = Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._characters = 0

    def peek(self, key: Hashable) -> str | None:
        """The view if it can be had without asking the database, or waiting: while it is young, or made anew."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is None or entry.text is None or entry.at is None:
            return None
        age = abs(self._clock() - entry.at)
        return (
            entry.text if age < self._young or (entry.lock.locked() and age < min(PATIENCE, 5 * self._young)) else None
        )

    def read(self, key: Hashable, render: Callable[[], str | None], *, must_be_new: bool = False) -> str | None:
        """The view under a key; render makes it, or returns None for what is not to be kept.

        must_be_new: for somebody who has just changed something.
        """
        entry = self._find(key)
        with entry.lock:
            if entry.text is not None and self._holds(entry, must_be_new):
                return entry.text
            version, at = self._version(), self._clock()  # before it is rendered: what comes in between is seen later
            text = render()
            self._keep(key, entry, text)
            entry.version, entry.at = version, at
            return text

    def forget(self) -> None:
        """Drops every view: something was changed here."""
        with self._lock:
            self._entries.clear()
            self._characters = 0

    def _holds(self, entry: _Entry, must_be_new: bool) -> bool:
        assert entry.at is not None
        age = abs(self._clock() - entry.at)
        if age > LONGEST:
            return False
        if age < self._young and not must_be_new:
            return True
        return entry.version is not None and entry.version == self._version()

    def _find(self, key: Hashable) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            return entry

    def _keep(self, key: Hashable, entry: _Entry, text: str | None) -> None:
        with self._lock:
            if self._entries.get(key) is entry:  # else it was dropped while this was rendered
                self._characters += len(text or "") - len(entry.text or "")
                if text is None:
                    del self._entries[key]
            entry.text = text
            while len(self._entries) > ENTRIES or self._characters > CHARACTERS:
                _, oldest = self._entries.popitem(last=False)
                self._characters -= len(oldest.text or "")

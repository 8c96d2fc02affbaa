"""Extends the claim of a run on the episodes whose transcripts it fetches, so that no other run fetches them too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic

from podwatch.model import TranscriptRequest
from podwatch.policy.leases import FETCH_LEASE
from podwatch.store.database import Store


class Lease:
    """Lasts until ``until``, and is extended for as long as the run lasts; what a killed run had is due again then."""

    def __init__(self, store: Store, now: datetime, length: timedelta = FETCH_LEASE) -> None:
        self._store, self._now, self._began_at, self._length = store, now, monotonic(), length
        self.until = now + length
        self._ids: set[int] = set()

    def hold(self, claimed: list[TranscriptRequest]) -> list[TranscriptRequest]:
        """Takes over the episodes that the store has claimed until ``until``, and returns them."""
        self._ids = {request.episode.id for request in claimed}
        return claimed

    def release(self, ids: Iterable[int]) -> None:
        """Lets go of episodes whose result is stored. Called often: it extends the rest once half of it is over."""
        self._ids.difference_update(ids)
        now = self._now + timedelta(seconds=monotonic() - self._began_at)
        if self.until - now < self._length / 2:
            self._extend(now + self._length)

    def release_all(self) -> None:
        """Makes the episodes without a request due again."""
        self._extend(self._now)

    def _extend(self, until: datetime) -> None:
        if self._ids:
            self._store.extend_claim(self._ids, self.until, until)
        self.until = until

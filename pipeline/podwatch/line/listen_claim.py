"""Holds the claim on an episode that is listened to, and on its recording, while one chunk after another is heard.

A thread extends them, since a chunk may take minutes; when the process is killed they end within LISTEN_LEASE, and the
episode is due again.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from time import monotonic
from types import TracebackType
from typing import Self

from podwatch.policy.leases import LISTEN_LEASE
from podwatch.runtime import log
from podwatch.store.database import FAILURES, Store

EVERY = LISTEN_LEASE.total_seconds() / 6  # seconds between two extensions


class ListenClaim:
    """A claim from ``now`` on, in a ``with`` block. is_held: False when another run has the episode."""

    def __init__(self, store: Store, episode_id: int, now: datetime) -> None:
        self._store, self._episode = store, episode_id
        self._recording: int | None = None
        self._base, self._began_at = now, monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._extend, name="listen-claim", daemon=True)
        self._lock = threading.Lock()
        self._is_finished = False
        self.is_held = False

    def now(self) -> datetime:
        """The run's own clock, as it went on."""
        return self._base + timedelta(seconds=monotonic() - self._began_at)

    @property
    def until(self) -> datetime:
        """When a claim made now ends."""
        return self.now() + LISTEN_LEASE

    def hold_recording(self, recording_id: int) -> None:
        """Extends the claim on this recording, too."""
        with self._lock:
            self._recording = recording_id

    def finish(self) -> None:
        """Ends the extending: what became of the episode is saved next."""
        self._stop()
        self._is_finished = True

    def fail(self, error: str, again_at: datetime | None) -> None:
        """Saves why the episode could not be listened to, and when that is tried again."""
        self.finish()
        self._store.save_listen_failure(self._episode, self._recording, error, again_at)

    def postpone(self) -> None:
        """Has the episode wait for as long as a claim lasts: another run hears the same audio."""
        self.finish()
        self._store.release_listening(self._episode, None, self.until)

    def __enter__(self) -> Self:
        self.is_held = self._store.claim_listening(self._episode, self.now(), self.until)
        if self.is_held:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        """Gives the claims back unless what became of the episode was saved: it is due again at once."""
        self._stop()
        if self.is_held and not self._is_finished:
            self._store.release_listening(self._episode, self._recording, self.now())

    def _stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _extend(self) -> None:
        while not self._ended.wait(EVERY):
            try:
                with self._lock:
                    self._store.extend_listening(self._episode, self._recording, self.until)
            except FAILURES as e:  # tried again in half a minute: the claim lasts that long
                log.warning("listen: the claim could not be extended: %s", e)

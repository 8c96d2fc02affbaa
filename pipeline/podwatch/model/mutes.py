"""Mutes: a watch or a show that raises no alert until a time, so that nothing is muted for ever by accident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """A watch, a show, or a watch in a show, without alerts until a moment (UTC). At least one of the two ids is set.

    watch, show: their names (the show's title, or its address) for people. by: who asked, as they are called there.
    """

    until: datetime
    watch_id: int | None = None
    feed_id: int | None = None
    reason: str = ""
    by: str = ""
    id: int = 0
    created_at: datetime | None = None
    watch: str | None = None
    show: str | None = None

    def covers(self, watch_id: int, feed_id: int) -> bool:
        """Whether an alert of this watch in an episode of this feed is muted."""
        return self.watch_id in (None, watch_id) and self.feed_id in (None, feed_id)

"""Decides whether what is found now is news, or the past: of the past nobody is told unless somebody asks. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from podwatch.model import Episode, HoldReason


def old_episode_reason(episode: Episode, through: int, now: datetime, live: timedelta) -> HoldReason | None:
    """Why nobody is told of a new alert on this episode; None when it is news.

    through: what was looked for in its transcript before, 0 when nothing was. A transcript that is looked through for
    the first time is news whatever its episode's date, for it may come late; one that is looked through again is the
    past when its episode was known longer than ``live``. What only a backfill brought in is the past.
    """
    if episode.backlog:
        return HoldReason.BACKFILL
    seen = episode.first_seen_at
    if through > 0 and seen is not None and now - seen > live:
        return HoldReason.OLD_EPISODE
    return None

"""Decides which alerts the mentions make, and whether one is held back, and why. Pure: values in, values out."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.model import Alert, DeliverMode, Episode, Held, Mention, Watch


def alert_key(watch: str, identity: str, channel: str) -> str:
    """The name of an alert, the same whoever makes it when: one watch, one episode, one channel.

    Opaque, since Slack shows the metadata that carries it to everybody in the workspace.
    """
    parts = "\x1f".join((watch, identity, channel))
    return hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=16).hexdigest()


def alerts(mentions: Iterable[Mention], watches: Sequence[Watch], episode: Episode) -> tuple[Alert, ...]:
    """One alert for each watch that is mentioned in the episode."""
    groups: dict[str, list[Mention]] = defaultdict(list)
    for m in mentions:
        groups[m.watch].append(m)
    return tuple(
        Alert(
            key=alert_key(w.name, episode.identity, w.channel),
            watch=w,
            episode=episode,
            channel=w.channel,
            mentions=tuple(groups[w.name]),
        )
        for w in watches
        if w.name in groups
    )


def told(alert: Alert) -> Alert:
    """The alert without the mentions that stand in what its watch skips."""
    kept = tuple(m for m in alert.mentions if m.label not in alert.watch.skip)
    return replace(alert, mentions=kept) if len(kept) < len(alert.mentions) else alert


def held(alert: Alert, enabled: bool, live: timedelta) -> Held | None:
    """Why this alert is not to be sent; None when it is.

    live: an episode that was known longer than this before its watch was made is the past, not news.
    """
    watch, episode = alert.watch, alert.episode
    if not enabled:
        return Held.DISABLED
    if not alert.mentions:
        return Held.GONE
    if not told(alert).mentions:
        return Held.BOILERPLATE
    if watch.deliver is DeliverMode.NONE:
        return Held.MODE_NONE
    if watch.deliver is DeliverMode.DIGEST:
        return Held.DIGEST
    if _before(episode.first_seen_at, watch.revised_at, live):
        return Held.OLD_EPISODE
    return None


def _before(seen: datetime | None, made: datetime | None, live: timedelta) -> bool:
    return seen is not None and made is not None and made - seen > live

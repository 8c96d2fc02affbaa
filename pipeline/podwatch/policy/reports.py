"""Decides when a watch was silent for long enough to say so, and what a report says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from podwatch.model import Coverage, DeliverMode, Mute, Report, Watch
from podwatch.policy.alerts import alert_key
from podwatch.policy.coverage import describe_listening

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SILENCE = "silence"


def silence_start(watch: Watch, last_found_at: datetime | None) -> datetime | None:
    """When the watch's silence began: with its last mention, or when it was last revised, if that was later."""
    return max((t for t in (watch.revised_at, last_found_at) if t is not None), default=None)


def is_silence_due(watch: Watch, start: datetime | None, mutes: Sequence[Mute], now: datetime) -> bool:
    """Whether the watch's channel is to be told of a silence that began at ``start``. Not while the watch is muted."""
    if start is None or not watch.silent_after or watch.deliver is DeliverMode.NONE:
        return False
    is_muted = any(m.watch_id == watch.id and m.feed_id is None and m.until > now for m in mutes)
    return now - start >= timedelta(seconds=watch.silent_after) and not is_muted


def silence_key(watch: Watch, start: datetime) -> str:
    """The key of the message about a silence, the same whoever makes it when: one for each silence of a watch."""
    return alert_key(SILENCE, f"{watch.name}\x1f{start.isoformat()}", watch.channel)


def silence_report(watch: Watch, start: datetime, c: Coverage, now: datetime) -> Report:
    """What a watch's channel is told after a silence: that nothing was said, or that nobody listened.

    c: coverage of the watch's feeds in that time.
    """
    lasted = _duration(now - start)
    if c.listened:
        title = f"No mention of {watch.name} for {lasted}"
        said = describe_listening(c, "of its feeds in that time")
    elif c.episodes:
        title = f"No data on {watch.name} for {lasted}"
        said = describe_listening(c, "of its feeds in that time")
    else:
        title = f"No data on {watch.name} for {lasted}"
        said = "no episode of its feeds came out in that time" if c.feeds else "no feed is in its scope"
    lines = [said]
    known = c.days - c.days_unknown
    if c.days_polled < known:
        lines.append(f"its feeds answered on {c.days_polled} of {known} feed days")
    return Report(key=silence_key(watch, start), channel=watch.channel, name=SILENCE, title=title, lines=tuple(lines))


def _duration(lasted: timedelta) -> str:
    days, hours = lasted // DAY, lasted // HOUR
    return f"{days} days" if days >= 2 else f"{hours} hours" if hours != 1 else "an hour"

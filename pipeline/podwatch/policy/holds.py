"""Decides whether an alert is sent now, held until a later moment, or suppressed for good, and why. Pure.

The means are those that people know from Alertmanager and Sentry: delivery modes, digests, quiet hours, a ceiling of
messages an hour, mutes, a minimum of mentions, a pause between two alerts of a watch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from podwatch.model import Alert, ChannelRules, DeliverMode, Episode, HoldReason, Mute, QuietHours, Schedule
from podwatch.policy.alerts import without_skipped

HOUR = timedelta(hours=1)
# Alerts held for these reasons are sent together, as one digest.
IN_DIGEST = (HoldReason.DIGEST, HoldReason.REPEATED, HoldReason.CEILING, HoldReason.LATE)
LATE_AFTER = timedelta(days=3)  # what was due for longer than this comes as one digest, when its channel works again
DIGEST_GRACE = timedelta(minutes=15)  # a digest that is later than this is late, and keeps to the quiet hours


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an alert is not sent now, and when that is decided again; None: not before something changes."""

    why: HoldReason
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a decision looks at besides the alert.

    live: an episode known for longer than this is the past, not news. enabled: its watch is on the watchlist.
    mutes: those in force. last_sent_at: the last message of its watch in this channel. sent_last_hour: the messages
    to this channel in the last hour, in order. held_before: why it was held until now. due_since: since when it could
    have been sent; None when it was tried, or held.
    """

    now: datetime
    rules: ChannelRules
    live: timedelta
    enabled: bool = True
    mutes: Sequence[Mute] = ()
    last_sent_at: datetime | None = None
    sent_last_hour: Sequence[datetime] = ()
    held_before: HoldReason | None = None
    due_since: datetime | None = None


def decide_hold(alert: Alert, s: Situation) -> Hold | None:
    """Why this alert is not sent by itself now; None when it is. What is final is decided before what passes."""
    if (suppressed := decide_suppression(alert, s)) is not None:
        return suppressed
    if alert.watch.deliver is DeliverMode.DIGEST and s.held_before is not HoldReason.DIGEST:
        # The first digest after it was found, although that moment may have passed before it was looked at.
        return Hold(HoldReason.DIGEST, next_time(s.rules.digest, s.due_since or s.now))
    if s.due_since is not None and s.now - s.due_since > LATE_AFTER:
        return Hold(HoldReason.LATE, s.now)  # its digest keeps to the quiet hours
    if s.rules.quiet is not None and (end := quiet_until(s.rules.quiet, s.now)) is not None:
        return Hold(HoldReason.QUIET, end)
    if s.last_sent_at is not None and alert.watch.repeat_after and s.held_before is not HoldReason.REPEATED:
        again = s.last_sent_at + timedelta(seconds=alert.watch.repeat_after)
        if s.now < again:
            return Hold(HoldReason.REPEATED, again)
    if s.rules.ceiling is not None:
        recent = [t for t in s.sent_last_hour if t > s.now - HOUR]
        if len(recent) >= s.rules.ceiling:
            return Hold(HoldReason.CEILING, recent[-s.rules.ceiling] + HOUR)
    return None


def decide_suppression(alert: Alert, s: Situation) -> Hold | None:
    """Why this alert is not sent at all, alone or in a digest; None when it may be."""
    why = _suppression_reason(alert, s)
    return None if why is None else Hold(why)


def _suppression_reason(alert: Alert, s: Situation) -> HoldReason | None:
    watch, episode = alert.watch, alert.episode
    shown = without_skipped(alert).mentions
    if not s.enabled:
        return HoldReason.DISABLED
    if not alert.mentions:
        return HoldReason.GONE
    if not shown:
        return HoldReason.BOILERPLATE
    if watch.deliver is DeliverMode.NONE:
        return HoldReason.MODE_NONE
    if _is_older(episode, watch.revised_at, s.live):
        return HoldReason.OLD_EPISODE
    for mute in s.mutes:
        if mute.until > s.now and mute.covers(watch.id, episode.feed_id):
            return HoldReason.MUTED_SHOW if mute.watch_id is None else HoldReason.MUTED_WATCH
    return HoldReason.MINIMUM if len(shown) < watch.minimum else None


def old_episode_reason(episode: Episode, through: int, now: datetime, live: timedelta) -> HoldReason | None:
    """Why a new alert on this episode is not news, and held from the start; None when it is news.

    through: up to which watch its transcript was searched before, 0 when never, less when it is to be searched for all
    of them again. A transcript that is searched for the
    first time is news whatever its episode's date, for it may come late; one that is searched again is the past when
    its episode was known for longer than ``live``. What only a backfill brought in is the past.
    """
    if episode.backlog:
        return HoldReason.BACKFILL
    return HoldReason.OLD_EPISODE if through != 0 and _is_older(episode, now, live) else None


def _is_older(episode: Episode, than: datetime | None, by: timedelta) -> bool:
    """Whether the episode was known for longer than ``by`` at the moment ``than``."""
    return episode.first_seen_at is not None and than is not None and than - episode.first_seen_at > by


def digest_quiet_until(why: HoldReason, due_at: datetime, s: Situation) -> datetime | None:
    """Until when a digest that was due at ``due_at`` waits for the end of quiet hours; None for now.

    A team that sets its digest's time within its quiet hours wants it then; a digest that is late waits.
    """
    if s.rules.quiet is None or (why is HoldReason.DIGEST and s.now - due_at <= DIGEST_GRACE):
        return None
    return quiet_until(s.rules.quiet, s.now)


def message_quiet_until(why: HoldReason | None, rules: ChannelRules, now: datetime) -> datetime | None:
    """Until when what is posted at last, such as after an outage, waits for the end of quiet hours; None for now.

    why: of a digest, why its alerts were held; None of other messages.
    """
    if rules.quiet is None:
        return None
    on_time = why is HoldReason.DIGEST and next_time(rules.digest, now - DIGEST_GRACE) <= now
    return None if on_time else quiet_until(rules.quiet, now)


def next_time(times: Schedule, after: datetime) -> datetime:
    """The first of these moments later than ``after`` (UTC). A time that clocks skip comes an hour later."""
    zone = ZoneInfo(times.zone)
    day = after.astimezone(zone).date()
    for ahead in range(-1, 9):
        date = day + timedelta(days=ahead)
        if date.weekday() not in times.days:
            continue
        moment = datetime.combine(date, times.at, zone).astimezone(UTC)
        if moment > after:
            return moment
    raise AssertionError("a week has each day")


def quiet_until(quiet: QuietHours, now: datetime) -> datetime | None:
    """The end (UTC) of the quiet hours that ``now`` is in; None when it is in none."""
    zone = ZoneInfo(quiet.zone)
    day = now.astimezone(zone).date()
    for back in (1, 0):
        first = day - timedelta(days=back)
        last = first if quiet.start < quiet.end else first + timedelta(days=1)
        start, end = (
            datetime.combine(d, t, zone).astimezone(UTC) for d, t in ((first, quiet.start), (last, quiet.end))
        )
        if start <= now < end:
            return end
    return None

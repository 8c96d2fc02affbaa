"""Decides whether an alert goes out now, waits, or stays where it is, and why. Pure: values and a moment in.

The means are those that people know from Alertmanager and Sentry: modes, digests, quiet hours, a ceiling, mutes, a
minimum, a pause between repeats. What is held back says why; what waits says until when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from podwatch.model import Alert, ChannelRules, DeliverMode, HoldReason, Mute, Quiet, Times
from podwatch.policy.alerts import hold_reason, without_skipped

HOUR = timedelta(hours=1)
# What is held back for these comes out together, as one digest.
IN_DIGEST = (HoldReason.DIGEST, HoldReason.REPEATED, HoldReason.CEILING)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an alert is not sent now, and when that is looked at again; None: not before something changes."""

    why: HoldReason
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a decision looks at besides the alert.

    enabled: its watch is on the watchlist. live: see alerts.held. mutes: those that hold now. last: when the last
    message of its watch went to this channel. hour: when messages went to this channel in the last hour, in order.
    """

    now: datetime
    rules: ChannelRules
    live: timedelta
    enabled: bool = True
    mutes: Sequence[Mute] = ()
    last_sent_at: datetime | None = None
    sent_last_hour: Sequence[datetime] = ()
    held_before: HoldReason | None = None  # for what it was kept back until now


def decide_hold(alert: Alert, s: Situation) -> Hold | None:
    """Why this alert is not to go out by itself now; None when it is. What is final is asked before what passes."""
    final = decide_suppression(alert, s)
    if final is not None:
        return final
    if alert.watch.deliver is DeliverMode.DIGEST and s.held_before is not HoldReason.DIGEST:
        return Hold(HoldReason.DIGEST, next_time(s.rules.digest, s.now))
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
    """Why this alert is not to be told at all, alone or in a digest."""
    why = hold_reason(alert, s.enabled, s.live)
    if why is not None:
        return Hold(why)
    for mute in s.mutes:
        if mute.until > s.now and mute.covers(alert.watch.id, alert.episode.feed_id):
            return Hold(HoldReason.MUTED_SHOW if mute.watch_id is None else HoldReason.MUTED_WATCH)
    if len(without_skipped(alert).mentions) < alert.watch.minimum:
        return Hold(HoldReason.MINIMUM)
    return None


def digest_quiet_until(why: HoldReason, s: Situation) -> datetime | None:
    """Until when a digest waits for the end of quiet hours; one that has a time of its own does not."""
    if why is HoldReason.DIGEST or s.rules.quiet is None:
        return None
    return quiet_until(s.rules.quiet, s.now)


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

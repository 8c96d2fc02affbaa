"""Decides when a report is due - of a silence, or by a channel's schedule - and what it says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from podwatch.model import Coverage, DeliverMode, HoldReason, Mute, Period, Report, Schedule, Watch
from podwatch.policy.alerts import alert_key
from podwatch.policy.coverage import describe_listening, describe_reasons
from podwatch.policy.hearing_words import describe_hearings
from podwatch.policy.holds import next_time

DAY, HOUR, MOMENT = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)
SILENCE, WEEK = "silence", "week"
COLUMNS = ("watch", "mentions", "episodes with mentions", "alerts sent", "alerts held", "why held", "episodes",
           "listened", "not listened", "why not", "names in doubt")  # fmt: skip
MAX_NAMED = 20  # watches in a line


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchCounts:
    """What became of a watch in a period: its mentions, in how many episodes, its alerts; held: by reason."""

    mentions: int = 0
    episodes: int = 0
    sent: int = 0
    held: Mapping[HoldReason, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """What to do about a channel's report: the period of the one that is due, None; when the next is due."""

    period: Period | None
    next_at: datetime


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
    """The key of the message about a silence, the same whoever makes it when: one for each silence of a watch.

    By the watch's id, since a watch that gets another name is no other one.
    """
    return alert_key(SILENCE, f"{watch.id}\x1f{start.isoformat()}", watch.channel)


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


def plan_report(times: Schedule, stored: datetime | None, now: datetime) -> ReportPlan:
    """stored: when the next report was to be due; None, or no time of this schedule: it is new, and begins now.

    Reports that were missed become one, so that each moment is in one report.
    """
    if stored is None or next_time(times, stored - MOMENT) != stored:
        return ReportPlan(None, next_time(times, now))
    if now < stored:
        return ReportPlan(None, stored)
    return ReportPlan(Period(_time_before(times, stored), _time_before(times, now + MOMENT)), next_time(times, now))


def _time_before(times: Schedule, moment: datetime) -> datetime:
    """The last of the schedule's moments earlier than ``moment``."""
    last = next_time(times, moment - 9 * DAY)  # a week has one, also where clocks change
    while (following := next_time(times, last)) < moment:
        last = following
    return last


def week_report(
    channel: str, period: Period, found: Sequence[tuple[Watch, WatchCounts, Coverage]], whole: Coverage
) -> Report:
    """The report of a channel: for each watch what was found, held and listened to. whole: coverage of all together."""
    named = [f"{w.name} {n.mentions} in {n.episodes}" for w, n, _ in found if n.mentions]
    nothing = [w.name for w, n, _ in found if not n.mentions]
    held: dict[HoldReason, int] = {}
    for _, n, _ in found:
        for reason, count in n.held.items():
            held[reason] = held.get(reason, 0) + count
    mentions = sum(n.mentions for _, n, _ in found)
    lines = [_count(mentions, "mention") + (f": {_list(named)}" if named else "")]
    lines += [f"nothing of: {_list(nothing)}"] if nothing else []
    sent, kept = sum(n.sent for _, n, _ in found), sum(held.values())
    lines.append(f"{_count(sent, 'alert')} sent, {kept} held" + (f": {_held_words(held)}" if held else ""))
    since = f"{period.since:%Y-%m-%d} to " if period.since else "until "
    return Report(
        key=alert_key(WEEK, period.until.isoformat(), channel),
        channel=channel,
        name=WEEK,
        title=f"Podcasts, {since}{period.until:%Y-%m-%d}",
        lines=tuple(lines),
        columns=COLUMNS,
        rows=tuple(_row(w, n, c) for w, n, c in found),
        coverage=describe_listening(whole, "in this time"),
    )


def _row(w: Watch, n: WatchCounts, c: Coverage) -> tuple[str, ...]:
    counts = (n.mentions, n.episodes, n.sent, sum(n.held.values()))
    heard = (c.episodes, c.listened, c.not_listened)
    return (
        w.name,
        *map(str, counts),
        _held_words(n.held),
        *map(str, heard),
        describe_reasons(c),
        describe_hearings(c.hearings),
    )


def _held_words(held: Mapping[HoldReason, int]) -> str:
    ordered = sorted(held.items(), key=lambda x: (-x[1], x[0].name))
    return ", ".join(f"{n} {reason.value}" for reason, n in ordered)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _list(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _duration(lasted: timedelta) -> str:
    days, hours = lasted // DAY, lasted // HOUR
    return f"{days} days" if days >= 2 else f"{hours} hours" if hours != 1 else "an hour"

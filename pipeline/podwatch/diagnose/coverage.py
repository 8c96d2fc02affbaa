"""The rows of `podwatch coverage`: a feed or a watch each, and a total; and the line that other commands end with."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from podwatch.errors import PodwatchError
from podwatch.model import Coverage, CoverageFacts, HearingCounts, NotListened, Period
from podwatch.policy.coverage import (
    describe_coverage,
    describe_listening,
    describe_transcripts,
    measure_each_feed,
    measure_feeds,
    measure_watches,
    split_by_feed,
)
from podwatch.policy.hearing_words import describe_hearings
from podwatch.redaction import display_address
from podwatch.store.database import Store

SEE_HEARINGS = " (podwatch hearings lists them)"
RECENT_DAYS = 30  # of the lines that other commands end with


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """Coverage of a feed, a watch, or all of them together (kind "total")."""

    kind: str
    name: str
    title: str
    coverage: Coverage


def coverage_rows(
    facts: CoverageFacts, now: datetime, *, feed: str | None = None, watch: str | None = None, by_watch: bool = False
) -> Iterator[CoverageRow]:
    """A row for each feed, or watch, then the total. feed: only of that address; watch: only its scope.

    Raises PodwatchError when there is no such feed or watch. Pure.
    """
    if feed is not None:
        asked = (one for f, one in split_by_feed(facts) if feed in (f.url, display_address(f.url)))
        facts = next(asked, replace(facts, feeds=()))
        if not facts.feeds:
            raise PodwatchError("is not among the feeds", where=feed, todo="see podwatch feeds list")
    watches = [(seq, w) for seq, w in facts.watches if watch in (None, w.name)]
    if watch is not None and not watches:
        raise PodwatchError("is not among the watches", where=watch, todo="see podwatch watches list")
    scoped = watch is not None or by_watch
    if by_watch:
        for seq, w in sorted(watches, key=lambda x: x[1].name):
            yield CoverageRow("watch", w.name, w.target, measure_watches(facts, [(seq, w)], now))
    else:
        for f, one in split_by_feed(facts):
            mine = measure_watches(one, watches, now) if scoped else measure_feeds(one, now)
            if mine.feeds:
                yield CoverageRow("feed", display_address(f.url), f.title, mine)
    yield CoverageRow("total", "", "", measure_watches(facts, watches, now) if scoped else measure_feeds(facts, now))


def coverage_values(row: CoverageRow, period: Period) -> dict[str, Any]:
    """A row as JSON: the keys stay as they are."""
    c = row.coverage
    heads: dict[str, dict[str, Any]] = {
        "feed": {"feed": row.name, "title": row.title},
        "watch": {"watch": row.name, "feeds": c.feeds},
        "total": {"total": describe_coverage(c), "feeds": c.feeds},
    }
    return heads[row.kind] | {
        "since": period.since,
        "until": period.until,
        "days": c.days,
        "days_polled": c.days_polled,
        "days_failed": c.days_failed,
        "days_not_polled": c.days_not_polled,
        "days_unknown": c.days_unknown,
        "episodes": c.episodes,
        "listened": c.listened,
        "not_listened": c.not_listened,
        **{reason.name.lower(): c.why.get(reason, 0) for reason in NotListened},
        "errors": dict(c.errors),
        "awaiting_hearing": c.hearings.awaiting,
        "left_to_text": {outcome.value: n for outcome, n in c.hearings.left.items()},
    }


def coverage_cells(row: CoverageRow) -> dict[str, str]:
    """A row as people read it."""
    c = row.coverage
    unknown = f", {c.days_unknown} unknown" if c.days_unknown else ""
    name = {"feed": row.title or row.name, "watch": row.name, "total": "total"}[row.kind]
    return {
        "name": name,
        "url": row.name if row.kind == "feed" else "",
        "days_polled": f"{c.days_polled} of {c.days}{unknown}",
        "days_failed": str(c.days_failed),
        "episodes": str(c.episodes),
        "listened": str(c.listened),
        "not_listened": str(c.not_listened),
        "why": _why(c),
    }


def _why(c: Coverage) -> str:
    """``15 names none, 2 failed: the server answered 404, 1 failed: no transcript in it``, and the names in doubt."""
    parts = [f"{n} {reason}" for reason, n in c.why.items() if reason is not NotListened.FAILED]
    why = ", ".join([*parts, *(f"{n} failed: {error}" for error, n in c.errors.items())])
    return "; ".join(part for part in (why, describe_hearings(c.hearings)) if part)


def recent_period(now: datetime) -> Period:
    """The period that is meant where nobody names one."""
    return Period(now - timedelta(days=RECENT_DAYS), now)


def coverage_line(store: Store, now: datetime, *, since: datetime | None = None, watch: str | None = None) -> str:
    """One line for the end of another command: what was listened to, of episodes published at ``since`` or later.

    Without ``since`` of the last days; when nothing came out in them of everything that is known.
    """
    if not store.feeds():
        return "there are no feeds yet: podwatch feeds add URL"
    period = Period(since, now) if since is not None else recent_period(now)
    within = f"since {since:%Y-%m-%d}" if since is not None else f"of the last {RECENT_DAYS} days"
    c = _measure(store.coverage_facts(period), now, watch)
    if since is None and not c.episodes:
        c, within = _measure(store.coverage_facts(Period(None, now)), now, watch), ""
    return describe_listening(c, within) + (SEE_HEARINGS if c.hearings != HearingCounts() else "")


def no_mentions_line(store: Store, now: datetime, *, since: datetime | None, watch: str | None) -> str:
    """What to say when there is no mention: how much was listened to, or that nothing was polled yet."""
    if not any(f.last_polled_at for f in store.feeds()):
        return "no mentions yet: podwatch run"
    return f"no mentions; {coverage_line(store, now, since=since, watch=watch)}"


def _measure(facts: CoverageFacts, now: datetime, watch: str | None) -> Coverage:
    if watch is None:
        return measure_feeds(facts, now)
    return measure_watches(facts, [(seq, w) for seq, w in facts.watches if w.name == watch], now)


def transcripts_by_feed(store: Store, now: datetime, feed_ids: Collection[int] | None = None) -> dict[int, str]:
    """By the id of a feed how many of its episodes have a transcript: ``0 of 30: names none``.

    Of all that are known but the backlog; of the backlog where there is nothing else. feed_ids: of these feeds alone.
    """
    by_feed = measure_each_feed(store.coverage_facts(Period(None, now), feed_ids))
    return {feed: describe_transcripts(_with_transcripts(c)) for feed, c in by_feed.items()}


def _with_transcripts(c: Coverage) -> Coverage:
    """The same with every stored transcript counted, searched or not, and without the backlog if there is more."""
    why: dict[NotListened, int] = {reason: n for reason, n in c.why.items() if reason is not NotListened.NOT_SEARCHED}
    backlog = why.get(NotListened.BACKLOG, 0)
    if backlog and backlog < c.episodes:
        del why[NotListened.BACKLOG]
        return replace(c, episodes=c.episodes - backlog, why=why)
    return replace(c, why=why)


def feeds_without_transcripts(facts: CoverageFacts, now: datetime) -> Iterator[tuple[str, Coverage]]:
    """(address, coverage) of the feeds none of whose episodes has a transcript, most episodes first. Pure."""
    found = [(display_address(f.url), _with_transcripts(measure_feeds(one, now))) for f, one in split_by_feed(facts)]
    silent = [(url, c) for url, c in found if c.episodes and not c.listened]
    yield from sorted(silent, key=lambda x: (-x[1].episodes, x[0]))

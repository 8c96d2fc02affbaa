"""podwatch coverage: what was listened to, and what was not and why."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from podwatch.commands import cli
from podwatch.commands.choices import known_feed, known_watch
from podwatch.commands.options import Json, Since, Until
from podwatch.commands.output import open_runtime, print_stderr, show_rows, utc_now
from podwatch.model import HearingCounts, Period
from podwatch.policy.coverage import describe_coverage

COLUMNS = ("name", "url", "days_polled", "days_failed", "episodes", "listened", "not_listened", "why")


class By(StrEnum):
    """What a row is of."""

    FEED = "feed"
    WATCH = "watch"


def coverage(
    feed: Annotated[str | None, cli.Option("--feed", help="Only this feed.")] = None,
    watch: Annotated[str | None, cli.Option("--watch", help="Only what is in the scope of this watch.")] = None,
    by: Annotated[By, cli.Option("--by", help="A row for each feed, or for each watch.")] = By.FEED,
    since: Since = None,
    until: Until = None,
    json: Json = False,
) -> None:
    """What was listened to, and what was not and why.

    Of the last 30 days, unless --since says otherwise.

    Example: podwatch coverage --since 7d --by watch
    """
    from podwatch.diagnose.coverage import (
        SEE_HEARINGS,
        coverage_cells,
        coverage_rows,
        coverage_values,
        recent_period,
    )

    now = utc_now()
    end = until or now
    start = since or recent_period(end).since
    period = Period(start, min(end, now))
    if start is not None and start >= period.until:
        raise cli.BadParameter("--since is not before --until, or in the future")
    with open_runtime() as rt:
        chosen, watch = known_feed(rt.store, feed), known_watch(rt.store, watch)
        facts = rt.store.coverage_facts(period)
    feed = chosen.url if chosen else None
    rows = list(coverage_rows(facts, now, feed=feed, watch=watch, by_watch=by is By.WATCH))
    if not json and not facts.feeds:
        print_stderr("no feeds yet: podwatch feeds import FILE.opml")
        return
    columns = COLUMNS if by is By.FEED else tuple(c for c in COLUMNS if c != "url")
    show_rows((coverage_values(r, period) if json else coverage_cells(r) for r in rows), columns, json, "")
    if not json:
        total = rows[-1].coverage
        print_stderr(describe_coverage(total) + (SEE_HEARINGS if total.hearings != HearingCounts() else ""))

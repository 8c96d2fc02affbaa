"""Options that several commands share, and how what is typed for them is read: moments and lengths."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from podwatch.commands import cli
from podwatch.commands.output import Output, utc_now

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_FORMS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")


def parse_moment(text: str, now: datetime) -> datetime:
    """The beginning of a day that was typed as 2026-11-03, or the time so long before ``now`` as 7d or 12h says."""
    from podwatch.watchlist.times import parse_pause

    try:
        return _parse_date(text, now) or now - timedelta(seconds=parse_pause(text))
    except (ValueError, OverflowError):
        raise cli.BadParameter(f"{text} is neither a day like 2026-11-03 nor a time ago like 7d, 12h or 2w") from None


def parse_end(text: str, now: datetime) -> datetime:
    """As parse_moment, but of a day its end: what is asked for until a day has that day in it."""
    return parse_moment(text, now) + (timedelta(days=1) if _is_day(text) else timedelta())


def parse_day(text: str, now: datetime) -> datetime:
    """The day of parse_moment, at its beginning (UTC)."""
    return parse_moment(text, now).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def parse_future(text: str, now: datetime) -> datetime:
    """The beginning of a day that was typed as 2026-12-24, or the time so long after ``now`` as 2d or 12h says."""
    from podwatch.watchlist.times import parse_pause

    try:
        return _parse_date(text, now) or now + timedelta(seconds=parse_pause(text))
    except (ValueError, OverflowError):
        raise cli.BadParameter(f"{text} is neither a day like 2026-12-24 nor a length like 2d, 12h or 1w") from None


def parse_length(text: str) -> timedelta:
    """How long 2d, 12h or 30m is."""
    from podwatch.watchlist.times import parse_pause

    try:
        return timedelta(seconds=parse_pause(text))
    except ValueError as e:
        raise cli.BadParameter(f"{text}: {e}") from None


def _is_day(text: str) -> bool:
    return text.strip().lower() in ("today", "yesterday") or _DAY.fullmatch(text.strip()) is not None


def _parse_date(text: str, now: datetime) -> datetime | None:
    """The moment of a date, None for what is none; raises ValueError for one that no calendar has."""
    text = text.strip()
    if text.lower() in ("today", "yesterday"):
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return day - timedelta(days=text.lower() == "yesterday")
    if "-" not in text:
        return None
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(text)


Json = Annotated[bool, cli.Option("--json", help="One JSON object a line on stdout, nothing else there.")]
OutputOption = Annotated[
    Output | None,
    cli.Option("-o", "--output", help="csv: with a header, for spreadsheets. json: as --json."),
]


def moment_option(
    *names: str, parse: Callable[[str, datetime], datetime], help_: str, metavar: str = "WHEN"
) -> cli.Option:
    """An option whose value is read by one of the functions above, with the present moment."""
    return cli.Option(*names, parser=lambda text: parse(text, utc_now()), metavar=metavar, help=help_)


_AGO = "2026-11-03, or 7d, 12h, 2w ago"
Since = Annotated[
    datetime | None,
    moment_option("--since", parse=parse_moment, help_=f"Episodes published on this day (UTC) or later: {_AGO}."),
]
FoundSince = Annotated[
    datetime | None,
    moment_option("--since", parse=parse_moment, help_=f"Found on this day (UTC) or later: {_AGO}."),
]
Until = Annotated[
    datetime | None,
    moment_option(
        "--until", parse=parse_end, help_="The last day (UTC): 2026-11-09, or 7d, 12h, 2w ago; now without it."
    ),
]
WatchName = Annotated[str | None, cli.Option("--watch", help="Only of this watch.")]
ShowName = Annotated[
    str | None, cli.Option("--feed", help="Only of this show: its feed's address or number, or its title.")
]
Processes = Annotated[int | None, cli.Option("--processes", min=1, help="How many cores to use.", show_default="all")]


def check_period(since: datetime | None, until: datetime | None) -> None:
    """Raises BadParameter for a period without a moment in it."""
    if since is not None and until is not None and since >= until:
        raise cli.BadParameter("--since is not before --until")

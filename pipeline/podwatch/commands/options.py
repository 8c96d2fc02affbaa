"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from podwatch.commands import cli

Json = Annotated[bool, cli.Option("--json", help="One JSON object a line on stdout, nothing else there.")]
Since = Annotated[
    datetime | None,
    cli.Option("--since", formats=["%Y-%m-%d"], help="Episodes published on this day or later (UTC)."),
]
Processes = Annotated[int | None, cli.Option("--processes", min=1, help="How many cores to use.", show_default="all")]


def start_of(day: datetime | None) -> datetime | None:
    """The beginning of a day that was typed, in UTC."""
    return day.replace(tzinfo=UTC) if day is not None else None


def parse_moment(text: str, now: datetime) -> datetime:
    """The beginning of a day that was typed as 2026-11-03, or the time so long before ``now`` as 7d or 12h says."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        pass
    from podwatch.watchlist.times import parse_pause

    try:
        return now - timedelta(seconds=parse_pause(text))
    except ValueError:
        raise cli.BadParameter(f"{text} is neither a day like 2026-11-03 nor a time like 7d or 12h") from None

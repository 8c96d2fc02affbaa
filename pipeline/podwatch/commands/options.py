"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, nothing else there.")]
Since = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d"], help="Episodes published on this day or later (UTC)."),
]
Processes = Annotated[int | None, typer.Option("--processes", min=1, help="How many cores to use.", show_default="all")]


def start_of(day: datetime | None) -> datetime | None:
    """The beginning of a day that was typed, in UTC."""
    return day.replace(tzinfo=UTC) if day is not None else None

"""Decides when episodes that are new in a feed are not news: a feed lists its archive, of years, at once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from podwatch.model import Episode
from podwatch.redaction import display_address

LEAST = 3  # so many old ones at one poll are an archive; one or two may be late
OLDER_BY = timedelta(days=30)  # than the newest that was known before


def find_archive(new: Sequence[Episode], newest_known: datetime | None) -> frozenset[str]:
    """The guids of the new episodes of one poll that are the past; empty when they are none or too few.

    newest_known: when the newest episode was published that the feed had before; None when it had none with a date.
    """
    if newest_known is None:
        return frozenset()
    old = [e.guid for e in new if e.published_at is not None and newest_known - e.published_at > OLDER_BY]
    return frozenset(old if len(old) >= LEAST else ())


def describe_archive(url: str, archive: Sequence[Episode]) -> str:
    """The line that tells of it."""
    dates = sorted(e.published_at for e in archive if e.published_at is not None)
    return (
        f"{display_address(url)}: lists {len(archive)} old episodes, from {dates[0]:%Y-%m-%d} to {dates[-1]:%Y-%m-%d}: "
        "stored without alerts; podwatch backfill reads them"
    )

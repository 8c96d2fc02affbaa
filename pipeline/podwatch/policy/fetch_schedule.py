"""Decides when a transcript is requested again, and when the older pages of a feed are. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from podwatch.model import Episode, TranscriptRequest

FIRST_RETRY = timedelta(hours=1)  # doubles with each failure
LONGEST_RETRY = timedelta(days=1)
TRIES = 10  # with these waits about a week
# How long after a transcript was fetched it is requested again: they get better, and they get corrected.
CHECKS = (timedelta(days=1), timedelta(days=3), timedelta(days=10))

RECRAWL_AFTER = timedelta(days=1)  # the older pages of a feed are not crawled again before


def next_check_at(wanted: TranscriptRequest, now: datetime) -> datetime | None:
    """When to ask whether the transcript fetched ``now`` was corrected; None after the last of CHECKS."""
    checks = wanted.checks + 1 if wanted.source is not None else 0
    return now + CHECKS[checks] if checks < len(CHECKS) else None


def next_retry_at(episode: Episode, retryable: bool, now: datetime) -> datetime | None:
    """When to request again after a failure: 1, 2, 4, ... hours later, at most a day; None when it is given up."""
    if not retryable or episode.fetch_failures + 1 >= TRIES:
        return None
    return now + min(LONGEST_RETRY, FIRST_RETRY * (1 << min(episode.fetch_failures, 10)))

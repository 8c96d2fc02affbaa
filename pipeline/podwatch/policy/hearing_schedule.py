"""Decides when a place in doubt is heard again, and when the text alone decides about it after all. Pure."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from podwatch.model import HearingOutcome

PATIENCE = timedelta(days=1)  # an alert waits no longer for its audio
LONGEST_WAIT = 2 * PATIENCE  # nor longer than this where nothing asks for the audio at all
FIRST_RETRY = timedelta(minutes=20)  # doubles with each failure
SECONDS_AN_HOUR, WIDE_SECONDS_AN_HOUR = 60.0, 180.0  # of talk: of audio that is heard again, with the wider net
FIT = -3.0  # nats a token: words that are said as they are written are above it, other words below


def next_hearing_at(asked_at: datetime, failures: int, retryable: bool, now: datetime) -> datetime | None:
    """When to try again after a failure, of which there were ``failures`` before; None: the text alone decides."""
    again = now + FIRST_RETRY * (1 << min(failures, 6))
    return again if retryable and again - asked_at < PATIENCE else None


def decided_by(asked_at: datetime) -> datetime:
    """When the text alone decides about a place that nothing has heard: what hears may be off, or never run."""
    return asked_at + LONGEST_WAIT


def outcome_without_budget(asked_at: datetime, next_day: datetime) -> HearingOutcome | None:
    """What becomes of a place when the day's seconds are spent: it waits for the next day (None) while it may."""
    return HearingOutcome.NO_BUDGET if next_day - asked_at > PATIENCE else None


def seconds_for(talk: float, *, is_wide: bool) -> float:
    """How many seconds of audio may be heard again of so many seconds of talk."""
    return (WIDE_SECONDS_AN_HOUR if is_wide else SECONDS_AN_HOUR) * max(1, math.ceil(talk / 3600))


def fits(context_likelihood: float) -> bool:
    """Whether the words around a place are said in the audio."""
    return context_likelihood >= FIT

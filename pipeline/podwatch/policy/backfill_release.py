"""Decides how many alerts of a backfill go to their channels at once, and when somebody has to agree. Pure."""

from __future__ import annotations

from podwatch.model import DeliverMode

RELEASE_BATCH = 10  # alerts released at once: an alert of today waits for so many messages at most
CONFIRM_ABOVE = 50  # messages


def needs_confirmation(mode: DeliverMode, alerts: int) -> bool:
    """Whether somebody has to agree before so many alerts are delivered; a digest is one message to a channel."""
    return mode is DeliverMode.EACH and alerts > CONFIRM_ABOVE

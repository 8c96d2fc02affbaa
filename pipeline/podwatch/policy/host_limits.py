"""Says how many requests a host gets at once, and how fast: the same for polls, transcripts and archive pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostLimits:
    """per_host: requests at once to one host. pause: between two of them, in times of the setting ``host_pause``."""

    per_host: int
    pause: float


LIVE = HostLimits(per_host=2, pause=1.0)
BACKFILL = HostLimits(per_host=1, pause=2.0)  # the live run makes its own requests beside it

"""How long a run asks servers until it leaves the rest to the next one, so that what is there is told. Pure."""

from __future__ import annotations

# Runs that are less than so many seconds apart are for those who want their alerts soon.
OFTEN = 2 * 3600.0
SHORT_RUN, LONG_RUN = 20.0, 600.0


def run_seconds(between: float) -> float:
    """The seconds of poll, and again of fetch, in a run of the DAG. between: seconds between the starts of two runs."""
    return SHORT_RUN if between < OFTEN else LONG_RUN

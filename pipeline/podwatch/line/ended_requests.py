"""What becomes of a request that has no answer when the time of its run is over: a failure, or it is made anew."""

from __future__ import annotations

from podwatch.errors import HttpError, PodwatchError, RunEnded
from podwatch.policy.run_time import LONGEST_ANSWER


def end_request(where: str, waited: float | None) -> PodwatchError:
    """waited: for how many seconds its host has not answered; None: it was not asked."""
    if waited is None or waited < LONGEST_ANSWER:
        return RunEnded("is left to the next run", where=where)
    return HttpError(
        f"did not answer within {waited:.0f} s, when the time of the run was over", where=where, retryable=True
    )

"""Makes a long run stop asking a host that gave no answer several times in a row.

With one request to a host at a time and a minute until each is given up, a host that is gone would hold up the run.
"""

from __future__ import annotations

import logging
from collections import Counter

from podwatch.errors import HttpError

log = logging.getLogger("podwatch")

MAX_FAILURES = 3  # in a row


class CircuitBreaker:
    """Counts the failures of each host in one run, from any thread."""

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()

    def allows(self, host: str) -> bool:
        return self._failures[host] < MAX_FAILURES

    def record(self, host: str, result: object) -> None:
        """result: what came of a request; a retryable HttpError without a status is no answer, all else is one."""
        if isinstance(result, HttpError) and result.retryable and not result.status:
            self._failures[host] += 1
            if self._failures[host] == MAX_FAILURES:
                log.warning(
                    "fetch: %s: gave no answer %s times in a row, and is left for another run", host, MAX_FAILURES
                )
        else:
            self._failures[host] = 0

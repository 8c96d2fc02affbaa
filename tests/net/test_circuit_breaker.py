"""A host that gives no answer several times in a row gets no more requests; one that answers anything does."""

from __future__ import annotations

import pytest

from podwatch.errors import HttpError
from podwatch.net.circuit_breaker import MAX_FAILURES, CircuitBreaker

SILENT = HttpError("no answer within 60 s", retryable=True)
REFUSED = HttpError("the server answered 503", retryable=True, status=503)


def test_a_host_that_gives_no_answer_in_a_row_is_asked_no_more_and_others_are(caplog: pytest.LogCaptureFixture) -> None:
    breaker = CircuitBreaker()
    for _ in range(MAX_FAILURES):
        assert breaker.allows("gone.example")
        breaker.record("gone.example", SILENT)
    assert not breaker.allows("gone.example")
    assert breaker.allows("other.example")
    assert "gone.example: gave no answer 3 times in a row" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [REFUSED, HttpError("is not an address", retryable=False), object()],
    ids=lambda o: type(o).__name__ + str(getattr(o, "status", "")),
)
def test_any_answer_between_begins_the_count_anew(answer: object) -> None:
    breaker = CircuitBreaker()
    for result in [SILENT] * (MAX_FAILURES - 1) + [answer, SILENT]:
        breaker.record("a.example", result)
    assert breaker.allows("a.example")

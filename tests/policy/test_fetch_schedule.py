"""When a transcript is requested again: after a failure, and to see whether it was corrected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from podwatch.model import Episode, TranscriptRequest
from podwatch.policy.fetch_schedule import CHECKS, LONGEST_RETRY, TRIES, next_check_at, next_retry_at

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)


def failed(times: int) -> Episode:
    return Episode(guid="g", title="t", fetch_failures=times)


def test_each_failure_doubles_the_wait_up_to_a_day_until_it_is_given_up() -> None:
    times = [next_retry_at(failed(n), True, NOW) for n in range(TRIES + 2)]
    assert [(t - NOW).total_seconds() / 3600 for t in times if t] == [1, 2, 4, 8, 16, 24, 24, 24, 24]
    assert times[TRIES - 1 :] == [None] * 3
    assert max(t for t in times if t) - NOW == LONGEST_RETRY


def test_a_failure_for_good_is_not_tried_again() -> None:
    assert next_retry_at(failed(0), False, NOW) is None


def test_a_transcript_is_checked_again_ever_later_and_then_no_more() -> None:
    first = next_check_at(TranscriptRequest(episode=failed(0)), NOW)
    again = [next_check_at(TranscriptRequest(episode=failed(0), source="s", checks=n), NOW) for n in range(3)]
    assert [first, *again] == [NOW + CHECKS[0], NOW + CHECKS[1], NOW + CHECKS[2], None]
    intervals = (timedelta(days=1), timedelta(days=3), timedelta(days=10))
    assert intervals == CHECKS

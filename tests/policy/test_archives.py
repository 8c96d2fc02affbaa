"""A feed that lists its archive has no news; one that lists an episode late has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from podwatch.model import Episode
from podwatch.policy.archives import describe_archive, find_archive

NEWEST = datetime(2026, 8, 2, tzinfo=UTC)

# name: (how many days older than the newest known the new ones are, which of them are the past)
CASES: dict[str, tuple[list[int | None], list[int]]] = {
    "an archive of years": ([5843, 5842, 5841], [5843, 5842, 5841]),
    "an archive and a new episode": ([-1, 400, 401, 402], [400, 401, 402]),
    "two that are late": ([40, 50], []),
    "three of this month": ([10, 20, 30], []),
    "three, one without a date": ([400, 401, None], []),
    "nothing": ([], []),
}


def episode(days: int | None) -> Episode:
    return Episode(guid=str(days), published_at=None if days is None else NEWEST - timedelta(days=days))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_three_or_more_old_episodes_at_one_poll_are_the_past(case: str) -> None:
    days, past = CASES[case]
    assert find_archive([episode(d) for d in days], NEWEST) == {str(d) for d in past}
    assert find_archive([episode(d) for d in days], None) == frozenset()


def test_the_archive_is_told_as_one_line_without_secrets() -> None:
    line = describe_archive("https://show.example/feed?token=s3cret", [episode(400), episode(800)])
    assert line == (
        "https://show.example/feed?token=***: lists 2 old episodes, from 2024-05-24 to 2025-06-28: stored without alerts; "
        "podwatch backfill reads them"
    )

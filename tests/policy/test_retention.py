"""How long texts are kept: what people may write, and which texts have expired at a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from podwatch.policy.retention import ExpiredTexts, find_expired, parse_keep

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "days"),
    [("90d", 90), ("1 day", 1), ("12w", 84), ("2y", 730), ("1 Year", 365), (" 30 days ", 30), ("forever", 0)],
)
def test_a_length_is_read_as_days(text: str, days: int) -> None:
    assert parse_keep(text) == days


@pytest.mark.parametrize("text", ["", "90", "0d", "-3d", "3m", "1.5y", "d", "90d 3w", "123456d", "ever"])
def test_what_is_no_length_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="should be like 90d, 12w, 2y or forever"):
        parse_keep(text)


def before(days: int, *feeds: int) -> ExpiredTexts:
    return ExpiredTexts(NOW - timedelta(days=days), feeds or None)


@pytest.mark.parametrize(
    ("default", "own", "expired"),
    [
        pytest.param(0, [], [], id="everything is kept for ever"),
        pytest.param(90, [], [before(90)], id="one rule for all"),
        pytest.param(90, [(1, 0)], [before(90)], id="all but a feed that is kept for ever"),
        pytest.param(0, [(1, 30), (2, 7), (3, 30), (4, 0)], [before(7, 2), before(30, 1, 3)], id="some feeds alone"),
        pytest.param(365, [(5, 30)], [before(365), before(30, 5)], id="a feed beside the rule"),
    ],
)
def test_what_has_expired(default: int, own: list[tuple[int, int]], expired: list[ExpiredTexts]) -> None:
    assert list(find_expired(default, own, NOW)) == expired

"""Numbers of things, as people write them."""

from __future__ import annotations

import pytest

from podwatch.policy.wording import agree, count_of

COUNTS = {
    (0, "feed"): "0 feeds",
    (1, "feed"): "1 feed",
    (2, "feed"): "2 feeds",
    (1, "watch"): "1 watch",
    (3, "watch"): "3 watches",
    (1000, "new alert"): "1,000 new alerts",
}


@pytest.mark.parametrize(("number", "what"), COUNTS, ids=str)
def test_one_is_said_as_one(number: int, what: str) -> None:
    assert count_of(number, what) == COUNTS[number, what]
    assert agree(number, "is", "are") == ("is" if number == 1 else "are")

"""Somebody has to agree before a backfill sends many messages."""

from __future__ import annotations

import pytest

from podwatch.model import DeliverMode
from podwatch.policy.backfill_release import CONFIRM_ABOVE, needs_confirmation


@pytest.mark.parametrize(
    ("mode", "alerts", "expected"),
    [
        (DeliverMode.EACH, CONFIRM_ABOVE, False),
        (DeliverMode.EACH, CONFIRM_ABOVE + 1, True),
        (DeliverMode.DIGEST, CONFIRM_ABOVE + 1, False),
        (DeliverMode.NONE, CONFIRM_ABOVE + 1, False),
    ],
)
def test_only_many_single_messages_need_confirmation(mode: DeliverMode, alerts: int, expected: bool) -> None:
    assert needs_confirmation(mode, alerts) is expected

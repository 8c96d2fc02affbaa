"""What a failed try means for a message and for its channel: whose fault it was decides who waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import ChannelError
from podwatch.model import Delivery, DeliveryState, HoldReason
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.policy.send_outcomes import (
    LOOKUPS,
    CallKind,
    after_failure,
    after_not_found,
    channel_pause,
    must_reconcile,
)

AT = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
TIMING = DeliveryTiming()


def delivery(**changes: Any) -> Delivery:
    facts: dict[str, Any] = {
        "id": 1,
        "key": "k",
        "state": DeliveryState.ATTEMPTING,
        "channel": "#podcasts",
        "attempts": 1,
    }
    return Delivery(**(facts | {"posted_at": AT - timedelta(seconds=9)} | changes))


def error(**kinds: Any) -> ChannelError:
    return ChannelError("no", where="#podcasts", **({"retryable": True} | kinds))


def after(**kinds: Any) -> tuple[DeliveryState, float | None, int]:
    """(state, seconds until the next try, failures that count) of a new message whose post failed so."""
    d = after_failure(delivery(), error(**kinds), AT, TIMING, CallKind.POST)
    wait = (d.next_attempt_at - AT).total_seconds() if d.next_attempt_at else None
    return d.state, wait, d.failures


def test_what_may_have_arrived_settles_before_the_channel_is_read() -> None:
    assert after(outcome_unknown=True, busy=True) == (DeliveryState.RETRY, TIMING.settle, 1)


def test_a_message_that_is_wrong_for_good_is_dead() -> None:
    assert after(retryable=False) == (DeliveryState.DEAD, None, 0)


def test_a_message_that_failed_by_itself_waits_a_minute() -> None:
    assert after() == (DeliveryState.RETRY, 60.0, 1)


@pytest.mark.parametrize("kinds", [{"route": True}, {"busy": True}, {"route": True, "service": True}], ids=str)
def test_a_failure_of_the_channel_costs_the_message_no_try(kinds: dict[str, bool]) -> None:
    assert after(**kinds) == (DeliveryState.RETRY, 0.0, 0)


def test_a_wait_that_the_service_asks_for_is_obeyed() -> None:
    assert after(busy=True, retry_after=7.0) == (DeliveryState.RETRY, 7.0, 0)


def test_a_message_that_fails_again_and_again_waits_longer_and_is_dead_in_the_end() -> None:
    d, waits = delivery(), []
    for _ in range(TIMING.max_attempts):
        d = after_failure(d, error(), AT, TIMING, CallKind.POST)
        waits.append((d.next_attempt_at - AT).total_seconds() if d.next_attempt_at else None)
    assert waits[:4] == [60, 120, 240, 480]
    assert (waits[-2], waits[-1], d.state) == (6 * 3600, None, DeliveryState.DEAD)


def test_a_failed_lookup_leaves_the_outcome_unknown_and_does_not_settle_anew() -> None:
    d = delivery(attempted_at=AT - timedelta(minutes=9), looks=1)
    after_ = after_failure(d, error(outcome_unknown=True, busy=True), AT, TIMING, CallKind.LOOKUP)
    assert (after_.attempted_at, after_.looks, after_.next_attempt_at) == (d.attempted_at, 1, AT)


# ---- the channel

# failure -> (seconds of rest after the first and the sixth in a row, paused, whole service)
RESTS: dict[str, tuple[dict[str, Any], tuple[float, float, bool, bool]]] = {
    "busy": ({"busy": True}, (1, 30, False, False)),
    "unknown": ({"busy": True, "outcome_unknown": True}, (1, 30, False, False)),
    "asked to wait": ({"busy": True, "retry_after": 9.0}, (9, 9, False, False)),
    "asked to wait, all": ({"busy": True, "retry_after": 9.0, "service": True}, (9, 9, False, True)),
    "the channel is closed": ({"route": True}, (60, 900, True, False)),
    "the token is gone": ({"route": True, "service": True}, (60, 900, True, True)),
}


@pytest.mark.parametrize("case", RESTS, ids=str)
def test_a_channel_rests_or_is_paused(case: str) -> None:
    kinds, (first, sixth, paused, service) = RESTS[case]
    found = [channel_pause(error(**kinds), failures, AT, TIMING) for failures in (0, 5)]
    assert [(r.until - AT).total_seconds() for r in found if r] == [first, sixth]
    assert {(r.paused, r.service) for r in found if r} == {(paused, service)}


def test_a_message_that_is_wrong_by_itself_does_not_hold_up_the_others() -> None:
    assert channel_pause(error(retryable=False), 0, AT, TIMING) is None
    assert channel_pause(error(), 0, AT, TIMING) is None


# ---- unknown outcomes


def test_a_delivery_whose_claim_was_left_behind_is_looked_up_before_it_is_repeated() -> None:
    assert must_reconcile(delivery())
    assert not must_reconcile(delivery(posted_at=None))
    assert not must_reconcile(delivery(state=DeliveryState.DUE))


def test_the_channel_is_read_twice_with_time_in_between_before_a_message_counts_as_absent() -> None:
    d = delivery(attempted_at=AT)
    waits = []
    while must_reconcile(d):
        d = after_not_found(d, AT, TIMING)
        assert d.next_attempt_at is not None
        waits.append((d.next_attempt_at - AT).total_seconds())
    assert waits == [TIMING.recheck_after, 0]
    assert d.looks == LOOKUPS


def test_after_another_lost_answer_the_lookups_begin_anew() -> None:
    d = after_failure(
        delivery(attempted_at=AT, looks=LOOKUPS), error(outcome_unknown=True, busy=True), AT, TIMING, CallKind.POST
    )
    assert d.looks == 0
    assert must_reconcile(d)
    assert d.attempted_at == AT, "the first of them may still have arrived"


# ---- the numbers


def test_the_usual_waits_keep_the_promise() -> None:
    assert TIMING.check() == ""
    assert TIMING.settle >= TIMING.timeout + TIMING.skew + 30
    assert TIMING.lease > TIMING.timeout + TIMING.settle


@given(st.floats(1, 1e4), st.floats(1, 1e4), st.floats(1, 1e4), st.floats(1, 1e4))
def test_waits_that_break_the_promise_are_refused(timeout: float, settle: float, lease: float, hold: float) -> None:
    fine = settle >= timeout + TIMING.skew and lease >= timeout + settle and hold >= timeout + TIMING.interval
    assert (DeliveryTiming(timeout=timeout, settle=settle, lease=lease, channel_lease=hold).check() == "") == fine


@given(
    st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.floats(0, 3600) | st.none(), st.integers(0, 19),
    st.sampled_from(CallKind),
)  # fmt: skip
def test_whatever_fails_the_message_is_tried_again_later_or_dead_for_a_reason(
    retryable: bool, unknown: bool, route: bool, busy: bool, wait: float | None, failures: int, call: CallKind
) -> None:
    e = error(retryable=retryable, outcome_unknown=unknown, route=route, busy=busy, retry_after=wait)
    d = after_failure(delivery(failures=failures), e, AT, TIMING, call)
    assert d.error is not None
    assert d.error.endswith("#podcasts: no")
    assert (d.state is DeliveryState.DEAD) == (d.next_attempt_at is None)
    assert d.state in (DeliveryState.DEAD, DeliveryState.RETRY, DeliveryState.HELD)
    assert d.next_attempt_at is None or AT <= d.next_attempt_at <= AT + timedelta(hours=7)
    if call is CallKind.POST and unknown:
        assert d.attempted_at is not None
        assert d.next_attempt_at is None or d.next_attempt_at >= AT + timedelta(seconds=TIMING.settle)


def test_a_channel_that_cannot_be_read_holds_the_message_in_doubt_and_nothing_else() -> None:
    d = delivery(attempted_at=AT - timedelta(minutes=9))
    forbidden = error(route=True, outcome_unknown=True)
    held = after_failure(d, forbidden, AT, TIMING, CallKind.LOOKUP)
    assert (held.state, held.reason) == (DeliveryState.HELD, HoldReason.UNKNOWN_OUTCOME)
    assert held.next_attempt_at == AT + timedelta(seconds=TIMING.probe_after)
    assert held.attempted_at == d.attempted_at
    assert channel_pause(forbidden, 0, AT, TIMING, CallKind.LOOKUP) is None


def test_a_token_that_is_gone_pauses_the_service_whatever_was_called() -> None:
    gone = error(route=True, service=True)
    for call in CallKind:
        pause = channel_pause(gone, 0, AT, TIMING, call)
        assert pause is not None
        assert (pause.paused, pause.service) == (True, True)

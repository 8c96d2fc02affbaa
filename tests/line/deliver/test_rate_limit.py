"""A channel gets a message a second, as the service sees them arrive; no channel waits for the answer of another."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from podwatch import runtime
from podwatch.line import deliver as deliver_module
from podwatch.line.bugs import Bugs
from podwatch.line.deliver import deliver
from podwatch.line.send import Sender
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.settings import Settings
from podwatch.store.clock import monotonic_seconds
from podwatch.store.deliver import DeliverRows
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import (
    POST,
    Fault,
    FaultProxy,
    hang_up,
    lost_answer,
    rate_limited,
    server_error,
    slow,
)

Answer = tuple[int, dict[str, str], bytes] | None


class ArrivalRecorder(FaultProxy):
    """Records when each post arrives (monotonic seconds).

    together: after the first, posts are held until so many are there at once.
    """

    def __init__(self, target: str, together: int = 0) -> None:
        super().__init__(target)
        self.arrived: list[float] = []
        self._together = threading.Barrier(together) if together else None

    def answer(self, method: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if method == POST:
            self.arrived.append(time.monotonic())
            if self._together and len(self.arrived) > 1:
                self._together.wait(120)  # a guard against a hang
        return super().answer(method, headers, body)


def with_timing(scenario: DeliveryScenario, proxy: FaultProxy, timing: DeliveryTiming) -> Settings:
    return replace(scenario.settings, slack_base_url=proxy.base_url, pace=timing)


ANSWERS: dict[str, list[Fault]] = {
    "quick ones": [],
    "slow ones": [slow(0.4)] * 4,
    "one that is lost": [lost_answer()],
    "failures, and it was taken": [server_error(accepted=True)] * 2,
    "cut, nobody knows when": [hang_up()] * 2,
    "slow down": [rate_limited(2)],
}


@pytest.mark.parametrize("case", ANSWERS, ids=str)
def test_two_messages_to_a_channel_arrive_a_second_apart_whatever_the_answers(
    case: str, scenario: DeliveryScenario, workspace: Emulator
) -> None:
    for n in range(4):
        scenario.add_alert(f"e{n}")
    with ArrivalRecorder(workspace.base_url) as proxy:
        proxy.fail_next(*ANSWERS[case])
        with runtime.build(with_timing(scenario, proxy, DeliveryTiming(stay=4.0, first_pause=0.1))) as rt:
            deliver(rt, scenario.now)
    assert len(proxy.arrived) >= 4
    assert min(b - a for a, b in itertools.pairwise(proxy.arrived)) >= 1.0


def test_the_console_takes_what_comes_at_once_and_slack_one_after_the_other(
    scenario: DeliveryScenario, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario.add_watch("printed", channel="console:")
    for n in range(4):
        scenario.add_alert(f"p{n}", "It is printed.", watch="printed")
        scenario.add_alert(f"e{n}")
    timing = DeliveryTiming(interval=600.0, channel_lease=700.0, stay=0.0)
    with runtime.build(replace(scenario.settings, pace=timing)) as rt:
        deliver(rt, scenario.now)
    assert capsys.readouterr().out.count("It is *printed*.") == 4
    assert scenario.slack.calls.count(POST) == 1
    assert scenario.count_states() == {"sent": 5, "due": 3}


def test_messages_to_several_channels_are_on_the_way_at_once(scenario: DeliveryScenario, workspace: Emulator) -> None:
    for n in range(4):
        workspace.call("conversations.create", name=f"{scenario.channel[1:]}-{n}")
        scenario.add_watch(f"w{n}", channel=f"{scenario.channel}-{n}")
    scenario.add_alert("one", "w0 and w1 and w2 and w3.", watch="w0")
    with (
        ArrivalRecorder(workspace.base_url, together=3) as proxy,
        runtime.build(with_timing(scenario, proxy, DeliveryTiming(interval=0.0, stay=0.0))) as rt,
    ):
        deliver(rt, scenario.now)
    assert scenario.count_states() == {"sent": 4}


def test_a_channel_that_waits_for_its_service_goes_on_soon_after_that_works_again(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    slack = Sender(scenario.rt, lambda: scenario.now, Bugs("test"), 0.0).service_row("slack")
    scenario.rt.store.delay_channel(slack, scenario.now + timedelta(minutes=5), failures=4)
    scenario.deliver()
    assert (scenario.count_states(), scenario.slack.calls.count(POST)) == ({"due": 1}, 0)
    scenario.rt.store.retry_paused(scenario.now)
    scenario.deliver_after(seconds=6)
    assert scenario.count_states() == {"sent": 1}


def test_what_waits_for_a_service_that_somebody_has_to_mend_is_left_alone_and_said(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    slack = Sender(scenario.rt, lambda: scenario.now, Bugs("test"), 0.0).service_row("slack")
    until = scenario.now + timedelta(minutes=15)
    scenario.rt.store.pause_channel(slack, until, "the token was revoked", 1)
    assert scenario.deliver().notes == (f"1 message waits for {scenario.channel}: the token was revoked",)
    assert scenario.slack.calls == []
    scenario.deliver_after(minutes=16)
    assert scenario.count_states() == {"sent": 1}


def test_a_sender_that_was_stopped_with_its_claim_sends_nothing_when_it_wakes_up(
    scenario: DeliveryScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = DeliverRows.claim_delivery

    def sleeping(*arguments: object, **named: object) -> object:
        found = real(*arguments, **named)  # type: ignore[arg-type]
        monkeypatch.setattr(
            deliver_module, "monotonic_seconds", lambda: monotonic_seconds() + DeliveryTiming().longest_run
        )  # so that it is the only try
        return found

    scenario.add_alert("one")
    with monkeypatch.context() as patched:
        patched.setattr(DeliverRows, "claim_delivery", sleeping)
        scenario.deliver()
    monkeypatch.setattr(deliver_module, "monotonic_seconds", monotonic_seconds)
    assert (scenario.count_states(), scenario.slack.calls.count(POST)) == ({"retry": 1}, 0)
    [row], channel = scenario.delivery_rows(), scenario.rt.store.channel_state(scenario.channel)
    assert channel is not None
    assert channel.next_at == row.next_attempt_at  # nobody waits for the slot that was not used
    scenario.deliver_after(hours=1)
    assert (scenario.count_states(), scenario.slack.calls.count(POST)) == ({"sent": 1}, 1)

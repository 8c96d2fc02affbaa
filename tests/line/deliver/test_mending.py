"""What somebody has to mend: a scope, a token, a mail server, refused blocks; and the names of one channel."""

from __future__ import annotations

import itertools
import threading
import time as clock
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from podwatch import runtime
from podwatch.line.deliver import Deliverer, deliver
from podwatch.model import HoldReason
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.settings import Secret, Smtp
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.mail_server import MailServer
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import POST, FaultProxy, hang_up, lost_answer, refused

UNKNOWN = f"held: {HoldReason.UNKNOWN_OUTCOME.value}: "
NO_SCOPE = refused("missing_scope", needed="channels:history")


def begin_of_states(scenario: DeliveryScenario) -> dict[str, int]:
    return {state[: len(UNKNOWN)]: n for state, n in scenario.count_states().items()}


# name: (what became of the message, how often it is posted in all)
LOST = {"it is there": (lost_answer(), 2), "it is not there": (hang_up(), 3)}


@pytest.mark.parametrize("case", LOST)
def test_without_the_scope_to_read_the_channel_only_the_lost_one_waits(case: str, scenario: DeliveryScenario) -> None:
    fault, posts = LOST[case]
    scenario.slack.fail_next(*[NO_SCOPE] * 3, method="conversations.history")
    scenario.add_alert("one")
    scenario.slack.fail_next(fault)
    scenario.deliver()
    scenario.add_alert("two")
    scenario.deliver_after(minutes=2)
    assert begin_of_states(scenario) == {"sent": 1, UNKNOWN: 1}
    for _ in range(2):
        scenario.deliver_after(minutes=16)
    assert begin_of_states(scenario) == {"sent": 1, UNKNOWN: 1}
    assert scenario.slack.calls.count("conversations.history") == 3
    scenario.deliver_after(minutes=16)  # the scope was added
    scenario.deliver_after(minutes=1)
    assert scenario.count_states() == {"sent": 2}
    assert (len(scenario.channel_texts()), scenario.slack.calls.count(POST)) == (2, posts)


def test_a_wrong_token_is_told_once_and_tried_ever_more_rarely(
    scenario: DeliveryScenario, workspace: Emulator, mail_server: MailServer
) -> None:
    for n in range(5):
        workspace.call("conversations.create", name=f"{scenario.channel[1:]}-{n}")
        scenario.add_watch(f"w{n}", channel=f"{scenario.channel}-{n}")
    scenario.add_watch("mailed", channel="mailto:a@example.org")
    scenario.add_alert("one", "w0 w1 w2 w3 w4 mailed", watch="w0")
    wrong = refused("invalid_auth")
    for method in (POST, "conversations.list"):
        scenario.slack.fail_next(*[wrong] * 100, method=method)
    smtp = Smtp("127.0.0.1", mail_server.port, "none")
    settings = replace(scenario.settings, smtp=smtp, mail_from="p@example.org", pace=DeliveryTiming())
    with runtime.build(settings) as rt:
        tally = deliver(rt, scenario.now)
        assert len(mail_server.mails) == 1
        assert len(scenario.slack.calls) == 1
        assert sum("invalid_auth" in note for note in tally.notes) <= 2  # the failure, and what waits for it
        tries = []
        for minute in range(90):
            before = len(scenario.slack.calls)
            deliver(rt, scenario.now + timedelta(seconds=61 * (minute + 1)))
            tries += [minute + 1] * (len(scenario.slack.calls) - before)
    assert [b - a for a, b in itertools.pairwise(tries)][:6] == [2, 4, 8, 15, 15, 15]
    renewed = replace(scenario.settings, slack_token=Secret(workspace.token), slack_base_url=workspace.base_url)
    with runtime.build(renewed) as rt:
        deliver(rt, scenario.now + timedelta(minutes=92))
        deliver(rt, scenario.now + timedelta(minutes=92 + 16))
    assert scenario.count_states() == {"sent": 6}


def test_a_mail_server_that_is_busy_is_asked_a_few_times(scenario: DeliveryScenario) -> None:
    connections = []

    class Counting(MailServer):
        def _serve(self, connection: object) -> None:
            connections.append(1)
            super()._serve(connection)  # type: ignore[arg-type]

    with Counting({"CONNECT": "421 4.3.2 busy"}) as server:
        for n in range(10):
            scenario.add_watch(f"w{n}", channel=f"mailto:a{n}@example.org")
        scenario.add_alert("one", " ".join(f"w{n}" for n in range(10)), watch="w0")
        smtp = Smtp("127.0.0.1", server.port, "none")
        settings = replace(scenario.settings, smtp=smtp, mail_from="p@example.org")
        with runtime.build(settings) as rt:
            for seconds in range(150):
                deliver(rt, scenario.now + timedelta(seconds=seconds))
            assert 4 <= len(connections) <= 12
            server.replies.clear()
            deliver(rt, scenario.now + timedelta(seconds=200))
            deliver(rt, scenario.now + timedelta(seconds=206))
    assert scenario.count_states() == {"sent": 10}


def test_refused_blocks_cost_one_call_and_the_text_goes_out_after_the_interval(scenario: DeliveryScenario) -> None:
    arrived: list[float] = []

    class Recorder(FaultProxy):
        def answer(
            self, method: str, headers: Mapping[str, str], body: bytes
        ) -> tuple[int, dict[str, str], bytes] | None:
            if method == POST:
                arrived.append(clock.monotonic())
            return super().answer(method, headers, body)

    scenario.add_alert("one")
    with Recorder(scenario.workspace.base_url) as proxy:
        proxy.fail_next(refused("invalid_blocks"))
        pace = DeliveryTiming(stay=5.0, first_pause=0.1)
        with runtime.build(replace(scenario.settings, slack_base_url=proxy.base_url, pace=pace)) as rt:
            deliver(rt, scenario.now)
    [first, second] = arrived
    assert second - first >= 1.0
    [message] = [m for m in scenario.messages() if "metadata" in m]
    assert not message.get("blocks")


class Limiter(FaultProxy):
    """Refuses a post within a second of the one before in the same channel, whatever it is called."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.last, self.refused, self.guard = 0.0, 0, threading.Lock()

    def answer(self, method: str, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        if method == POST:
            with self.guard:
                at = clock.monotonic()
                early, self.last = at < self.last + 1.0, at
            if early:
                self.refused += 1
                return 429, {"Retry-After": "1"}, b'{"ok":false,"error":"ratelimited"}'
        return super().answer(method, headers, body)


def names_of_one(scenario: DeliveryScenario) -> list[str]:
    name = scenario.channel
    return [name, name[1:], name.upper(), scenario.workspace.channel_id(name)]


def test_all_names_of_a_channel_keep_one_pace(scenario: DeliveryScenario) -> None:
    for n, name in enumerate(names_of_one(scenario)):
        scenario.add_watch(f"w{n}", channel=name)
    scenario.add_alert("one", "w0 w1 w2 w3", watch="w0")
    with (
        Limiter(scenario.workspace.base_url) as proxy,
        runtime.build(replace(scenario.settings, slack_base_url=proxy.base_url, pace=DeliveryTiming(stay=8.0))) as rt,
    ):
        deliver(rt, scenario.now)
    assert (scenario.count_states(), proxy.refused) == ({"sent": 4}, 0)


def test_all_names_of_a_channel_have_one_ceiling_and_one_set_of_rules(scenario: DeliveryScenario) -> None:
    for n, name in enumerate(names_of_one(scenario)):
        scenario.add_watch(f"w{n}", channel=name)
    scenario.add_alert("one", "w0 w1 w2 w3", watch="w0")
    scenario.deliver()  # which finds out that they are one
    scenario.set_channel_rules(ceiling=2)
    scenario.now += timedelta(minutes=61)
    scenario.add_alert("two", "w0 w1 w2 w3", watch="w0")
    scenario.deliver()
    assert scenario.count_states()["sent"] == 4 + 2
    scenario.deliver_after(minutes=61)
    scenario.deliver_until_done(2)
    assert scenario.count_states() == {"sent": 8}


class WaitingPool(ThreadPoolExecutor):
    """Begins nothing: what is submitted stays in flight."""

    def __init__(self) -> None:
        super().__init__(1)
        self.submitted: list[str] = []  # the channels

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.submitted.append(args[0].channel)
        return Future()


def test_one_message_is_in_flight_to_a_channel_whatever_its_names(scenario: DeliveryScenario) -> None:
    for n, name in enumerate(names_of_one(scenario)):
        scenario.add_watch(f"w{n}", channel=name)
    scenario.add_alert("one", "w0 w1 w2 w3", watch="w0")
    scenario.deliver()  # which finds out that they are one
    scenario.add_alert("two", "w0 w1 w2 w3", watch="w0")
    deliverer = Deliverer(scenario.rt, scenario.now + timedelta(minutes=5))
    deliverer.sender._working_services.add("slack")
    with WaitingPool() as pool:
        deliverer._send_due(pool)
        deliverer._send_due(pool)
        assert len(pool.submitted) == 1

"""What doctor says of deliveries: what waits and where, what is in doubt, what nobody tries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zlib import crc32

import pytest

from podwatch.diagnose.delivery_checks import OVERDUE, check_deliveries
from podwatch.diagnose.findings import Finding, Health
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.settings import Settings
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import lost_answer, refused


@pytest.fixture
def scenario(
    settings: Settings, workspace: Emulator, now: datetime, request: pytest.FixtureRequest
) -> Iterator[object]:
    name = f"#dc-{crc32(request.node.name.encode())}"
    quick = replace(settings, pace=DeliveryTiming(interval=0.0, stay=0.0, timeout=2.0))
    with DeliveryScenario(quick, workspace, name, now) as made:
        yield made


def findings(scenario: DeliveryScenario) -> list[Finding]:
    return list(check_deliveries(scenario.rt.store, scenario.now, scenario.now))


def wrong(scenario: DeliveryScenario) -> list[str]:
    return [f"{f.check}: {f.message}" for f in findings(scenario) if f.health is Health.WRONG]


def test_a_channel_that_refuses_is_named_with_how_many_wait_and_why(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    scenario.add_alert("two")
    scenario.slack.fail_next(refused("is_archived"))
    scenario.deliver()
    [line] = wrong(scenario)
    assert line.startswith(f"channel {scenario.channel}: 2 messages wait since 2026-11-03 06:00 UTC: ")
    assert "the channel is archived" in line


def test_what_nobody_tries_is_said_with_what_to_run(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    assert wrong(scenario) == []
    scenario.now += OVERDUE + timedelta(minutes=1)
    [line] = wrong(scenario)
    assert "is due since 2026-11-03 06:00 UTC, and was not tried" in line


def test_an_alert_whose_outcome_cannot_be_looked_up_is_named(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    scenario.slack.fail_next(lost_answer())
    scenario.deliver()
    scenario.slack.fail_next(refused("missing_scope", needed="channels:history"), method="conversations.history")
    scenario.deliver_after(minutes=3)
    [line] = wrong(scenario)
    assert "grain in Episode one: it may have arrived" in line
    assert "add the scope channels:history" in line


def test_a_dead_alert_is_named_with_its_error(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    scenario.slack.fail_next(refused("no_text"))
    scenario.deliver()
    assert any("grain in Episode one" in line and "the message is empty" in line for line in wrong(scenario))


def test_a_clock_far_from_this_machines_is_said(scenario: DeliveryScenario) -> None:
    apart = check_deliveries(scenario.rt.store, scenario.now + timedelta(hours=2), scenario.now)
    assert next(apart).message == "the workers' clock is +7200 s from this machine's"


def test_held_alerts_are_counted(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    scenario.deliver()
    assert findings(scenario)[-1].message == "1 sent, 0 due, 0 to be tried again, 0 held"

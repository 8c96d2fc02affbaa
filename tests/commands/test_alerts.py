"""podwatch alerts: what became of each alert, and the release of what is held."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import pytest

from podwatch.errors import PodwatchError
from podwatch.model import DeliverMode, Mute
from podwatch.settings import Settings
from tests.support.command_runner import run_command
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import refused


@pytest.fixture
def scenario(settings: Settings, workspace: Emulator, now: datetime, request: pytest.FixtureRequest) -> Iterator[Any]:
    name = f"#al-{crc32(request.node.name.encode())}"
    with DeliveryScenario(settings, workspace, name, now) as made:
        yield made


def listed(scenario: DeliveryScenario, *arguments: object) -> list[dict[str, Any]]:
    status, out, _ = run_command(scenario.settings, "alerts", *arguments, "--json")
    assert status == 0
    return [json.loads(line) for line in out]


def release(scenario: DeliveryScenario, why: str) -> int:
    """How many alerts the command released; the scenario goes on at the command's own time."""
    status, out, _ = run_command(scenario.settings, "alerts", "release", "--held", why, "--json")
    assert status == 0
    scenario.now = scenario.rt.store.clock() + timedelta(seconds=1)
    return int(json.loads(out[0])["released"])


def mute(scenario: DeliveryScenario, watch: str, days: float) -> None:
    row = next(w for w in scenario.rt.store.watches() if w.name == watch)
    end = scenario.now + timedelta(days=days)
    scenario.rt.store.add_mute(Mute(until=end, watch_id=row.id), scenario.now)


def test_each_alert_is_listed_with_its_state_its_reason_and_its_key(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one")
    scenario.deliver()
    scenario.add_watch("wheat", deliver=DeliverMode.NONE)
    scenario.add_alert("two", watch="wheat")
    scenario.deliver_after(minutes=1)
    scenario.slack.fail_next(refused("no_text"))
    scenario.add_alert("three")
    scenario.deliver_after(minutes=1)
    scenario.add_alert("four")
    rows = {r["episode"]: r for r in listed(scenario)}
    assert {title: (r["state"], r["reason"]) for title, r in rows.items()} == {
        "Episode one": ("sent", None),
        "Episode two": ("held", "mode_none"),
        "Episode three": ("dead", None),
        "Episode four": ("due", None),
    }
    assert rows["Episode one"]["sent_at"] is not None
    assert "the message is empty" in rows["Episode three"]["why"]
    for state in ("sent", "held", "dead", "due"):
        assert [r["state"] for r in listed(scenario, "--state", state)] == [state]
    assert [r["watch"] for r in listed(scenario, "--watch", "wheat")] == ["wheat"]
    status, out, _ = run_command(scenario.settings, "explain", rows["Episode one"]["key"][:12])
    assert (status, bool(out)) == (0, True)


def test_an_unknown_watch_is_an_error(scenario: DeliveryScenario) -> None:
    with pytest.raises(PodwatchError, match="nowhere: is not among the watches"):
        run_command(scenario.settings, "alerts", "--watch", "nowhere")


def test_what_was_found_while_a_watch_was_muted_is_released_by_command_as_one_digest(
    scenario: DeliveryScenario,
) -> None:
    scenario.add_watch("grain")
    mute(scenario, "grain", days=2)
    for n in range(3):
        scenario.add_alert(f"{n}")
    scenario.deliver()
    scenario.deliver_after(days=4)
    assert scenario.channel_texts() == [], "never by itself"
    assert release(scenario, "muted") == 3
    scenario.deliver()
    [text] = scenario.channel_texts()
    assert text.startswith("Digest: 3 alerts")
    assert {r["state"] for r in listed(scenario)} == {"sent"}
    assert release(scenario, "muted") == 0


def test_a_release_sends_what_the_watch_says_is_not_sent_since_somebody_asked(scenario: DeliveryScenario) -> None:
    scenario.add_watch("grain", deliver=DeliverMode.NONE)
    scenario.add_alert("one")
    scenario.deliver()
    assert release(scenario, "mode-none") == 1
    scenario.deliver()
    assert scenario.count_states() == {"sent": 1}


def test_a_released_digest_whose_mentions_are_gone_is_not_posted(scenario: DeliveryScenario) -> None:
    scenario.add_watch("grain", deliver=DeliverMode.NONE)
    scenario.add_alert("one")
    scenario.deliver()
    assert release(scenario, "mode-none") == 1
    scenario.add_alert("one", "Nothing of it is left.")
    scenario.deliver()
    assert scenario.channel_texts() == []

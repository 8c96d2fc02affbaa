"""After an older copy of the database was put back, what was sent since is looked for before it is sent again."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from podwatch.line.restored_copy import KEPT, RestoredCopy, RunCounter
from podwatch.model import DeliverMode
from podwatch.store import backup
from podwatch.store import restore as restoring
from podwatch.store.marks import RESTORED
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.fault_proxy import POST

DATABASE = "podwatch.db"


def back_up(scenario: DeliveryScenario, to: Path) -> None:
    """Copies the database of the scenario, as an operator does while nothing runs."""
    scenario.rt.store.engine.dispose()
    to.mkdir()
    for file in scenario.settings.home.glob(f"{DATABASE}*"):
        shutil.copy(file, to)


def restore(scenario: DeliveryScenario, copy: Path) -> None:
    scenario.rt.store.engine.dispose()
    for file in scenario.settings.home.glob(f"{DATABASE}*"):
        file.unlink()
    for file in copy.iterdir():
        shutil.copy(file, scenario.settings.home)


def deliver_all(scenario: DeliveryScenario) -> None:
    scenario.deliver()
    scenario.deliver_after(seconds=15)
    scenario.deliver_after(minutes=5)


@pytest.mark.parametrize("found_again", [True, False], ids=["that the copy has", "found again after it"])
def test_an_alert_that_was_sent_after_the_copy_is_not_sent_again(
    found_again: bool, scenario: DeliveryScenario, tmp_path: Path
) -> None:
    scenario.add_alert("before")
    scenario.deliver()
    if found_again:
        scenario.add_alert("one")
    back_up(scenario, tmp_path / "copy")
    if not found_again:
        scenario.add_alert("one")
    scenario.deliver_after(minutes=5)
    restore(scenario, tmp_path / "copy")
    scenario.now += timedelta(hours=3)
    if not found_again:
        scenario.add_alert("one")
    deliver_all(scenario)
    assert scenario.slack.calls.count(POST) == 2
    assert scenario.count_states() == {"sent": 2}


def test_an_alert_that_was_not_sent_before_the_restore_is_sent_once_after_the_channel_was_read(
    scenario: DeliveryScenario, tmp_path: Path
) -> None:
    scenario.add_alert("before")
    scenario.deliver()
    back_up(scenario, tmp_path / "copy")
    scenario.add_alert("lost with the copy")
    scenario.deliver_after(minutes=5)
    restore(scenario, tmp_path / "copy")
    scenario.add_alert("never sent")
    deliver_all(scenario)
    assert scenario.slack.calls.count("conversations.history") == 2
    assert scenario.slack.calls.count(POST) == 3
    assert scenario.count_states() == {"sent": 2}


def test_a_backup_that_is_restored_where_no_data_folder_tells_of_it_sends_nothing_again(
    scenario: DeliveryScenario, tmp_path: Path
) -> None:
    scenario.add_alert("before")
    scenario.deliver()
    scenario.add_alert("one")
    backup.back_up(scenario.settings, tmp_path / "file", scenario.now)
    scenario.deliver_after(minutes=5)
    for file in scenario.settings.home.glob("runs-*"):  # as on another machine
        file.unlink()
    scenario.now += timedelta(hours=3)
    restoring.restore(scenario.settings, tmp_path / "file", scenario.now, replace=True)
    deliver_all(scenario)
    assert scenario.slack.calls.count(POST) == 2
    assert scenario.count_states() == {"sent": 2}


def test_a_digest_that_was_sent_after_the_copy_is_not_sent_again(scenario: DeliveryScenario, tmp_path: Path) -> None:
    scenario.add_watch("grain", deliver=DeliverMode.DIGEST)
    scenario.add_alert("before", watch="wheat")
    scenario.deliver()
    scenario.add_alert("one")
    scenario.add_alert("two")
    scenario.deliver_after(minutes=1)
    back_up(scenario, tmp_path / "copy")
    scenario.deliver_after(hours=3)
    posts = scenario.slack.calls.count(POST)
    restore(scenario, tmp_path / "copy")
    deliver_all(scenario)
    assert scenario.slack.calls.count(POST) == posts
    assert len(scenario.channel_texts()) == 2


def test_without_a_restore_no_channel_is_read(scenario: DeliveryScenario) -> None:
    for n in range(3):
        scenario.add_alert(f"{n}")
        scenario.deliver_after(minutes=5)
    assert scenario.slack.calls.count("conversations.history") == 0


def test_a_run_that_sends_nothing_writes_nothing(scenario: DeliveryScenario) -> None:
    scenario.deliver()
    assert list(scenario.settings.home.glob("runs-*")) == []


def test_long_after_a_restore_channels_are_not_read_any_more(scenario: DeliveryScenario) -> None:
    scenario.rt.store.set_mark(RESTORED, scenario.now - KEPT - timedelta(days=1), scenario.now.isoformat())
    scenario.add_alert("one")
    scenario.deliver()
    assert scenario.slack.calls.count("conversations.history") == 0


def test_a_copy_beside_another_data_folder_is_another_store(scenario: DeliveryScenario, tmp_path: Path) -> None:
    scenario.add_alert("one")
    scenario.deliver()
    names = [f.name for f in scenario.settings.home.glob("runs-*")]
    assert len(names) == 1
    (scenario.settings.home / "runs-another").write_text("99\n")
    scenario.add_alert("two")
    scenario.deliver_after(minutes=5)
    assert scenario.slack.calls.count("conversations.history") == 0


def test_a_copy_that_was_taken_while_a_run_sent_is_the_older_one(scenario: DeliveryScenario, tmp_path: Path) -> None:
    runs = RunCounter(scenario.rt, scenario.now)
    runs.begin_sending(scenario.now)
    back_up(scenario, tmp_path / "copy")
    runs.end(scenario.now + timedelta(minutes=5))
    assert RunCounter(scenario.rt, scenario.now).find_restore(scenario.now) is None
    restore(scenario, tmp_path / "copy")
    later = scenario.now + timedelta(hours=1)
    assert RunCounter(scenario.rt, later).find_restore(later) == RestoredCopy(later, scenario.now)

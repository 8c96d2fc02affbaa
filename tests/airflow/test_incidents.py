"""A task that fails for good in Airflow: the operators get one message, and one more when the task works again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.real_airflow import DagRunner
from tests.support.slack.emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]
BROKEN = {"PODWATCH_DATABASE_URL": "postgresql://podwatch:hunter2@127.0.0.1:1/x"}


class Outcome:
    def __init__(self, runs: list[dict[str, Any]], messages: list[str], silent: list[str], log: str) -> None:
        self.runs, self.messages, self.silent, self.log = runs, messages, silent, log


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, dags: DagRunner) -> Iterator[Outcome]:
    """Six runs: good, broken twice, good twice, broken without an operations channel."""
    home = tmp_path_factory.mktemp("incidents")
    good = {"PODWATCH_DATABASE_URL": f"sqlite:///{home}/podwatch.db"}
    with Emulator() as slack:
        channel = slack.channel_id("trade")
        operations = {"PODWATCH_OPERATIONS_CHANNEL": channel}
        changes = [good | operations, BROKEN, {}, good, {}, BROKEN | {"PODWATCH_OPERATIONS_CHANNEL": ""}]
        token = slack.token
        slack_is = json.dumps({"conn_type": "slack", "password": token, "host": slack.base_url})
        env = {"PODWATCH_HOME": str(home), "AIRFLOW_CONN_PODWATCH_SLACK": slack_is}
        out, log = dags.run(6, env, changes, retries=0)
        messages = [m["text"] for m in slack.messages("#trade")]
        others = [m["text"] for name in ("#podcasts", "#general") for m in slack.messages(name)]
        assert token not in "".join(messages)
        yield Outcome(out["runs"], messages, others, log)


def test_a_failure_that_nobody_was_told_of_is_told_at_the_next_one(tmp_path: Path, dags: DagRunner) -> None:
    with Emulator() as slack:
        channel = slack.channel_id("trade")
        connection = json.dumps({"conn_type": "slack", "password": slack.token, "extra": {"base_url": slack.base_url}})
        env = {"PODWATCH_HOME": str(tmp_path), "PODWATCH_OPERATIONS_CHANNEL": channel} | BROKEN
        _, log = dags.run(3, env, [{}, {"AIRFLOW_CONN_PODWATCH_SLACK": connection}], retries=0)
        messages = [m["text"] for m in slack.messages("#trade")]
        good = {"PODWATCH_DATABASE_URL": f"sqlite:///{tmp_path}/podwatch.db"}
        dags.run(1, env | good | {"AIRFLOW_CONN_PODWATCH_SLACK": connection}, retries=0)  # closes the incident
        assert len(slack.messages("#trade")) == 2
    assert "there is no connection podwatch_operations or podwatch_slack: nobody was told" in log
    assert len(messages) == 1
    assert messages[0].startswith(":rotating_light: podwatch: poll failed for good in ")


def test_the_runs_fail_and_recover_as_planned(outcome: Outcome) -> None:
    assert [r["state"] for r in outcome.runs] == ["success", "failed", "failed", "success", "success", "failed"]
    assert outcome.runs[1]["tasks"]["poll"] == "failed"


def test_an_incident_is_posted_once_and_so_is_its_end(outcome: Outcome) -> None:
    failed, recovered = outcome.messages
    assert failed.startswith(":rotating_light: podwatch: poll failed for good in ")
    assert "the database cannot be opened" in failed
    assert "Nothing found is lost" in failed
    assert "/tasks/poll" in failed
    assert recovered.startswith(":white_check_mark: podwatch: poll works again")
    assert outcome.silent == []


def test_no_password_is_in_the_message_or_the_log(outcome: Outcome) -> None:
    assert "hunter2" not in "".join(outcome.messages)
    assert "hunter2" not in outcome.log


def test_a_success_without_an_incident_posts_nothing(outcome: Outcome) -> None:
    assert len(outcome.messages) == 2

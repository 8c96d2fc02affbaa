"""podwatch slack as a process: it hears buttons, notes them in the database, ends when told to, and can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from podwatch.model import Verdict
from podwatch.settings import Settings
from podwatch.store.database import Store, open_store
from tests.notifiers.test_slack_buttons import payload
from tests.support import shell
from tests.support.migrated_database import place_database
from tests.support.slack.socket_mode import SocketMode, wait_until
from tests.support.stored_transcripts import store_alert

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}


@pytest.fixture
def slack() -> Iterator[SocketMode]:
    with SocketMode() as server:
        yield server


@pytest.fixture
def kept(settings: Settings, now: datetime) -> Iterator[Store]:
    """A database on disk with one alert."""
    place_database(settings.home)
    store = open_store(settings)
    store_alert(store, now)
    yield store
    store.close()


@pytest.fixture
def start(settings: Settings, slack: SocketMode) -> Iterator[Any]:
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **env: str) -> subprocess.Popen[str]:
        where = {"PODWATCH_HOME": str(settings.home), "PODWATCH_SLACK_BASE_URL": slack.base_url}
        process = subprocess.Popen(
            [sys.executable, "-m", "podwatch", "slack", *arguments],
            env=os.environ | where | TOKENS | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def the_key(store: Store, now: datetime) -> str:
    return store.deliveries_due(now)[0].key


def test_a_press_becomes_a_row_and_the_process_ends_when_told_to(
    kept: Store, slack: SocketMode, start: Any, now: datetime
) -> None:
    process = start("--json")
    slack.wait_acknowledged(slack.send_press(payload(action__value=the_key(kept, now))))
    assert [j.verdict for j in kept.standing_verdicts()] == [Verdict.WRONG]
    wait_until(lambda: bool(slack.ephemeral_messages))
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0
    assert '"verdict":"wrong","user":"U1"' in out
    assert err == "podwatch slack: hears the buttons in Newsroom\n"


def test_killed_and_started_again_it_takes_the_envelope_that_nobody_acknowledged_and_keeps_one_row(
    kept: Store, slack: SocketMode, start: Any, now: datetime
) -> None:
    press = payload(action__value=the_key(kept, now), action__action_id="podwatch_mute_show")
    for _ in range(3):
        process = start()
        slack.send_press(press, "the-same")
        wait_until(lambda: bool(kept.mutes()))
        process.kill()
        process.wait()
        wait_until(lambda: not slack.connections)
    last = start()
    slack.send_press(press, "the-same")
    slack.wait_acknowledged("the-same")
    assert len(kept.mutes()) == 1
    assert last.poll() is None


def test_what_was_acknowledged_is_in_the_database_whenever_it_is_killed(
    kept: Store, slack: SocketMode, start: Any, now: datetime
) -> None:
    press = payload(action__value=the_key(kept, now))
    process = start()
    slack.wait_acknowledged(slack.send_press(press))
    process.kill()
    assert [j.verdict for j in kept.standing_verdicts()] == [Verdict.WRONG]


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_a_token_that_is_not_set_is_named(name: str, settings: Settings, tmp_path: Path) -> None:
    env = {**os.environ, **TOKENS, "PODWATCH_HOME": str(settings.home), name: ""}
    done = shell.podwatch(["slack"], tmp_path, env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"podwatch: {name}: is not set - set it to the ")
    assert done.stderr.count("\n") == 1


def test_a_refused_token_is_one_line(slack: SocketMode, settings: Settings, tmp_path: Path) -> None:
    slack.fail_next("auth.test", error="invalid_auth")
    where = {"PODWATCH_HOME": str(settings.home), "PODWATCH_SLACK_BASE_URL": slack.base_url}
    done = shell.podwatch(["slack"], tmp_path, {**os.environ, **TOKENS, **where})
    assert done.stdout == ""
    assert (
        done.stderr
        == "podwatch: 127.0.0.1 (auth.test): Slack does not know the token (invalid_auth) - set a new SLACK_BOT_TOKEN\n"
    )

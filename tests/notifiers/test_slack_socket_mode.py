"""Presses of buttons through a real Socket Mode connection: what is saved, when it is acknowledged, what breaks."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest
from slack_sdk.socket_mode.builtin import client as slack_client
from slack_sdk.socket_mode.builtin.connection import Connection

from podwatch.errors import ChannelError, SettingsError
from podwatch.model import Answer, Verdict
from podwatch.notifiers import slack_socket_mode
from podwatch.notifiers.slack_socket_mode import ButtonListener, _close_socket
from podwatch.settings import Secret
from tests.notifiers.test_slack_buttons import KEY, payload
from tests.support.slack.socket_mode import HANG_SECONDS, SocketMode, wait_until

BOT, APP = "xoxb-b0t-s3cret", "xapp-4pp-s3cret"


class RunningListener:
    """A ButtonListener on a thread of its own, with the answers that it saved and the error that ended it."""

    def __init__(self, slack: SocketMode, app: str = APP) -> None:
        self.saved: list[Answer] = []
        self.may_save = threading.Event()  # cleared: the database is slow
        self.may_save.set()
        self.failures_left = 0  # of saving
        self.error: Exception | None = None
        self.team_names: list[str] = []
        self.stop = threading.Event()
        clock = lambda: datetime.now(UTC)  # noqa: E731
        self.listener = ButtonListener(Secret(BOT), Secret(app), slack.base_url, self._save, clock, ping=0.3)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.listener.serve(self.stop, self.team_names.append)
        except Exception as e:  # noqa: BLE001
            self.error = e

    def _save(self, answer: Answer) -> str:
        assert self.may_save.wait(HANG_SECONDS)
        if self.failures_left:
            self.failures_left -= 1
            raise OSError("the disk is gone")
        self.saved.append(answer)
        return "Noted: <!channel> & co"


@pytest.fixture
def slack() -> Iterator[SocketMode]:
    with SocketMode() as server:
        yield server


@pytest.fixture
def listening(slack: SocketMode) -> Iterator[RunningListener]:
    started = RunningListener(slack)
    slack.wait_connected()
    yield started
    started.stop.set()
    started.thread.join(HANG_SECONDS)
    assert not started.thread.is_alive()


def test_a_press_is_saved_then_acknowledged_and_its_giver_alone_gets_a_confirmation(
    slack: SocketMode, listening: RunningListener
) -> None:
    envelope = slack.send_press(payload(message__thread_ts="1793500000.000200"))
    slack.wait_acknowledged(envelope)
    [answer] = listening.saved
    assert (answer.key, answer.verdict, answer.user) == (KEY, Verdict.WRONG, "U1")
    wait_until(lambda: bool(slack.ephemeral_messages))
    [sent] = slack.ephemeral_messages
    assert (sent["channel"], sent["user"], sent["thread_ts"]) == ("C1", "U1", "1793500000.000200")
    assert "<!channel>" not in sent["text"]
    assert "&amp; co" in sent["text"]
    assert listening.team_names == ["Newsroom"]


def test_a_stop_does_not_wait_until_a_quiet_connection_receives_something(
    slack: SocketMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    # slack_sdk waits three seconds to receive: here for ever, so that only closing the socket ends it.
    monkeypatch.setattr(slack_client, "Connection", partial(Connection, receive_timeout=3600))
    started = RunningListener(slack)
    slack.wait_connected()
    slack.wait_acknowledged(slack.send_press(payload()))
    wait_until(lambda: bool(slack.ephemeral_messages))
    started.stop.set()
    started.thread.join(HANG_SECONDS)
    assert not started.thread.is_alive()
    assert started.error is None


def test_each_call_has_the_token_it_needs(slack: SocketMode, listening: RunningListener) -> None:
    slack.wait_acknowledged(slack.send_press(payload()))
    wait_until(lambda: bool(slack.ephemeral_messages))
    assert set(slack.calls) == {("auth.test", BOT), ("apps.connections.open", APP), ("chat.postEphemeral", BOT)}


def test_a_slow_database_does_not_keep_slack_waiting_and_the_answer_is_saved_all_the_same(
    slack: SocketMode, listening: RunningListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert slack_socket_mode.ACK_DEADLINE < 3, "Slack waits for three seconds"
    monkeypatch.setattr(slack_socket_mode, "ACK_DEADLINE", 0.2)
    listening.may_save.clear()
    envelope = slack.send_press(payload())
    slack.wait_acknowledged(envelope)
    assert listening.saved == []
    listening.may_save.set()
    wait_until(lambda: bool(slack.ephemeral_messages))
    assert len(listening.saved) == 1
    assert slack.count_acknowledgements(envelope) == 1


def test_an_answer_that_cannot_be_saved_is_acknowledged_and_its_giver_asked_to_press_again(
    slack: SocketMode, listening: RunningListener
) -> None:
    listening.failures_left = 1
    slack.wait_acknowledged(slack.send_press(payload()))
    wait_until(lambda: bool(slack.ephemeral_messages))
    assert "could not note this" in slack.ephemeral_messages[0]["text"]
    slack.wait_acknowledged(slack.send_press(payload()))
    wait_until(lambda: len(slack.ephemeral_messages) == 2)
    assert len(listening.saved) == 1


def test_the_same_envelope_again_is_acknowledged_again(slack: SocketMode, listening: RunningListener) -> None:
    envelope = slack.send_press(payload())
    slack.wait_acknowledged(envelope)
    slack.send_press(payload(), envelope)
    slack.wait_acknowledged(envelope, times=2)
    assert len(set(listening.saved)) == 1, "the store keeps one row of them"


def test_a_stranger_is_acknowledged_and_nothing_is_saved_or_confirmed(
    slack: SocketMode, listening: RunningListener, caplog: pytest.LogCaptureFixture
) -> None:
    slack.wait_acknowledged(slack.send_press(payload(user__team_id="T2")))
    slack.wait_acknowledged(slack.send_press(payload(action__action_id="podwatch_forward")))
    slack.wait_acknowledged(slack.send_press({"type": "view_closed"}))
    slack.wait_acknowledged(slack.send_press({"event": {}}, kind="events_api"))
    assert listening.saved == []
    assert slack.ephemeral_messages == []
    assert "a press comes from another workspace; nothing was noted" in caplog.text


@pytest.mark.parametrize("how", ["dropped", "closed", "asked to go"])
def test_a_connection_that_ends_is_opened_anew_and_presses_are_received_again(
    how: str, slack: SocketMode, listening: RunningListener
) -> None:
    slack.wait_acknowledged(slack.send_press(payload()))
    before = slack.opened
    match how:
        case "dropped":
            slack.drop_connections()
        case "closed":
            slack.connections[-1].close()
        case "asked to go":
            slack.send_raw({"type": "disconnect", "reason": "refresh_requested"})
    wait_until(lambda: slack.opened > before and bool(slack.connections))
    slack.wait_acknowledged(slack.send_press(payload(action__action_id="podwatch_relevant")))
    assert [a.verdict for a in listening.saved] == [Verdict.WRONG, Verdict.RELEVANT]


def test_a_handshake_that_fails_leaves_no_connection_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = Connection(
            url=f"ws://127.0.0.1:{server.getsockname()[1]}/link", logger=logging.Logger("silent", logging.CRITICAL + 1),
            on_error_listener=_close_socket,
        )  # fmt: skip
        connecting = threading.Thread(target=client.connect)
        connecting.start()
        taken, _ = server.accept()
        with taken:
            taken.recv(10_000)
            taken.sendall(b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: wrong\r\n\r\n")
            taken.settimeout(10)
            try:
                said = taken.recv(100)
            except ConnectionResetError:
                said = b""
            assert said == b"", "the other side has closed it"
        connecting.join()


def test_garbage_on_the_line_is_survived(slack: SocketMode, listening: RunningListener) -> None:
    for junk in ("", "{", "null", "[]", '{"type": "interactive"}', '{"type": 7, "envelope_id": []}', "x" * 100_000):
        slack.send_raw(junk)
    slack.wait_acknowledged(slack.send_press(payload()))
    assert len(listening.saved) == 1


def test_while_slack_is_away_tries_become_rarer_and_one_line_is_logged(
    slack: SocketMode, listening: RunningListener, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        slack.fail_next("apps.connections.open", 503)
    before = slack.opened
    slack.drop_connections()
    wait_until(lambda: slack.opened > before)
    assert caplog.text.count("trying again") == 1
    slack.wait_acknowledged(slack.send_press(payload()))


def test_slack_away_at_the_start_is_waited_for(slack: SocketMode) -> None:
    slack.fail_next("apps.connections.open", 429, "ratelimited", Retry_After="1")
    started = RunningListener(slack)
    slack.wait_connected()
    wait_until(lambda: started.team_names == ["Newsroom"])
    started.stop.set()
    started.thread.join(HANG_SECONDS)
    assert started.error is None


@pytest.mark.parametrize(
    ("method", "code", "words"),
    [
        ("auth.test", "invalid_auth", "(auth.test): Slack does not know the token (invalid_auth)"),
        ("apps.connections.open", "invalid_auth", "does not know the token (invalid_auth) - set a new SLACK_APP_TOKEN"),
        ("apps.connections.open", "missing_scope", "add the scope connections:write to the app"),
    ],
)
def test_a_token_that_is_refused_ends_it_with_one_line(
    method: str, code: str, words: str, slack: SocketMode, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    slack.fail_next(method, error=code)
    started = RunningListener(slack)
    started.thread.join(HANG_SECONDS)
    assert isinstance(started.error, ChannelError)
    assert words in started.error.line
    for text in (started.error.line, repr(started.listener), caplog.text):
        assert "s3cret" not in text
        assert "tick3t" not in text


def test_a_token_that_is_revoked_in_the_middle_ends_it_too(slack: SocketMode) -> None:
    started = RunningListener(slack)
    slack.wait_connected()
    slack.fail_next("apps.connections.open", error="token_revoked")
    slack.drop_connections()
    started.thread.join(HANG_SECONDS)
    assert isinstance(started.error, ChannelError)
    assert "the token was revoked" in started.error.line


def test_a_token_no_header_can_carry_is_named(slack: SocketMode) -> None:
    started = RunningListener(slack, app="xapp-ü")
    started.thread.join(HANG_SECONDS)
    assert isinstance(started.error, SettingsError)
    assert started.error.line == "SLACK_APP_TOKEN: is no token - see docs/slack.md"
    assert "xapp" not in started.error.line


def test_what_is_received_reaches_no_log(
    slack: SocketMode, listening: RunningListener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    slack.wait_acknowledged(slack.send_press(payload(action__value="5wordfi5h")))
    slack.drop_connections()
    wait_until(lambda: slack.opened > 1 and bool(slack.connections))
    assert "5wordfi5h" not in caplog.text
    assert "tick3t" not in caplog.text

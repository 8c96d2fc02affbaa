"""Receives presses of buttons through Socket Mode: a connection that podwatch opens, so no public address is needed.

slack_sdk's built-in client holds the connection. What it lacks is here: it asks for a new address every few seconds
for ever, whatever Slack says, and logs what it meets, addresses with their tickets included.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from podwatch.errors import ChannelError, SettingsError
from podwatch.model import Answer
from podwatch.notifiers.escaping import display_text, escape_mrkdwn
from podwatch.notifiers.slack_api import NO_PROXY, SILENT_LOGGER, SlackApi, is_sendable
from podwatch.notifiers.slack_buttons import RefusedPress, parse_press
from podwatch.notifiers.slack_errors import Fault, SlackError
from podwatch.settings import Secret

log = logging.getLogger("podwatch")

ACK_DEADLINE = 2.0  # seconds. Slack waits for three, then shows a warning to whoever pressed
PING_INTERVAL = 3.0  # seconds between two checks of the connection; without a pong for four of them it is reopened
MAX_PAUSE = 60.0  # seconds between two tries to connect
TIMEOUT = 15.0  # seconds

SaveAnswer = Callable[[Answer], str]


class ButtonListener:
    """Listens for presses of buttons. save_answer: saves an answer and returns the confirmation for its giver."""

    def __init__(
        self,
        bot: Secret,
        app: Secret,
        base_url: str,
        save_answer: SaveAnswer,
        clock: Callable[[], datetime],
        ping: float = PING_INTERVAL,
        proxy: Secret = NO_PROXY,
    ) -> None:
        self._bot, self._app, self._base_url = bot, app, base_url
        self._save_answer, self._clock, self._ping = save_answer, clock, ping
        self._api = SlackApi(base_url, TIMEOUT, proxy)
        self._team = ""

    def __repr__(self) -> str:
        return f"ButtonListener({self._api.host})"

    def serve(self, stop: threading.Event, ready: Callable[[str], object] = lambda team: None) -> None:
        """Listens until ``stop`` is set; ``ready`` is called with the workspace's name once it does.

        Survives disconnects, and Slack being away. Raises ChannelError when a token is refused.
        """
        identity = self._call("auth.test", self._bot, "chat:write")
        self._team = str(identity.get("team_id") or "")
        if not self._team:
            what = "auth.test names no workspace"
            raise SlackError(Fault.BUSY, what, where=self._api.host, todo="check the bot token")
        client = _Client(self._open_connection, self._api.client, self._ping)
        client.socket_mode_request_listeners.append(self._handle)
        try:
            client.connect_first(stop)
            if not stop.is_set() and client.fatal is None:
                ready(str(identity.get("team") or self._team))
            while not stop.wait(0.2) and client.fatal is None:
                pass
        finally:
            client.close()
        if client.fatal is not None:
            raise client.fatal

    def _open_connection(self) -> str:
        """The address of a new connection; it holds a ticket, so it is never shown."""
        url = str(self._call("apps.connections.open", self._app, "connections:write").get("url") or "")
        allowed = ("wss://", "ws://") if self._base_url.startswith("http://") else ("wss://",)
        if not url.startswith(allowed):
            raise SlackError(Fault.BUSY, "apps.connections.open gave no address", where=self._api.host)
        return url

    def _handle(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """One envelope. The answer is saved before Slack gets its acknowledgement, unless that would take too long."""
        acknowledge = _RunOnce(lambda: client.send_socket_mode_response(SocketModeResponse(request.envelope_id)))
        if request.type != "interactive":
            acknowledge()
            return
        late = threading.Timer(ACK_DEADLINE, acknowledge)
        late.daemon = True
        late.start()
        try:
            press = parse_press(request.payload, self._team, self._clock())
            confirmation = "" if isinstance(press, RefusedPress) else self._save(press.answer)
        finally:
            late.cancel()
            acknowledge()
        if isinstance(press, RefusedPress):
            log.warning("slack: a press %s; nothing was noted", press.value)
        else:
            self._confirm(press.channel, press.thread, press.answer.user, confirmation)

    def _save(self, answer: Answer) -> str:
        try:
            return self._save_answer(answer)
        except Exception as e:  # noqa: BLE001 - the user is asked to press again, and the next press must be handled
            bug = e
        log.error("slack: an answer could not be noted (%s)", type(bug).__name__, exc_info=bug)
        return "podwatch could not note this just now. Please press again in a while."

    def _confirm(self, channel: str, thread: str | None, user: str, text: str) -> None:
        """Posts a message that only this user sees. That it fails costs nothing but the message."""
        words = escape_mrkdwn(display_text(text, 1000))
        message: dict[str, Any] = {"channel": channel, "user": user, "text": words, "parse": "none", "mrkdwn": False}
        if thread:
            message["thread_ts"] = thread
        try:
            self._call("chat.postEphemeral", self._bot, "chat:write", json=message)
        except ChannelError as e:
            log.warning("slack: %s", e.line)

    def _call(self, method: str, token: Secret, scope: str, **arguments: Any) -> dict[str, Any]:
        if not is_sendable(token):
            name = "SLACK_APP_TOKEN" if token is self._app else "SLACK_BOT_TOKEN"
            raise SettingsError("is no token", where=name, todo="see docs/slack.md")
        try:
            return self._api.call(method, token, f"{self._api.host} ({method})", scope, **arguments)[0]
        except SlackError as e:
            if token is self._app and e.fault is Fault.TOKEN:
                e.todo = "set a new SLACK_APP_TOKEN (xapp-..., with connections:write)"
            raise


class _RunOnce:
    """Calls a function the first time it is called itself, from whatever thread. Its errors are only logged."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call, self._lock, self._done = call, threading.Lock(), False

    def __call__(self) -> None:
        with self._lock:
            if self._done:
                return
            self._done = True
        try:
            self._call()
        except Exception as e:  # noqa: BLE001 - the connection was replaced; Slack sends the envelope again
            log.warning("slack: an acknowledgement did not get through (%s)", type(e).__name__)


class _Client(SocketModeClient):
    """slack_sdk's client with ever longer pauses between tries, and an end (``fatal``) when Slack refuses the token."""

    def __init__(self, open_connection: Callable[[], str], web: WebClient, ping: float) -> None:
        self.fatal: ChannelError | SettingsError | None = None
        self._open_connection, self._pause, self._not_before, self._logged = open_connection, 0.0, 0.0, ""
        # No token is given to it: issue_new_wss_url is all that would use it.
        super().__init__(
            "",
            logger=SILENT_LOGGER,
            web_client=web,
            proxy=web.proxy,
            ping_interval=ping,
            concurrency=8,
            on_error_listeners=[_close_socket],
        )

    def connect_first(self, stop: threading.Event) -> None:
        """Connects, however many tries it takes."""
        while not stop.is_set() and self.fatal is None and not self.is_connected():
            with suppress(ChannelError, SettingsError):  # logged by issue_new_wss_url
                self.wss_uri = None
                self.connect()
            if not self.is_connected():
                stop.wait(max(0.2, min(self._not_before - time.monotonic(), 1.0)))

    def disconnect(self) -> None:
        """At once: slack_sdk would wait until something is received, three seconds on a quiet connection."""
        sock = self.current_session.sock if self.current_session is not None else None
        if sock is not None:
            with suppress(OSError):  # it is closed already
                sock.shutdown(socket.SHUT_RDWR)
        super().disconnect()

    def issue_new_wss_url(self) -> str:
        """Called by slack_sdk before each connection, on its own threads."""
        now = time.monotonic()
        if now < self._not_before:
            raise ChannelError("waits before it connects again", retryable=True)
        try:
            url = self._open_connection()
        except (ChannelError, SettingsError) as e:
            self._record_failure(e)
            raise
        # An address that leads nowhere is no connection: the pause is forgotten only when this was long ago.
        self._pause = self._longer_pause() if now - self._not_before < MAX_PAUSE else 0.0
        self._not_before, self._logged = now + self._pause, ""
        return url

    def _record_failure(self, e: ChannelError | SettingsError) -> None:
        if isinstance(e, SettingsError) or (isinstance(e, SlackError) and e.fault in (Fault.TOKEN, Fault.ROUTE)):
            self.fatal = e
            return
        self._pause = self._longer_pause()
        self._not_before = time.monotonic() + max(self._pause, getattr(e, "retry_after", None) or 0.0)
        if e.line != self._logged:  # once, not at each try
            log.warning("slack: %s - trying again", e.line)
            self._logged = e.line

    def _longer_pause(self) -> float:
        return min(MAX_PAUSE, max(1.0, 2 * self._pause))


def _close_socket(e: Exception) -> None:
    """Closes the socket of a handshake that failed: slack_sdk (3.47) keeps it in a local variable, and forgets it."""
    for frame, _ in traceback.walk_tb(e.__traceback__):
        sock = frame.f_locals.get("sock")
        if frame.f_code is Connection.connect.__code__ and isinstance(sock, socket.socket):
            sock.close()

"""Listens for presses of buttons through Socket Mode: a connection that podwatch opens, so no public address is needed.

slack_sdk's built-in client holds the connection. What it lacks is here: it asks for a new address every few
seconds for ever, whatever Slack says, and logs what it meets, addresses with their tickets included.
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
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from podwatch.errors import ChannelError, SettingsError
from podwatch.model import Answer
from podwatch.notifiers import escaping as plain
from podwatch.notifiers.slack import _SILENT, _tls
from podwatch.notifiers.slack_buttons import RefusedPress, parse_press
from podwatch.notifiers.slack_errors import Fault, SlackError, error_from_exception
from podwatch.settings import Secret

log = logging.getLogger("podwatch")

ACK_DEADLINE = 2.0  # seconds. Slack waits for three, then shows a warning to whoever pressed
PING_INTERVAL = 3.0  # seconds between two looks at the connection; without a pong for four of them it is opened anew
MAX_PAUSE = 60.0  # seconds between two tries to connect
TIMEOUT = 15

SaveAnswer = Callable[[Answer], str]


class ButtonListener:
    """The process that hears buttons. ``note`` keeps an answer and returns what its giver is told."""

    def __init__(
        self,
        bot: Secret,
        app: Secret,
        base_url: str,
        note: SaveAnswer,
        clock: Callable[[], datetime],
        ping: float = PING_INTERVAL,
    ) -> None:
        self._bot, self._app, self._base_url, self._note, self._clock = bot, app, base_url, note, clock
        self._host = urlsplit(base_url).hostname or "Slack"
        self._ping = ping
        self._web = WebClient(base_url=base_url, timeout=TIMEOUT, ssl=_tls(), retry_handlers=[], logger=_SILENT)
        self._team = ""

    def __repr__(self) -> str:
        return f"Buttons({self._host})"

    def serve(self, stop: threading.Event, ready: Callable[[str], object] = lambda team: None) -> None:
        """Listens until ``stop`` is set; ``ready`` is called with the workspace's name once it does.

        Outlives disconnects, and Slack being away. Raises ChannelError when a token is refused.
        """
        who = self._call("auth.test", self._bot, "chat:write")
        self._team = str(who.get("team_id") or "")
        if not self._team:
            raise SlackError(Fault.BUSY, "auth.test names no workspace", where=self._host, todo="check the bot token")
        client = _Client(self._app, self._open, self._web, self._ping)
        client.socket_mode_request_listeners.append(self._heard)
        try:
            client.connect_first(stop)
            if not stop.is_set() and client.fatal is None:
                ready(str(who.get("team") or self._team))
            while not stop.wait(0.2) and client.fatal is None:
                pass
        finally:
            client.close()
        if client.fatal is not None:
            raise client.fatal

    def _open(self) -> str:
        """The address of a new connection; it holds a ticket, so nobody is told."""
        url = str(self._call("apps.connections.open", self._app, "connections:write").get("url") or "")
        wanted = ("wss://", "ws://") if self._base_url.startswith("http://") else ("wss://",)
        if not url.startswith(wanted):
            raise SlackError(Fault.BUSY, "apps.connections.open gave no address", where=self._host)
        return url

    def _heard(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        """One envelope. The row is written before Slack hears that all is well, unless that would take too long."""
        acknowledge = _RunOnce(lambda: client.send_socket_mode_response(SocketModeResponse(request.envelope_id)))
        if request.type != "interactive":
            acknowledge()
            return
        late = threading.Timer(ACK_DEADLINE, acknowledge)
        late.daemon = True
        late.start()
        try:
            found = parse_press(request.payload, self._team, self._clock())
            said = "" if isinstance(found, RefusedPress) else self._noted(found.answer)
        finally:
            late.cancel()
            acknowledge()
        if isinstance(found, RefusedPress):
            log.warning("slack: a press %s; nothing was noted", found.value)
        else:
            self._tell(found.channel, found.thread, found.answer.user, said)

    def _noted(self, answer: Answer) -> str:
        try:
            return self._note(answer)
        except Exception as e:  # noqa: BLE001 - whoever pressed must hear of it, and the next press must be heard
            bug = e
        log.error("slack: an answer could not be noted (%s)", type(bug).__name__, exc_info=bug)
        return "podwatch could not note this just now. Please press again in a while."

    def _tell(self, channel: str, thread: str | None, user: str, said: str) -> None:
        """A message that only its reader sees. That it fails costs nothing but the message."""
        words = plain.escape_mrkdwn(plain.defuse_mentions(plain.truncate_end(plain.clean_line(said), 1000)))
        message: dict[str, Any] = {"channel": channel, "user": user, "text": words, "parse": "none", "mrkdwn": False}
        if thread:
            message["thread_ts"] = thread
        try:
            self._call("chat.postEphemeral", self._bot, "chat:write", json=message)
        except ChannelError as e:
            log.warning("slack: %s", e.line)

    def _call(self, method: str, token: Secret, scope: str, **arguments: Any) -> dict[str, Any]:
        if not token or any(not "!" <= c <= "~" for c in token.reveal()):
            what = "SLACK_APP_TOKEN" if token is self._app else "SLACK_BOT_TOKEN"
            raise SettingsError("is no token", where=what, todo="see docs/slack.md")
        try:
            data = self._web.api_call(method, headers={"Authorization": f"Bearer {token.reveal()}"}, **arguments).data
            refused = None if isinstance(data, dict) else SlackError(Fault.UNKNOWN, "no JSON answer", where=self._host)
        except Exception as error:  # noqa: BLE001 - slack_sdk lets anything out
            data, refused = {}, error_from_exception(error, f"{self._host} ({method})", self._host, scope)
            if token is self._app and refused.fault is Fault.TOKEN:
                refused.todo = "set a new SLACK_APP_TOKEN (xapp-..., with connections:write)"
        if refused is not None:
            raise refused  # outside the except clause: see SlackNotifier._call
        assert isinstance(data, dict)
        return data


class _RunOnce:
    """Does a thing the first time it is called, from whatever thread. That Slack is gone by then is no news."""

    def __init__(self, what: Callable[[], object]) -> None:
        self._what, self._lock, self._done = what, threading.Lock(), False

    def __call__(self) -> None:
        with self._lock:
            if self._done:
                return
            self._done = True
        try:
            self._what()
        except Exception as e:  # noqa: BLE001 - the connection was replaced; Slack hands the envelope over again
            log.warning("slack: an acknowledgement did not get through (%s)", type(e).__name__)


class _Client(SocketModeClient):
    """slack_sdk's client with ever longer pauses between tries, and an end when Slack refuses the token."""

    def __init__(self, app: Secret, open_: Callable[[], str], web: WebClient, ping: float) -> None:
        self.fatal: ChannelError | SettingsError | None = None
        self._open, self._pause, self._not_before, self._said = open_, 0.0, 0.0, ""
        # The token is given to no one here: issue_new_wss_url is all that would use it.
        super().__init__(
            "", logger=_SILENT, web_client=web, ping_interval=ping, concurrency=8, on_error_listeners=[_close_socket]
        )

    def connect_first(self, stop: threading.Event) -> None:
        """Connects, as often as it takes."""
        while not stop.is_set() and self.fatal is None and not self.is_connected():
            try:
                self.wss_uri = None
                self.connect()
            except (ChannelError, SettingsError):
                pass  # said by issue_new_wss_url
            if not self.is_connected():
                stop.wait(max(0.2, min(self._not_before - time.monotonic(), 1.0)))

    def disconnect(self) -> None:
        """At once: slack_sdk would wait until something is received, three seconds on a quiet connection."""
        made = self.current_session.sock if self.current_session is not None else None
        if made is not None:
            with suppress(OSError):  # gone already
                made.shutdown(socket.SHUT_RDWR)
        super().disconnect()

    def issue_new_wss_url(self) -> str:
        """Asked by slack_sdk before each connection, on its own threads."""
        now = time.monotonic()
        if now < self._not_before:
            raise ChannelError("waits before it connects again", retryable=True)
        try:
            url = self._open()
        except (ChannelError, SettingsError) as e:
            self._failed(e)
            raise
        # An address that leads nowhere is no connection: the pause is forgotten only when this was long ago.
        self._pause = min(MAX_PAUSE, max(1.0, 2 * self._pause)) if now - self._not_before < MAX_PAUSE else 0.0
        self._not_before, self._said = now + self._pause, ""
        return url

    def _failed(self, e: ChannelError | SettingsError) -> None:
        if isinstance(e, SettingsError) or (isinstance(e, SlackError) and e.fault in (Fault.TOKEN, Fault.ROUTE)):
            self.fatal = e
            return
        self._pause = min(MAX_PAUSE, max(1.0, 2 * self._pause))
        self._not_before = time.monotonic() + max(self._pause, getattr(e, "retry_after", None) or 0.0)
        if e.line != self._said:  # once, not at each try
            log.warning("slack: %s - trying again", e.line)
            self._said = e.line


def _close_socket(e: Exception) -> None:
    """Closes the socket of a handshake that failed: slack_sdk (3.47) keeps it in a local variable, and forgets it."""
    for frame, _ in traceback.walk_tb(e.__traceback__):
        made = frame.f_locals.get("sock")
        if frame.f_code is Connection.connect.__code__ and isinstance(made, socket.socket):
            made.close()

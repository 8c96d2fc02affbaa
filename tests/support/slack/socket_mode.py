"""Slack's Socket Mode for tests: a small server of ours, since the emulator has no buttons.

with SocketMode() as slack:
    ButtonListener(Secret("xoxb-1"), Secret("xapp-1"), slack.base_url, ...)
    envelope = slack.send_press(payload)     # over the newest connection
    slack.wait_acknowledged(envelope)
    slack.drop_connections()
    slack.ephemeral_messages                 # the arguments of each chat.postEphemeral
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

_SILENT = logging.Logger("socket mode", logging.CRITICAL + 1)  # tests look for secrets in the logs of podwatch
TEAM = {"ok": True, "team": "Newsroom", "team_id": "T1", "user": "podwatch", "user_id": "UBOT", "bot_id": "B1"}


HANG_SECONDS = 600.0  # a guard against a hang


def wait_until(holds: Callable[[], bool]) -> None:
    """Waits until something holds; an AssertionError when it never does."""
    deadline = time.monotonic() + HANG_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


class SocketMode:
    """The methods of the Web API that Socket Mode takes, and its WebSocket, each on a free loopback port.

    calls: (method, token) of each call. opened: connections so far. connections: those that are open, oldest first.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.ephemeral_messages: list[dict[str, Any]] = []
        self.faults: dict[str, deque[tuple[int, dict[str, Any], dict[str, str]]]] = defaultdict(deque)
        self.connections: list[ServerConnection] = []
        self.opened = 0
        self._acknowledgements: Counter[str] = Counter()
        self._presses = 0
        self._api = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._api.daemon_threads = True
        self._sockets: Server = serve(self._serve_connection, "127.0.0.1", 0, logger=_SILENT)
        self.port = self._sockets.socket.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self._api.server_port}/api/"
        self._threads = [
            threading.Thread(target=self._api.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True),
            threading.Thread(target=self._sockets.serve_forever, daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.drop_connections()
        self._sockets.shutdown()
        self._api.shutdown()
        self._api.server_close()
        for thread in self._threads:
            thread.join(5)

    def fail_next(self, method: str, status: int = 200, error: str = "internal_error", **headers: str) -> None:
        """The next call of a method fails so; header names with _ for -."""
        self.faults[method].append((status, {"ok": False, "error": error}, headers))

    def wait_connected(self) -> None:
        wait_until(lambda: bool(self.connections))

    def send_press(self, payload: dict[str, Any], envelope: str | None = None, kind: str = "interactive") -> str:
        """Sends an envelope over the newest connection and returns its id."""
        self.wait_connected()
        self._presses += 1
        name = envelope or f"envelope-{self._presses}"
        self.send_raw({"envelope_id": name, "type": kind, "payload": payload, "accepts_response_payload": False})
        return name

    def send_raw(self, message: dict[str, Any] | str) -> None:
        self.connections[-1].send(message if isinstance(message, str) else json.dumps(message))

    def wait_acknowledged(self, envelope: str, times: int = 1) -> None:
        """Waits until an envelope was acknowledged so often."""
        wait_until(lambda: self._acknowledgements[envelope] >= times)

    def count_acknowledgements(self, envelope: str) -> int:
        return self._acknowledgements[envelope]

    def drop_connections(self) -> None:
        """Closes every connection without a closing handshake."""
        for connection in list(self.connections):
            connection.socket.close()
        self.connections.clear()

    def _serve_connection(self, connection: ServerConnection) -> None:
        self.opened += 1
        connection.send(json.dumps({"type": "hello", "num_connections": 1}))
        self.connections.append(connection)
        try:
            for raw in connection:
                self._acknowledgements[json.loads(raw)["envelope_id"]] += 1
        except (ConnectionClosed, OSError):
            pass
        finally:
            if connection in self.connections:
                self.connections.remove(connection)

    def _answer(self, method: str, token: str, arguments: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
        self.calls.append((method, token))
        if self.faults[method]:
            return self.faults[method].popleft()
        if method == "auth.test":
            return 200, TEAM, {}
        if method == "apps.connections.open":
            return 200, {"ok": True, "url": f"ws://127.0.0.1:{self.port}/link?ticket=tick3t"}, {}
        if method == "chat.postEphemeral":
            self.ephemeral_messages.append(arguments)
            return 200, {"ok": True, "message_ts": "1.1"}, {}
        return 200, {"ok": False, "error": "unknown_method"}, {}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                as_json = "json" in (self.headers.get("Content-Type") or "")
                arguments = json.loads(body or "{}") if as_json else {k: v[0] for k, v in parse_qs(body).items()}
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                status, said, headers = slack._answer(self.path.rpartition("/")[2], token, arguments)
                content = json.dumps(said).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler

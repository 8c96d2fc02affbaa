"""What every HTTP server of the tests has in common: a free port on loopback, a thread, and an end.

class Greeter(LoopbackServer):
    def handler(self) -> type[QuietHandler]: ...

with Greeter() as greeter:
    ... greeter.address
"""

from __future__ import annotations

import sys
import threading
from abc import ABC, abstractmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class QuietHandler(BaseHTTPRequestHandler):
    """Keeps connections open, as real hosts do, and writes no log."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that hangs up is no error here
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class LoopbackServer(ABC):
    """address: without a path, as http://127.0.0.1:PORT."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), self.handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    @abstractmethod
    def handler(self) -> type[QuietHandler]:
        """What answers its requests."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

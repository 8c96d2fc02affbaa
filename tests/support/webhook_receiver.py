"""A webhook receiver for tests: a real HTTP server on loopback that keeps each post and answers as the test says.

with WebhookReceiver() as receiver:
    receiver.answer_next(503, Retry_After="7")
    WebhookNotifier(...).send(alert)
    receiver.received       # [(headers in lower case, body), ...]
"""

from __future__ import annotations

import threading
import time
from collections import deque
from types import TracebackType

from tests.support.loopback_server import LoopbackServer, QuietHandler

CLOSE, TRICKLE = -1, -2  # instead of a status: no answer; an answer that never ends


class WebhookReceiver(LoopbackServer):
    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self._answers: deque[tuple[int, dict[str, str]]] = deque()
        self._released = threading.Event()
        super().__init__()
        self.url = f"{self.address}/hooks/t0ken-in-the-path"

    def answer_next(self, status: int, **headers: str) -> None:
        """Sets the answer to the next post; header names with _ for -."""
        self._answers.append((status, {k.replace("_", "-"): v for k, v in headers.items()}))

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._released.set()
        super().__exit__(kind, e, tb)

    def handler(self) -> type[QuietHandler]:
        receiver = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status, headers = receiver._answers.popleft() if receiver._answers else (204, {})
                if status == CLOSE:
                    self.close_connection = True
                    return
                if status == TRICKLE:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    for i in range(100):
                        if receiver._released.wait(0.05):
                            return
                        try:
                            self.wfile.write(f"X-{i}: {time.monotonic()}\r\n".encode())
                        except OSError:
                            return
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status >= 200 and status != 204:
                    self.send_header("Content-Length", "3")
                self.end_headers()
                if status >= 200 and status != 204:
                    self.wfile.write(b"no.")

        return Handler

"""The page on a port of this machine, as `podwatch serve` serves it, for what a browser looks at."""

from __future__ import annotations

import socket
import threading
import time
from datetime import datetime
from types import TracebackType
from typing import Self

import uvicorn

from podwatch.runtime import Runtime
from podwatch.web.access import LoopbackAccess
from podwatch.web.application import create_app


class PageServer:
    """Serves the page over a runtime until the block is left; its clock stands still."""

    def __init__(self, rt: Runtime, now: datetime) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        app = create_app(lambda: rt, LoopbackAccess("ada"), lambda: now, loopback_audio=True)
        self._backtests = app.state.page.backtests
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._backtests.close()  # they read the runtime, which its owner closes next
        self._socket.close()

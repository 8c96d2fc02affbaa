"""A server that refuses every connection as PostgreSQL does, with an ErrorResponse of its protocol (version 3).

with RefusingPostgres("53300", "sorry, too many clients already") as url:
    open_store(... url ...)
"""

from __future__ import annotations

import socket
import struct
import threading
from types import TracebackType

_ENCRYPT = {80877103, 80877104}  # SSLRequest and GSSENCRequest, which come before the start


class RefusingPostgres:
    def __init__(self, state: str, message: str) -> None:
        fields = [b"SFATAL", b"VFATAL", b"C" + state.encode(), b"M" + message.encode()]
        body = b"\0".join(fields) + b"\0\0"
        self._refusal = b"E" + struct.pack("!I", len(body) + 4) + body
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"postgresql://user:hunter2@127.0.0.1:{self._listener.getsockname()[1]}/podwatch"

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._refuse(connection)

    def _refuse(self, connection: socket.socket) -> None:
        while True:
            head = connection.recv(8, socket.MSG_WAITALL)
            if len(head) < 8:
                return
            length, code = struct.unpack("!II", head)
            if code not in _ENCRYPT:
                connection.recv(length - 8, socket.MSG_WAITALL)
                connection.sendall(self._refusal)
                return
            connection.sendall(b"N")

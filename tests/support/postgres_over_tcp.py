"""Stands before a PostgreSQL that listens on a file only: gives it an address on loopback, with TLS where asked for.

The server that the tests' package brings knows no TLS; here it ends before it, as it does at many providers. The
connections can be cut, as a network does.

with PostgresOverTcp(url, certificate) as address:      # .../postgres?host=/tmp/...
    open_store(... f"{address}?sslmode=verify-full&sslrootcert={authority.file}" ...)
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import make_url

_SSL_REQUEST = struct.pack("!II", 8, 80877103)


class PostgresOverTcp:
    """encrypted: how many connections have been."""

    def __init__(self, url: str, certificate: Path | None = None) -> None:
        self._server = make_url(url)
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.encrypted = 0
        self.address = f"postgresql://postgres@127.0.0.1:{self._listener.getsockname()[1]}/{self._server.database}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        """Ends every connection, without a word to either side."""
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if self._tls is not None and client.recv(8, socket.MSG_PEEK | socket.MSG_WAITALL) == _SSL_REQUEST:
                client.recv(8)
                client.sendall(b"S")
                client = self._tls.wrap_socket(client, server_side=True)
                self.encrypted += 1
            server.connect(f"{self._server.query['host']}/.s.PGSQL.5432")
            self._open += [client, server]
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join()
        except OSError:
            pass  # whoever asked has gone, or does not trust the certificate
        finally:
            client.close()
            server.close()


def _copy(origin: socket.socket, target: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while data := origin.recv(65536):
            target.sendall(data)
    for end in (origin, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)

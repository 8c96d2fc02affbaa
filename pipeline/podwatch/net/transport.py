"""HTTP/1.1 over connections that are kept open, with one deadline for a whole response: what the client sends through.

Beside it requests' own adapter takes 4.7 times the CPU for a small response, and 15.5 times for a new HTTPS host, since
it builds a TLS context for each (benchmarks/README.md). Its time-out starts anew with every byte that is received.
"""

from __future__ import annotations

import http.client
import io
import math
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from podwatch.errors import HttpError
from podwatch.net.addresses import resolve
from podwatch.net.proxies import Proxies, Proxy, connect, open_tunnel
from podwatch.settings import IpNetwork

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 10.0  # for each address of a host, at most
MAX_IDLE_CONNECTIONS = 256
_Key = tuple[str, str, int]  # scheme, host, port


@cache
def _default_tls() -> ssl.SSLContext:
    """The machine's certificates: one context a process, made at the first https request (it takes 0.1 s)."""
    return ssl.create_default_context()


class _Connection(http.client.HTTPConnection):
    """A connection to one host. ``deadline``: the time.monotonic() at which the current request has to be done.

    ``wait``: seconds that it may wait for the next bytes.
    """

    def __init__(
        self, key: _Key, tls: ssl.SSLContext | None, allowed: Sequence[IpNetwork], proxy: Proxy | None = None
    ) -> None:
        scheme, host, port = key
        super().__init__(host, port)
        self.key, self.deadline, self.wait, self.is_reused = key, 0.0, math.inf, False
        self.proxy = proxy
        self._tls, self._allowed = (tls or _default_tls()) if scheme == "https" else None, allowed

    def seconds_left(self) -> float:
        """Seconds until the deadline; raises TimeoutError when none are left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server took too long")
        return left

    def connect(self) -> None:
        """Connects to the first address of the host that accepts; http.client calls this when there is no socket."""
        error: OSError | None = None
        addresses = resolve(self.host, self.port, self._allowed)
        if self.proxy is not None:
            self.sock = _DeadlineSocket(self._connect_through(self.proxy), self)
            return
        for family, address in addresses:
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(min(CONNECT_SECONDS, self.seconds_left()))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._tls is not None:
                    sock.settimeout(self.seconds_left())
                    sock = self._tls.wrap_socket(sock, server_hostname=self.host)
            except OSError as e:
                sock.close()
                error = e
                continue
            self.sock = _DeadlineSocket(sock, self)
            return
        raise error or OSError("the host has no address")

    def _connect_through(self, proxy: Proxy) -> socket.socket:
        sock = connect(proxy, min(CONNECT_SECONDS, self.seconds_left()))
        try:
            if self._tls is None:
                return sock
            sock.settimeout(min(CONNECT_SECONDS, self.seconds_left()))
            open_tunnel(sock, proxy, self.host, self.port)
            sock.settimeout(self.seconds_left())
            return self._tls.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise


class _DeadlineSocket:
    """The three methods of a socket that http.client calls; each wait ends at the connection's deadline."""

    def __init__(self, sock: socket.socket, connection: _Connection) -> None:
        self._sock, self._connection = sock, connection

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(self._connection.seconds_left())
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._sock, self._connection), 65536)

    def close(self) -> None:
        self._sock.close()  # really closed when its readers are, too: http.client counts on that


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until the connection's deadline, however slowly the bytes come."""

    def __init__(self, sock: socket.socket, connection: _Connection) -> None:
        self._sock, self._connection = sock, connection
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(min(self._connection.seconds_left(), self._connection.wait))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class NotSentError(Exception):
    """Nothing was written to the server; ``cause`` says why."""

    def __init__(self, cause: OSError | HttpError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Transport:
    """Sends prepared requests; any number of threads may share it. allowed: internal networks that may be reached.

    ``seconds`` is the time for a whole response. Raises OSError, TimeoutError, ssl.SSLError,
    http.client.HTTPException, and HttpError when the host's address may not be reached.
    """

    def __init__(
        self, allowed: Sequence[IpNetwork] = (), tls: ssl.SSLContext | None = None, proxies: Proxies | None = None
    ) -> None:
        self._allowed = tuple(allowed)
        self._proxies = proxies
        self._tls = tls
        self._idle: OrderedDict[_Key, list[_Connection]] = OrderedDict()  # the host that was used last comes last
        self._idle_count = 0
        self._is_closed = False
        self._lock = threading.Lock()

    @contextmanager
    def open(
        self, request: requests.PreparedRequest, seconds: float, *, body: tuple[float, float] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """The response with its body unread. The connection is kept if the block reads it to the end, else closed.

        body: seconds for the body, and for each wait for some of it, where ``seconds`` are for its headers alone.
        """
        key, target = _split(request)
        deadline = time.monotonic() + seconds
        while True:
            # What is sent has a new connection: only a failed send shows that an idle one is dead, and it may have
            # arrived all the same.
            connection = (None if request.body else self._take_idle(key)) or self._connection(key)
            connection.deadline, connection.wait = deadline, math.inf
            try:
                sent_to, headers = _through_proxy(connection, request, target)
                connection.request(str(request.method), sent_to, body=request.body, headers=headers)
                response = connection.getresponse()
                break
            except (ConnectionError, http.client.CannotSendRequest):
                connection.close()
                if connection.is_reused and time.monotonic() < deadline:
                    continue  # the server had closed the idle connection: once more on another
                raise
            except BaseException:
                connection.close()
                raise
        if body is not None:
            connection.deadline, connection.wait = time.monotonic() + body[0], body[1]
        try:
            yield response
        finally:
            is_complete = response.isclosed() or response.length == 0
            response.close()
            if is_complete and not response.will_close:
                self._keep_idle(connection)
            else:
                connection.close()

    def post(self, request: requests.PreparedRequest, seconds: float) -> http.client.HTTPResponse:
        """Sends a body once and returns the response, closed: its status and headers count.

        It has a connection of its own, since only a failed send shows that an idle one is dead. Raises NotSentError
        when nothing was written; whatever else is raised, the server may have acted on the body.
        """
        key, target = _split(request)
        connection = self._connection(key)
        connection.deadline = time.monotonic() + seconds
        try:
            try:
                connection.connect()
            except (OSError, HttpError) as e:
                raise NotSentError(e) from e
            sent_to, headers = _through_proxy(connection, request, target)
            headers = {**headers, "Connection": "close"}
            connection.request(str(request.method), sent_to, body=request.body, headers=headers)
            response = connection.getresponse()
            response.close()
            return response
        finally:
            connection.close()

    def close(self) -> None:
        """Closes the idle connections; those that are under way close when they are done."""
        with self._lock:
            self._is_closed = True
            idle = [connection for connections in self._idle.values() for connection in connections]
            self._idle.clear()
            self._idle_count = 0
        for connection in idle:
            connection.close()

    def _connection(self, key: _Key) -> _Connection:
        proxy = self._proxies.choose(*key) if self._proxies is not None else None
        return _Connection(key, self._tls, self._allowed, proxy)

    def _take_idle(self, key: _Key) -> _Connection | None:
        with self._lock:
            return self._pop_idle(key, -1) if key in self._idle else None

    def _keep_idle(self, connection: _Connection) -> None:
        connection.is_reused = True
        with self._lock:
            if self._is_closed:
                surplus: _Connection | None = connection
            else:
                self._idle.setdefault(connection.key, []).append(connection)
                self._idle.move_to_end(connection.key)
                self._idle_count += 1
                is_full = self._idle_count > MAX_IDLE_CONNECTIONS
                surplus = self._pop_idle(next(iter(self._idle)), 0) if is_full else None
        if surplus is not None:
            surplus.close()

    def _pop_idle(self, key: _Key, index: int) -> _Connection:
        connection = self._idle[key].pop(index)
        self._idle_count -= 1
        if not self._idle[key]:
            del self._idle[key]
        return connection


def _through_proxy(
    connection: _Connection, request: requests.PreparedRequest, target: str
) -> tuple[str, Mapping[str, str]]:
    """(target, headers) of a request: without TLS a proxy is told the whole address (RFC 9112, 3.2.2)."""
    if connection.proxy is None or connection.key[0] == "https":
        return target, request.headers
    login = connection.proxy.authorization
    headers = {**request.headers, "Proxy-Authorization": login} if login else request.headers
    return str(request.url).partition("#")[0], headers


def _split(request: requests.PreparedRequest) -> tuple[_Key, str]:
    """(which connections a request may use, its target: path and query)"""
    parts = urlsplit(str(request.url))
    port = parts.port or (443 if parts.scheme == "https" else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return (parts.scheme, parts.hostname or "", port), target

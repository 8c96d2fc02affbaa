"""A requests adapter over http.client: a third of the CPU time of the usual one, and a deadline that holds.

requests' own adapter spends most of a small request in urllib3's generality, makes an SSL context per host
(about 50 ms of CPU each), and its time-out starts anew with each byte received.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from podwatch.errors import HttpError
from podwatch.net.addresses import resolve
from podwatch.settings import type_network

IDLE_CONNECTIONS = 256


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until a deadline for the whole answer, however slowly it trickles."""

    def __init__(self, sock: socket.socket, link: _Connection, owner: _DeadlineSocket) -> None:
        self._sock, self._link, self._owner = sock, link, owner

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._owner.reader_closed()

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._link.left())
        return self._sock.recv_into(buffer)


class _DeadlineSocket:
    """What http.client asks of a socket, with the deadline of the request that is under way.

    http.client closes the socket of an answer that ends the connection before its body is read, and counts on the
    socket to stay open for as long as something reads from it.
    """

    def __init__(self, sock: socket.socket, link: _Connection) -> None:
        self._sock, self._link = sock, link
        self._readers, self._closed = 0, False

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(self._link.left())
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        self._readers += 1
        return io.BufferedReader(_DeadlineReader(self._sock, self._link, self), 65536)

    def reader_closed(self) -> None:
        self._readers -= 1
        if self._closed and not self._readers:
            self._sock.close()

    def close(self) -> None:
        self._closed = True
        if not self._readers:
            self._sock.close()


class _Connection:
    """One connection to one host, kept for the next request."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, allowed: Sequence[type_network]) -> None:
        self.deadline = 0.0
        self.host, self.port, self.tls, self.allowed = host, port, tls, allowed
        self.http = http.client.HTTPConnection(host, port)
        self.used = False

    def left(self) -> float:
        """Seconds until the deadline; raises TimeoutError when none are left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server took too long")
        return left

    def connect(self) -> None:
        error: OSError | None = None
        for family, address in resolve(self.host, self.port, self.allowed):
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(min(10.0, self.left()))
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.tls is not None:
                    sock.settimeout(self.left())
                    sock = self.tls.wrap_socket(sock, server_hostname=self.host)
            except OSError as e:
                sock.close()
                error = e
                continue
            self.http.sock = _DeadlineSocket(sock, self)
            return
        raise error or OSError("the host has no address")

    def close(self) -> None:
        self.http.close()


class NotSentError(Exception):
    """Nothing was written to the server; ``cause`` says why."""

    def __init__(self, cause: OSError | HttpError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class DeadlineAdapter(BaseAdapter):
    """Sends prepared requests; ``timeout`` is the deadline of the whole answer in seconds.

    The answer's ``raw`` is an http.client.HTTPResponse, undecoded. Read it to its end, or close it.
    Raises OSError, TimeoutError, ssl.SSLError, http.client.HTTPException, HttpError (address refused).
    """

    def __init__(self, allowed: Sequence[type_network] = (), tls: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self._allowed = tuple(allowed)
        self._tls = tls or ssl.create_default_context()
        self._idle: OrderedDict[tuple[str, str, int], list[_Connection]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        assert request.url is not None
        assert request.method is not None
        parts = urlsplit(request.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        key = (parts.scheme, parts.hostname or "", port)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        deadline = time.monotonic() + float(timeout or 30.0)
        while True:
            link = self._acquire(key)
            link.deadline = deadline
            kept = link.used
            try:
                if link.http.sock is None:
                    link.connect()
                link.http.request(request.method, target, headers=dict(request.headers))
                raw = link.http.getresponse()
            except (ConnectionError, http.client.RemoteDisconnected, http.client.CannotSendRequest):
                link.close()
                if kept and time.monotonic() < deadline:
                    continue  # the server had closed the kept connection: once more on a new one
                raise
            except BaseException:
                link.close()
                raise
            return _response(request, raw, link)

    def post(self, request: requests.PreparedRequest, timeout: float) -> requests.Response:
        """Sends a body, once, over a connection of its own: a kept one may be dead, and that shows only afterwards.

        Raises NotSentError when nothing was written; whatever else is raised, the server may have acted on it.
        """
        assert request.url is not None
        parts = urlsplit(request.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        link = _Connection(parts.hostname or "", port, self._tls if parts.scheme == "https" else None, self._allowed)
        link.deadline = time.monotonic() + timeout
        try:
            link.connect()
        except (OSError, HttpError) as e:
            link.close()
            raise NotSentError(e) from e
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = dict(request.headers) | {"Connection": "close"}
            link.http.request(request.method or "POST", target, body=request.body, headers=headers)
            raw = link.http.getresponse()
        except BaseException:
            link.close()
            raise
        return _response(request, raw, link)

    def release(self, response: requests.Response) -> None:
        """Keeps the connection for the next request, if the answer was read to its end."""
        link: _Connection = response.connection  # type: ignore[assignment]
        raw = cast(http.client.HTTPResponse, response.raw)
        complete = raw.isclosed() or raw.length == 0
        raw.close()
        if raw.will_close or not complete:
            link.close()
            return
        link.used = True
        key = ("https" if link.tls else "http", link.host, link.port)
        with self._lock:
            self._idle.setdefault(key, []).append(link)
            self._idle.move_to_end(key)
            self._count += 1
            drop = self._oldest() if self._count > IDLE_CONNECTIONS else None
        if drop is not None:
            drop.close()

    def close(self) -> None:
        with self._lock:
            links = [link for kept in self._idle.values() for link in kept]
            self._idle.clear()
            self._count = 0
        for link in links:
            link.close()

    def _acquire(self, key: tuple[str, str, int]) -> _Connection:
        with self._lock:
            kept = self._idle.get(key)
            if kept:
                self._count -= 1
                link = kept.pop()
                if not kept:
                    del self._idle[key]
                return link
        scheme, host, port = key
        return _Connection(host, port, self._tls if scheme == "https" else None, self._allowed)

    def _oldest(self) -> _Connection:
        key, kept = next(iter(self._idle.items()))
        link = kept.pop(0)
        self._count -= 1
        if not kept:
            del self._idle[key]
        return link


def _response(request: requests.PreparedRequest, raw: http.client.HTTPResponse, link: _Connection) -> requests.Response:
    response = requests.Response()
    response.status_code = raw.status
    response.headers = CaseInsensitiveDict(raw.headers.items())
    response.reason = raw.reason
    response.url = request.url or ""
    response.request = request
    response.raw = raw
    response.connection = link  # type: ignore[assignment]
    return response

"""The operator's HTTP proxy, where HTTP_PROXY, HTTPS_PROXY and NO_PROXY name one.

What a host's addresses may be is checked before the proxy is asked, so that a feed reaches the team's own servers no
more than without one. The proxy is asked for the host by its name, for which its rules are written, and looks it up
again: what it then connects to is its operator's affair.
"""

from __future__ import annotations

import base64
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from podwatch.settings import Settings

MAX_ANSWER = 16_384  # bytes of what a proxy answers to CONNECT


class ProxyError(OSError):
    """The proxy cannot be reached, or does not let a request through; never with its password."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """authorization: for Proxy-Authorization, or ""."""

    host: str
    port: int
    authorization: str


class Proxies:
    """Which proxy a request takes."""

    def __init__(self, settings: Settings) -> None:
        self._by_scheme = {
            scheme: _parse(address.reveal())
            for scheme, address in (("http", settings.http_proxy), ("https", settings.https_proxy))
            if address.reveal()
        }
        self._exempt = [entry.strip().lower().lstrip("*.") for entry in settings.no_proxy.split(",") if entry.strip()]

    def choose(self, scheme: str, host: str, port: int) -> Proxy | None:
        proxy = self._by_scheme.get(scheme)
        return None if proxy is None or any(_covers(entry, host.lower(), port) for entry in self._exempt) else proxy


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY means a host: "" all, its name or a domain above it, its network; with its port."""
    name, _, number = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
    if number and number != str(port):
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return not name or host == name or host.endswith(f".{name}")


def _parse(address: str) -> Proxy:
    parts = urlsplit(address)
    login = ""
    if parts.username is not None:
        plain = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login = "Basic " + base64.b64encode(plain.encode()).decode()
    return Proxy(parts.hostname or "", parts.port or 3128, login)


def connect(proxy: Proxy, seconds: float) -> socket.socket:
    """A connection to the proxy, which is the operator's own: its address is not checked."""
    try:
        return socket.create_connection((proxy.host, proxy.port), timeout=seconds)
    except OSError as e:
        raise ProxyError(f"the proxy cannot be reached: {e.strerror or e}") from None


def open_tunnel(sock: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    """Asks the proxy to pass on bytes to a host (RFC 9110, 9.3.6); the socket's time-out is the caller's."""
    to = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    login = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    sock.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{login}\r\n".encode("ascii"))
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)  # one, since what follows is the host's
        if not byte or len(answer) > MAX_ANSWER:
            raise ProxyError("the proxy does not answer as one")
        answer += byte
    status = answer.split(None, 2)[1:2]
    if not status or not status[0].startswith(b"2"):
        said = status[0][:10].decode("ascii", "replace") if status else "nothing"
        raise ProxyError(f"the proxy refuses with {said}")

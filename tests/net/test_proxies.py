"""The operator's HTTP proxy is used, after the addresses of a host were checked, and never shown with its password."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace

import pytest

from podwatch.errors import HttpError, SettingsError
from podwatch.net.client import HttpClient
from podwatch.net.proxies import Proxies
from podwatch.settings import Secret, Settings, from_environment
from tests.support.loopback_server import LoopbackServer, QuietHandler
from tests.support.mail_server import client_context, server_context


class ProxyServer(LoopbackServer):
    """An HTTP proxy that answers GET itself and passes CONNECT on to one address. Notes what it was asked."""

    def __init__(self, to: tuple[str, int] = ("127.0.0.1", 9), status: int = 200) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self._to, self._status = to, status
        super().__init__()
        self.with_login = self.address.replace("://", "://me:p%40ss@")

    def handler(self) -> type[QuietHandler]:
        asked, to, status = self.asked, self._to, self._status

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                asked.append((self.path, self.headers.get("Proxy-Authorization")))
                self.send_response(200)
                self.send_header("Content-Length", "7")
                self.end_headers()
                self.wfile.write(b"proxied")

            def do_CONNECT(self) -> None:
                asked.append((self.path, self.headers.get("Proxy-Authorization")))
                self.send_response(status)
                self.end_headers()
                self.close_connection = True
                if status == 200:
                    with socket.create_connection(to) as there:
                        back = threading.Thread(target=copy, args=(there, self.connection), daemon=True)
                        back.start()
                        copy(self.connection, there)
                        back.join()

        return Handler


def copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


LOGIN = "Basic bWU6cEBzcw=="  # me:p@ss


def test_a_proxy_is_asked_for_the_whole_address(settings: Settings) -> None:
    with ProxyServer() as proxy:
        client = HttpClient(replace(settings, http_proxy=Secret(proxy.with_login), no_proxy="localhost"))
        assert [client.get("http://127.0.0.1:9/feed.xml?a=1").body for _ in range(2)] == [b"proxied"] * 2
        assert proxy.asked == [("http://127.0.0.1:9/feed.xml?a=1", LOGIN)] * 2
        with pytest.raises(HttpError, match="the connection failed"):
            client.get("http://localhost:9/")
        client.close()


def test_an_internal_address_is_refused_before_the_proxy_is_asked(settings: Settings) -> None:
    with ProxyServer() as proxy:
        client = HttpClient(replace(settings, http_proxy=Secret(proxy.with_login), allow_addresses=()))
        for host in ("127.0.0.1:9", "10.0.0.1", "169.254.169.254", "localhost"):
            with pytest.raises(HttpError, match="is not a public address"):
                client.get(f"http://{host}/")
        assert proxy.asked == []


def test_https_goes_through_a_tunnel_with_the_hosts_own_certificate(settings: Settings) -> None:
    server_tls = server_context()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with server_tls.wrap_socket(listener.accept()[0], server_side=True) as c:
            c.recv(65536)
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")

    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    with ProxyServer(("127.0.0.1", port)) as proxy:
        client = HttpClient(replace(settings, https_proxy=Secret(proxy.with_login)), client_context())
        assert client.get(f"https://127.0.0.1:{port}/").body == b"secret"
        assert proxy.asked == [(f"127.0.0.1:{port}", LOGIN)]
        client.close()
    listener.close()


def test_a_proxy_that_refuses_or_is_away_is_one_line_without_its_password(settings: Settings) -> None:
    with ProxyServer(status=403) as proxy:
        refusing = replace(settings, https_proxy=Secret(proxy.with_login))
        away = replace(settings, https_proxy=Secret("http://me:p%40ss@127.0.0.1:1"))
        for chosen, expected in ((refusing, "the proxy refuses with 403"), (away, "the proxy cannot be reached")):
            with pytest.raises(HttpError, match=expected) as e:
                HttpClient(chosen).get("https://127.0.0.1:9/")
            assert "p%40ss" not in e.value.line


# NO_PROXY, and the hosts that it exempts of a.example, b.a.example, xa.example, 10.1.2.3 and ::1.
EXEMPT = {
    "": set(),
    "*": {"a.example", "b.a.example", "xa.example", "10.1.2.3", "::1"},
    "a.example": {"a.example", "b.a.example"},
    ".a.example": {"a.example", "b.a.example"},
    "*.a.example, 10.0.0.0/8": {"a.example", "b.a.example", "10.1.2.3"},
    "A.EXAMPLE:443": {"a.example", "b.a.example"},
    "a.example:80": set(),
    "10.1.2.3,::1": {"10.1.2.3", "::1"},
}


@pytest.mark.parametrize("no_proxy", EXEMPT)
def test_no_proxy_exempts_hosts_domains_and_networks(no_proxy: str, settings: Settings) -> None:
    proxies = Proxies(replace(settings, https_proxy=Secret("http://p.example"), no_proxy=no_proxy))
    hosts = ("a.example", "b.a.example", "xa.example", "10.1.2.3", "::1")
    assert {h for h in hosts if proxies.choose("https", h, 443) is None} == EXEMPT[no_proxy]
    assert proxies.choose("http", "a.example", 80) is None


def test_the_proxies_of_the_system_are_taken_and_a_wrong_one_is_named() -> None:
    found = from_environment({"HTTP_PROXY": "proxy:3128", "https_proxy": "http://p.example", "HTTPS_PROXY": "http://x"})
    assert (found.http_proxy.reveal(), found.https_proxy.reveal()) == ("http://proxy:3128", "http://p.example")
    for wrong in ("socks5://p.example", "https://p.example", "http://"):
        with pytest.raises(SettingsError, match="HTTPS_PROXY"):
            from_environment({"HTTPS_PROXY": wrong})

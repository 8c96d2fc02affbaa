"""podwatch serve: the page alone, without Airflow."""

from __future__ import annotations

import getpass
import ipaddress
import socket
from contextlib import closing
from typing import Annotated

from podwatch.commands import cli
from podwatch.commands.output import load_settings, print_stderr, utc_now
from podwatch.errors import PodwatchError

SHORTEST_TOKEN = 16


def serve(
    host: Annotated[
        str, cli.Option("--host", help="The address to listen at; any but loopback needs PODWATCH_PAGE_TOKEN.")
    ] = "127.0.0.1",
    port: Annotated[int, cli.Option("--port", min=1, max=65535)] = 8090,
    prefix: Annotated[str, cli.Option("--prefix", help="The path at which a proxy shows it: /podwatch.")] = "",
) -> None:
    """Serves the page, until it is stopped.

    Alerts, episodes to read and hear, watches, feeds, coverage, and the same as a JSON API.

    Example: podwatch serve --port 8090
    """
    import uvicorn

    from podwatch.runtime import build
    from podwatch.web.access import Access, LoopbackAccess, TokenAccess
    from podwatch.web.application import create_app

    settings = load_settings()
    token = settings.page_token.reveal()
    if not token and not is_loopback(host):
        raise PodwatchError(
            "is needed to serve the page at an address that others reach",
            where="PODWATCH_PAGE_TOKEN",
            todo="set it to a long random value, or leave out --host",
        )
    if token and len(token) < SHORTEST_TOKEN:
        what = f"is shorter than {SHORTEST_TOKEN} characters"
        raise PodwatchError(what, where="PODWATCH_PAGE_TOKEN", todo="set it to a long random value")
    access: Access = TokenAccess(token) if token else LoopbackAccess(_user_name())
    check_free(host, port)
    rt = build(settings)  # what is wrong with the database is said now, not in the browser
    app = create_app(
        lambda: rt,
        access,
        utc_now,
        loopback_audio=any(n.is_loopback for n in settings.allow_addresses),
        root_path="/" + prefix.strip("/") if prefix.strip("/") else "",
    )
    shown = f"[{host}]" if ":" in host else host
    print_stderr(f"the page is at http://{shown}:{port}{app.root_path}/ - Ctrl-C ends it")
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def check_free(host: str, port: int) -> None:
    """Raises PodwatchError when nothing can listen there."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with closing(socket.socket(family, kind)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as e:
        where = f"{host}:{port}"
        raise PodwatchError(
            f"cannot be listened at ({e.strerror or e})", where=where, todo="give another --port"
        ) from None


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "local"

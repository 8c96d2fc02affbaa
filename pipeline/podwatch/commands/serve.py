"""podwatch serve: the page alone, without Airflow."""

from __future__ import annotations

import getpass
import ipaddress
import os
import socket
import sys
from typing import Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import emit_json, load_settings, print_stderr, utc_now
from podwatch.errors import PodwatchError

SHORTEST_TOKEN = 16


def serve(
    host: Annotated[
        str, cli.Option("--host", help="The address to listen at; any but loopback needs PODWATCH_PAGE_TOKEN.")
    ] = "127.0.0.1",
    port: Annotated[int, cli.Option("--port", min=1, max=65535)] = 8090,
    prefix: Annotated[str, cli.Option("--prefix", help="The path at which a proxy shows it: /podwatch.")] = "",
    json: Json = False,
) -> None:
    """Serves the page, until it is stopped.

    Alerts, episodes to read and hear, watches, feeds, coverage, and the same as a JSON API.

    Example: podwatch serve --port 8090
    """
    import uvicorn

    from podwatch.runtime import build
    from podwatch.web.access import Access, LoopbackAccess, TokenAccess
    from podwatch.web.application import YOUNG, create_app

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
    listening = listen_at(host, port)
    rt = build(settings)  # what is wrong with the database is said now, not in the browser
    app = create_app(
        lambda: rt,
        access,
        utc_now,
        loopback_audio=any(n.is_loopback for n in settings.allow_addresses),
        root_path="/" + prefix.strip("/") if prefix.strip("/") else "",
        young=YOUNG,
    )
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}{app.root_path}/"
    if json:
        emit_json({"url": address})
        sys.stdout.flush()
    else:
        print_stderr(f"the page is at {address} - Ctrl-C ends it")
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # it has ended what was under way


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def listen_at(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises PodwatchError when nothing can."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family, backlog=128)
    except OSError as e:
        why = os.strerror(e.errno) if e.errno and e.errno > 0 else e.strerror or str(e)  # Python adds the address
        what = f"cannot be listened at ({why})"
        raise PodwatchError(what, where=f"{host}:{port}", todo="give another --port") from None


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "local"

"""podwatch mcp --http: the same tools over HTTP, for agents on other machines, behind a token that each one brings."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from podwatch.errors import PodwatchError
from podwatch.settings import Secret

if TYPE_CHECKING:
    import socket

    from mcp.server.mcpserver import MCPServer

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
PATH = "/mcp"
SHORTEST_TOKEN = 16
MOST_BYTES = 200_000  # of a request: a question, and no document
VARIABLE = "PODWATCH_MCP_TOKEN"


class TokenGate:
    """Lets in requests that bring the token, and answers all others 401. Pure ASGI."""

    def __init__(self, app: App, token: Secret) -> None:
        self._app, self._token = app, token.reveal().encode()

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and self._is_right(scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            body = json.dumps({"error": "the token is wanted: Authorization: Bearer ..."}).encode()
            headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def _is_right(self, scope: Message) -> bool:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        scheme, _, token = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
        return scheme.lower() == b"bearer" and secrets.compare_digest(token.strip(), self._token)


def check_token(token: Secret) -> None:
    """Raises PodwatchError for one that does not protect anything."""
    todo = "set it to a long random value, and give it to the agent"
    if not token.reveal():
        raise PodwatchError("is needed: over HTTP whoever reaches the port could read all", where=VARIABLE, todo=todo)
    if len(token.reveal()) < SHORTEST_TOKEN:
        raise PodwatchError(f"is shorter than {SHORTEST_TOKEN} characters", where=VARIABLE, todo=todo)


def serve_http(server: MCPServer[Any], token: Secret, listening: socket.socket) -> None:
    """Answers until it is stopped. Each request stands alone: nothing is kept between two."""
    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    # A site in somebody's browser may point its own name here, and has no token.
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=MOST_BYTES,
        transport_security=security,
    )
    gate: Any = TokenGate(app, token)
    config = uvicorn.Config(gate, log_level="warning", access_log=False, server_header=False)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # it has ended what was under way

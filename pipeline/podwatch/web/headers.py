"""What every response carries and no request may exceed: security headers, an ETag, a limit; and what a change leaves.

Pure ASGI.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from podwatch.web.access import CHANGED_COOKIE, SAFE_METHODS

CHANGED_SECONDS = 35  # longer than any view is shown to others after a change
MAX_BODY = 4_000_000  # bytes of a request: an OPML file with some thousand feeds
_TAGGED = ("text/html", "application/json", "application/atom+xml", "text/csv")


def content_policy(loopback_audio: bool) -> str:
    """No script, style or frame that is not ours, and audio from wherever publishers keep it."""
    media = "https:" + (" http://127.0.0.1:* http://localhost:*" if loopback_audio else "")
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"media-src {media}; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    )


class SecurityHeaders:
    """Adds to each response what tells the browser to trust nothing that is not of the page itself."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "x-frame-options": "SAMEORIGIN",
            "cross-origin-opener-policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "private, no-cache")
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)


class ChangeMarks:
    """After a change drops the views that were rendered here, and tells other processes of this server by a cookie of
    some seconds that whoever made it is to see it."""

    def __init__(self, app: ASGIApp, forget: Callable[[], None]) -> None:
        self._app, self._forget = app, forget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                self._forget()
                path = f"{scope.get('root_path', '')}/"
                cookie = f"{CHANGED_COOKIE}=1; Max-Age={CHANGED_SECONDS}; Path={path}; HttpOnly; SameSite=Lax"
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self._app(scope, receive, mark)


class EntityTags:
    """Gives each readable document an ETag, and answers 304 to whoever has that already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        known = {t.strip().removeprefix("W/") for t in Headers(scope=scope).get("if-none-match", "").split(",")}
        start: Message = {}
        body: list[bytes] = []

        async def hold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                if message["status"] != 200 or not kind.startswith(_TAGGED):
                    await send(message)
                else:
                    start = message
                return
            if not start:
                await send(message)
                return
            body.append(message.get("body", b""))
            if not message.get("more_body", False):
                await _send_tagged(start, b"".join(body), known, send)

        await self._app(scope, receive, hold)


async def _send_tagged(start: Message, body: bytes, known: set[str], send: Send) -> None:
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = MutableHeaders(scope=start)
    headers["etag"] = f"W/{tag}"
    if tag in known:
        for name in ("content-length", "content-type"):
            del headers[name]
        await send({**start, "status": 304})
        body = b""
    else:
        await send(start)
    await send({"type": "http.response.body", "body": body})


class BodyLimit:
    """Refuses a request whose body is larger than any form of the page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "0")
        if not said.isdecimal() or int(said) > MAX_BODY:
            await _refuse(send)
            return
        read = 0

        async def count() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            return message if read <= MAX_BODY else {"type": "http.disconnect"}

        await self._app(scope, count, send)


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"podwatch: more than 4 MB in one request\n"})

"""Who is asking, and what they may do. Each place that serves the page brings its own answer."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, HTTPException, Request

OPEN = "podwatch_open"  # an attribute of the few endpoints that anybody may ask
CSRF_COOKIE = "podwatch_csrf"
SESSION_COOKIE = "podwatch_session"
CHANGED_COOKIE = "podwatch_changed"  # for some seconds, with whoever has changed something
API_HEADER = "x-requested-with"  # no form of another site can send it
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may at least read. id: noted with their answers and changes.

    ambient: their browser proves who they are by itself (a cookie, or nothing at all on loopback), so that another site
    could have it ask in their name.
    """

    id: str
    name: str
    may_change: bool
    ambient: bool = True


class Access(Protocol):
    """Finds out who asks. Raises HTTPException 403 for somebody who is known and may not read."""

    async def identify(self, request: Request) -> Visitor | None:
        """None for somebody who is not logged in."""
        ...

    def login_address(self, request: Request) -> str | None:
        """Where to log in; None when there is no such place."""
        ...


class LoopbackAccess:
    """Of `podwatch serve` on loopback without a token: whoever reaches it is the user of this machine.

    The Host has to be a name of this machine, or a site whose name an attacker points to 127.0.0.1 could read the page.
    """

    def __init__(self, user: str) -> None:
        self._user = user

    async def identify(self, request: Request) -> Visitor | None:
        host = request.headers.get("host", "")
        name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        if name.lower() not in LOOPBACK_NAMES:
            raise HTTPException(403, "this address is not one of this machine's: open http://127.0.0.1")
        return Visitor(self._user, self._user, may_change=True)

    def login_address(self, request: Request) -> str | None:
        return None


class TokenAccess:
    """Of `podwatch serve` with PODWATCH_PAGE_TOKEN: typed once into the page, or sent as a bearer token.

    The cookie holds a keyed hash, so that it is no token and ends when the token is changed.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self.session = hmac.new(self._token, b"podwatch page session", hashlib.sha256).hexdigest()

    def is_right(self, token: str) -> bool:
        return secrets.compare_digest(token.encode("utf-8", "replace"), self._token)

    async def identify(self, request: Request) -> Visitor | None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return Visitor("token", "token", may_change=True, ambient=False) if self.is_right(given.strip()) else None
        cookie = request.cookies.get(SESSION_COOKIE, "").encode("utf-8", "replace")
        if secrets.compare_digest(cookie, self.session.encode()):
            return Visitor("page", "page", may_change=True)
        return None

    def login_address(self, request: Request) -> str | None:
        return f"{request.scope.get('root_path', '')}/login"


def open_to_anybody(endpoint: F) -> F:
    """Marks an endpoint that tells nobody anything, or has a proof of its own."""
    setattr(endpoint, OPEN, True)
    return endpoint


async def authorise(request: Request) -> AsyncIterator[None]:
    """A dependency of the whole application: without it no route answers. Leaves the visitor in request.state."""
    try:
        if not getattr(request.scope.get("endpoint"), OPEN, False):
            await _admit(request)
        yield
    finally:
        await request.close()  # the files of a form


async def _admit(request: Request) -> None:
    access: Access = request.app.state.page.access
    visitor = await access.identify(request)
    if visitor is None:
        raise HTTPException(401, "not logged in", headers={"WWW-Authenticate": "Bearer"})
    request.state.visitor = visitor
    if request.method in SAFE_METHODS:
        return
    if not visitor.may_change:
        raise HTTPException(403, "you may read this page, and not change anything")
    await check_origin(request, visitor)


async def check_origin(request: Request, visitor: Visitor) -> None:
    """Refuses a change that another site had the visitor's browser ask for."""
    if not visitor.ambient:
        return
    site = request.headers.get("sec-fetch-site", "same-origin")  # older browsers and programs do not say it
    if site != "same-origin":
        raise HTTPException(403, "this change was asked for by another site")
    if "/api/" in request.url.path and request.headers.get(API_HEADER):
        return
    cookie = request.cookies.get(CSRF_COOKIE, "")
    given = request.headers.get("x-podwatch-csrf") or str((await request.form()).get("csrf", ""))
    if not cookie or not secrets.compare_digest(cookie.encode("utf-8", "replace"), given.encode("utf-8", "replace")):
        raise HTTPException(403, "the form is too old, or from elsewhere: load the page again")


def current_visitor(request: Request) -> Visitor:
    visitor: Visitor = request.state.visitor
    return visitor


async def _visitor_of(request: Request) -> Visitor:  # async: FastAPI would give each plain one a thread
    return current_visitor(request)


VisitorDep = Annotated[Visitor, Depends(_visitor_of)]

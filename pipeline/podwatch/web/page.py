"""What every view needs: the runtime, who may enter, the clock, and how a template becomes a response."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from podwatch.runtime import Runtime
from podwatch.store.database import Store
from podwatch.web.access import CSRF_COOKIE, Access
from podwatch.web.backtests import BacktestJobs
from podwatch.web.rendering import build_environment


class Page:
    """One for an application. The runtime is opened by the first request, since the server may start before its
    database does."""

    def __init__(self, open_runtime: Callable[[], Runtime], access: Access, clock: Callable[[], datetime]) -> None:
        self.access, self.clock = access, clock
        self._open_runtime, self._lock = open_runtime, Lock()
        self._rt: Runtime | None = None
        self._environment = build_environment()
        self.backtests = BacktestJobs()

    @property
    def rt(self) -> Runtime:
        with self._lock:
            if self._rt is None:
                self._rt = self._open_runtime()
            return self._rt

    @property
    def store(self) -> Store:
        return self.rt.store

    def close(self) -> None:
        self.backtests.close()
        with self._lock:
            if self._rt is not None:
                self._rt.close()
                self._rt = None

    def render(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A template as a response, with the token that its forms send back."""
        token = request.cookies.get(CSRF_COOKIE, "")
        fresh = "" if 20 <= len(token) <= 64 and token.isascii() and token.isprintable() else secrets.token_urlsafe(24)
        base = request.scope.get("root_path", "")
        text = self._environment.get_template(template).render(
            base=base,
            csrf=fresh or token,
            visitor=getattr(request.state, "visitor", None),
            path=request.url.path.removeprefix(base),
            here=relative_address(request),
            now=self.clock(),
            **values,
        )
        response = HTMLResponse(text, status_code=status)
        if fresh:
            secure = request.url.scheme == "https"
            response.set_cookie(
                CSRF_COOKIE, fresh, path=f"{base}/", httponly=True, samesite="strict", secure=secure, max_age=86400 * 30
            )
        return response


def relative_address(request: Request) -> str:
    """The path below the page's own prefix, with its query: where a form leads back to."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return f"{path}?{request.url.query}" if request.url.query else path


def go_to(request: Request, path: str, **query: Any) -> RedirectResponse:
    """Leads on to a view after a change. path: below the page's prefix; anything else leads to its first view.

    query: added to the path.
    """
    if not path.startswith("/") or path.startswith(("//", "/\\")) or any(c < " " or c == "\\" for c in path):
        path = "/alerts"
    where, _, fragment = path.partition("#")
    if query:
        where += ("&" if "?" in where else "?") + urlencode(query)
    return RedirectResponse(f"{request.scope.get('root_path', '')}{where}{f'#{fragment}' if fragment else ''}", 303)


def query_of(values: Mapping[str, Any]) -> str:
    """The query of an address, without what is not set."""
    return urlencode({k: v for k, v in values.items() if v not in (None, "")})


def page_of(request: Request) -> Page:
    page: Page = request.app.state.page
    return page


def own_address(request: Request) -> str:
    """Where the page is as the reader reached it, with its prefix and without a slash at the end."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


async def form_of(request: Request) -> FormData:
    return await request.form()


PageDep = Annotated[Page, Depends(page_of)]
FormDep = Annotated[FormData, Depends(form_of)]

"""What every view needs: the runtime, who may enter, the clock, and how a template becomes a response."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import wraps
from threading import Lock
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import escape
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from podwatch.runtime import Runtime
from podwatch.store.data_version import DataVersion
from podwatch.store.database import Store
from podwatch.web.access import CHANGED_COOKIE, CSRF_COOKIE, Access, Visitor, current_visitor
from podwatch.web.backtests import BacktestJobs
from podwatch.web.rendering import build_environment, clean
from podwatch.web.view_cache import Version, ViewCache


class ViewResponse(HTMLResponse):
    """A rendered view. marked: its text with marks instead of the reader's own token and name."""

    marked = ""


class Page:
    """One for an application. The runtime is opened by the first request, since the server may start before its
    database does."""

    def __init__(
        self,
        open_runtime: Callable[[], Runtime],
        access: Access,
        clock: Callable[[], datetime],
        young: timedelta = timedelta(0),
    ) -> None:
        self.access, self.clock = access, clock
        self._open_runtime, self._lock = open_runtime, Lock()
        self._rt: Runtime | None = None
        self._version: DataVersion | None = None
        self._environment = build_environment()
        self.views = ViewCache(self._read_version, clock, young)
        # Where a reader's own token and name go in a view that is kept: nobody who writes a feed knows these marks.
        self._token_mark, self._name_mark = (f"mark-{secrets.token_hex(16)}" for _ in range(2))
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

    def _read_version(self) -> Version | None:
        store = self.store
        with self._lock:
            if self._version is None:
                self._version = DataVersion(store)
            version = self._version
        return version.read()

    def close(self) -> None:
        self.backtests.close()
        with self._lock:
            if self._version is not None:
                self._version.close()
                self._version = None
            if self._rt is not None:
                self._rt.close()
                self._rt = None

    def render(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A template as a response, with the token that its forms send back."""
        base = request.scope.get("root_path", "")
        visitor: Visitor | None = getattr(request.state, "visitor", None)
        marked = self._environment.get_template(template).render(
            base=base,
            csrf=self._token_mark,
            visitor=visitor and replace(visitor, name=self._name_mark),
            path=request.url.path.removeprefix(base),
            here=relative_address(request),
            now=self.clock(),
            **values,
        )
        return self.complete(request, marked, status)

    def complete(self, request: Request, marked: str, status: int = 200) -> ViewResponse:
        """A view as a response to this reader."""
        token = request.cookies.get(CSRF_COOKIE, "")
        fresh = "" if 20 <= len(token) <= 64 and token.isascii() and token.isprintable() else secrets.token_urlsafe(24)
        visitor: Visitor | None = getattr(request.state, "visitor", None)
        text = marked.replace(self._token_mark, escape(fresh or token))
        text = text.replace(self._name_mark, escape(clean(visitor.name if visitor else "")))
        response = ViewResponse(text, status_code=status)
        response.marked = marked
        if fresh:
            secure = request.url.scheme == "https"
            path = f"{request.scope.get('root_path', '')}/"
            response.set_cookie(
                CSRF_COOKIE, fresh, path=path, httponly=True, samesite="strict", secure=secure, max_age=86400 * 30
            )
        return response


def cached_view(show: Callable[..., Response]) -> Callable[..., Awaitable[Response]]:
    """An endpoint whose view is kept for as long as nothing has changed.

    It may depend on its address, on what is stored and on the clock, and on nothing of the reader but whether they may
    change something.
    """

    @wraps(show)
    async def show_cached(*, request: Request, page: Page, **rest: Any) -> Response:
        made: list[Response] = []

        def render() -> str | None:
            made.append(show(request=request, page=page, **rest))
            kept = isinstance(made[0], ViewResponse) and made[0].status_code == 200
            return made[0].marked if kept and isinstance(made[0], ViewResponse) else None

        visitor = current_visitor(request)
        key = (request.scope.get("root_path", ""), relative_address(request), visitor.may_change)
        must_be_new = CHANGED_COOKIE in request.cookies
        marked = None if must_be_new else page.views.peek(key)
        if marked is None:
            marked = await run_in_threadpool(page.views.read, key, render, must_be_new=must_be_new)
        return made[0] if made else page.complete(request, marked or "")

    return show_cached


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


async def page_of(request: Request) -> Page:  # async: FastAPI would give each plain one a thread
    page: Page = request.app.state.page
    return page


def own_address(request: Request) -> str:
    """Where the page is as the reader reached it, with its prefix and without a slash at the end."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


async def form_of(request: Request) -> FormData:
    return await request.form()


PageDep = Annotated[Page, Depends(page_of)]
FormDep = Annotated[FormData, Depends(form_of)]

"""Builds the page: one ASGI application, which Airflow mounts under a prefix and `podwatch serve` serves alone."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache

from anyio import to_thread
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import BaseRoute

from podwatch.errors import PodwatchError, StoreError
from podwatch.runtime import Runtime
from podwatch.store.database import FAILURES, explain_failure
from podwatch.web import (
    alerts,
    api,
    changes,
    coverage,
    editor,
    episodes,
    feeds,
    login,
    metrics,
    search,
    search_api,
    subscription_api,
    subscriptions,
    trends,
    watch_api,
    watch_edit_api,
    watches,
)
from podwatch.web.access import Access, authorise, open_to_anybody
from podwatch.web.headers import BodyLimit, ChangeMarks, EntityTags, SecurityHeaders, content_policy
from podwatch.web.page import Page, relative_address
from podwatch.web.rendering import FOLDER

log = logging.getLogger("podwatch")
ROUTERS = (alerts.router, subscriptions.router, episodes.router, editor.router, watches.router, feeds.router,
           coverage.router, changes.router, search.router, login.router, api.router, search_api.router,
           watch_api.router, watch_edit_api.router, subscription_api.router, trends.router, metrics.router)  # fmt: skip

YOUNG = timedelta(seconds=2)  # of a view that is shown although something has changed, but to whoever changed it
COMPRESSION = 4  # the default of 9 takes three times as long for a tenth fewer bytes
THREADS = 6  # of requests under way at once where it is served alone: with 40 of them fifty readers wait twice as long


def create_app(
    open_runtime: Callable[[], Runtime],
    access: Access,
    clock: Callable[[], datetime],
    *,
    loopback_audio: bool = False,
    root_path: str = "",
    young: timedelta = timedelta(0),
) -> FastAPI:
    """The page. open_runtime: called by the first request that needs it. loopback_audio: audio on this machine plays.

    young: for so long a view is shown to others although something has changed meanwhile.

    root_path: the prefix that a proxy strips; where it is mounted, the outer application says it.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield
        app.state.page.close()

    app = FastAPI(
        title="podwatch",
        version="1",
        description="What podwatch found, heard and missed. A change needs the header X-Requested-With.",
        root_path=root_path,
        openapi_url=None,  # served by a route of api.py, which asks who is there
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.page = page = Page(open_runtime, access, clock, young)
    app.router.routes.extend(_build_routes())
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    app.add_exception_handler(StarletteHTTPException, show_refusal)
    app.add_exception_handler(RequestValidationError, show_mistake)
    app.add_exception_handler(PodwatchError, show_failure)
    for failure in FAILURES:
        app.add_exception_handler(failure, show_failure)
    app.add_middleware(EntityTags)
    app.add_middleware(ChangeMarks, forget=page.views.forget)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=COMPRESSION)
    app.add_middleware(SecurityHeaders, policy=content_policy(loopback_audio))
    app.add_middleware(BodyLimit)
    return app


@cache
def _build_routes() -> tuple[BaseRoute, ...]:
    """The routes of every application of this process; each asks first who is there.

    They take their page from the application that a request came to. FastAPI analyses each one's parameters, which
    takes a quarter of a second for all: once.
    """
    every = APIRouter(dependencies=[Depends(authorise)])
    for router in ROUTERS:
        every.include_router(router)
    every.add_api_route("/health", tell_health, methods=["GET"], include_in_schema=False)
    return tuple(every.routes)


@open_to_anybody
def tell_health() -> dict[str, str]:
    """That the server answers, and nothing of what it holds."""
    return {"status": "ok"}


def show_refusal(request: Request, e: Exception) -> Response:
    """A status with its reason: as JSON for programs, as a page for people."""
    assert isinstance(e, StarletteHTTPException)
    page: Page = request.app.state.page
    if _wants_json(request):
        return JSONResponse({"detail": e.detail}, e.status_code, headers=e.headers)
    link, text = None, str(e.detail)
    heading = {401: "Not logged in", 403: "Not allowed", 404: "Not here"}.get(e.status_code, "That did not work")
    if e.status_code == 401:
        link, text = page.access.login_address(request), "This page shows what your team watches: log in first."
        if link and request.method == "GET":
            from urllib.parse import quote

            link += ("&" if "?" in link else "?") + "next=" + quote(next_address(request), safe="")
    elif e.status_code == 404 and text == "Not Found":
        text = "There is no such page."
    return page.render(
        request, "message.html", e.status_code, heading=heading, text=text, link=link or f"{_base(request)}/alerts",
        link_text="Log in" if e.status_code == 401 and link else "To the alerts",
    )  # fmt: skip


def show_mistake(request: Request, e: Exception) -> Response:
    """A value of the API that does not fit its form."""
    assert isinstance(e, RequestValidationError)
    first = e.errors()[0]
    where = ".".join(str(part) for part in first.get("loc", ()))
    return JSONResponse({"detail": f"{where}: {first.get('msg', 'does not fit')}"}, 422)


def show_failure(request: Request, e: Exception) -> Response:
    """An expected failure: its line."""
    known = e if isinstance(e, PodwatchError) else explain_failure(e)
    if known is None:
        raise e
    status = 503 if isinstance(known, StoreError) else 400
    if status == 503:
        log.error("podwatch: %s", known.line)
    if _wants_json(request):
        return JSONResponse({"detail": known.line}, status)
    page: Page = request.app.state.page
    return page.render(
        request, "message.html", status, heading="That did not work", text=known.line,
        link=f"{_base(request)}/alerts", link_text="To the alerts",
    )  # fmt: skip


def next_address(request: Request) -> str:
    """Where a login leads back to: below the server's own address, with the prefix of the page."""
    return _base(request) + relative_address(request)


def _base(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "/api/" in request.url.path or ("application/json" in accept and "text/html" not in accept)

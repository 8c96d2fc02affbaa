"""The page of podwatch inside Airflow: behind Airflow's login, under /podwatch of its own site.

An application that a plugin mounts has no authentication of its own: AirflowAccess asks Airflow's for each request, who
it is and whether they may read, or change, the DAG podwatch. Airflow loads this file in every component and task, so
nothing is imported before the first request: FastAPI alone would cost each of them seconds.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from podwatch_airflow.connections import hiding_file, podwatch_variables

if TYPE_CHECKING:
    from fastapi import Request

    from podwatch.runtime import Runtime
    from podwatch.web.access import Visitor

DAG = "podwatch"
PREFIX = "/podwatch"
NAME = "podwatch"

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


class LazyPage:
    """The page as an ASGI application that is built when the first request comes in: in the API server alone."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._app: App | None = None

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if self._app is None and (file := hiding_file()):  # this process is the team's, too: nothing is put right here
            await _refuse(send, f"podwatch: {file} hides the library podwatch - give that file another name\n")
            return
        if self._app is None:
            from starlette.concurrency import run_in_threadpool

            await run_in_threadpool(self._build)
        assert self._app is not None
        await self._app(scope, receive, send)

    def _build(self) -> None:
        with self._lock:
            if self._app is None:
                self._app = build_page()


async def _refuse(send: Callable[[Message], Awaitable[None]], line: str) -> None:
    head = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 503, "headers": head})
    await send({"type": "http.response.body", "body": line.encode()})


def build_page() -> App:
    from datetime import UTC, datetime

    from podwatch import settings
    from podwatch.web.application import YOUNG, create_app

    loopback = any(n.is_loopback for n in settings.from_environment(os.environ).allow_addresses)
    access = AirflowAccess()
    app: App = create_app(open_runtime, access, lambda: datetime.now(UTC), loopback_audio=loopback, young=YOUNG)
    return app


def open_runtime() -> Runtime:
    """The runtime of the variables of the API server, and of the Airflow connections where they are silent."""
    from podwatch import runtime, settings

    return runtime.build(settings.from_environment(podwatch_variables(os.environ)))


class AirflowAccess:
    """Who is logged in to Airflow. Whoever may read the DAG podwatch reads; whoever may edit it changes."""

    async def identify(self, request: Request) -> Visitor | None:
        from airflow.api_fastapi.core_api.security import get_user, requires_access_dag
        from fastapi import HTTPException
        from fastapi.security import HTTPBearer
        from starlette.concurrency import run_in_threadpool

        from podwatch.web.access import Visitor

        bearer = await HTTPBearer(auto_error=False)(request)
        try:
            user = await get_user(request, None, bearer)
        except HTTPException:  # no token, one that has expired, one that is none
            return None
        await run_in_threadpool(requires_access_dag("GET", param_dag_id=DAG), request, user)  # raises 403
        try:
            await run_in_threadpool(requires_access_dag("PUT", param_dag_id=DAG), request, user)
            may_change = True
        except HTTPException:
            may_change = False
        return Visitor(f"airflow:{user.get_id()}", user.get_name(), may_change, ambient=bearer is None)

    def login_address(self, request: Request) -> str | None:
        from airflow.api_fastapi.app import get_auth_manager

        return get_auth_manager().get_url_login()


def menu_entry() -> dict[str, Any]:
    """Airflow's menu leads to the page in a tab of its own: in a frame its addresses could not be shared, and no link
    would lead out of it."""
    here = find_prefix()
    icon = f"{here}/static/icon.svg"
    return {"name": NAME, "href": f"{here}/alerts", "icon": icon, "destination": "nav", "category": "browse"}


def find_prefix() -> str:
    """The path of the page in Airflow's site, which may itself be below a path."""
    from airflow.configuration import conf

    return urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/") + PREFIX

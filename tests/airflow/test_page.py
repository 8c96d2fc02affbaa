"""The page inside a real Airflow: its login and its rights decide, and no task pays for it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from podwatch import runtime
from podwatch.settings import Secret, Settings
from tests.support.airflow_programs import run_program
from tests.support.page_visitors import find_mentions, store_show
from tests.support.real_airflow import ROOT, Airflow, prepare_home

ANSWER = b"verdict=wrong"


@dataclass
class Site:
    """A running API server, and how to ask it."""

    url: str
    tokens: dict[str, str]

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, str]:
        request = urllib.request.Request(
            self.url + path, body, {k.replace("_", "-"): v for k, v in headers.items()}, method=method
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as e:
            with e:
                return e.code, e.read().decode()

    def log_in(self, user: str, password: str) -> None:
        body = json.dumps({"username": user, "password": password}).encode()
        _, text = self.ask("/auth/token", "POST", body, Content_Type="application/json")
        self.tokens[user] = json.loads(text)["access_token"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("page")
    now = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
    with runtime.build(
        Settings(home=home, database_url=Secret(f"sqlite:///{home / 'podwatch.db'}"), entities=False)
    ) as rt:
        store_show(rt, now, ["the grain"])
        find_mentions(rt, now)
    users = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,vera:viewer"}
    airflow = Airflow(
        prepare_home(home / "airflow"),
        {"PODWATCH_HOME": str(home), "PYTHONPATH": f"{ROOT / 'pipeline'}:{ROOT}", **users},
    )
    with ApiServerAlone(airflow):
        passwords = json.loads((home / "airflow/simple_auth_manager_passwords.json.generated").read_text())
        found = Site(airflow.api.url, {})
        for user in ("admin", "vera"):
            found.log_in(user, passwords[user])
        yield found


class ApiServerAlone:
    """The API server of an Airflow, without its scheduler and its parser."""

    def __init__(self, airflow: Airflow) -> None:
        self._airflow = airflow

    def __enter__(self) -> None:
        from process_guard import ProcessGuard

        self._airflow._guard = ProcessGuard(self._airflow.env).__enter__()
        self._airflow.start("api-server")
        self._airflow.wait_until(lambda: self._airflow.api._request("GET", "/api/v2/monitor/health", login=False), 120)

    def __exit__(self, *_: object) -> None:
        self._airflow._guard.stop()


def test_nobody_reads_without_a_login(site: Site) -> None:
    for path in (
        "/podwatch/",
        "/podwatch/alerts",
        "/podwatch/episodes/1",
        "/podwatch/api/v1/alerts",
        "/podwatch/api/v1/openapi.json",
    ):
        status, text = site.ask(path)
        assert (status, "grain" in text) == (401, False), path
        assert site.ask(path, Cookie="_token=forged")[0] == 401
        assert site.ask(path, Authorization="Bearer forged")[0] == 401
    assert 'href="/auth/login?next=%2Fpodwatch%2Falerts"' in site.ask("/podwatch/alerts")[1]
    assert site.ask("/podwatch/health") == (200, '{"status":"ok"}')


@pytest.mark.parametrize("user", ["admin", "vera"])
def test_whoever_may_read_the_dag_reads(user: str, site: Site) -> None:
    token = site.tokens[user]
    assert ">grain</mark>" in site.ask("/podwatch/alerts", Cookie=f"_token={token}")[1]
    assert (
        json.loads(site.ask("/podwatch/api/v1/alerts", Authorization=f"Bearer {token}")[1])["alerts"][0]["watch"]
        == "grain"
    )


def test_a_viewer_changes_nothing_and_an_admin_only_from_our_own_page(site: Site) -> None:
    answer = ("/podwatch/api/v1/alerts/1/answers", "POST", b'{"verdict": "wrong"}')
    assert site.ask(*answer, Authorization=f"Bearer {site.tokens['vera']}", Content_Type="application/json")[0] == 403
    form = ("/podwatch/alerts/1/answers", "POST", ANSWER)
    assert (
        site.ask(*form, Cookie=f"_token={site.tokens['admin']}", Content_Type="application/x-www-form-urlencoded")[0]
        == 403
    )
    status, text = site.ask(*answer, Authorization=f"Bearer {site.tokens['admin']}", Content_Type="application/json")
    assert (status, json.loads(text)["said"][:13]) == (200, "Noted: wrong.")
    changes = json.loads(site.ask("/podwatch/api/v1/changes", Authorization=f"Bearer {site.tokens['vera']}")[1])[
        "changes"
    ]
    assert [c["who"] for c in changes] == ["airflow:admin"]


def test_the_menu_leads_to_the_page(site: Site) -> None:
    _, text = site.ask("/api/v2/plugins", Authorization=f"Bearer {site.tokens['admin']}")
    [view] = [v for p in json.loads(text)["plugins"] for v in p["external_views"]]
    assert (view["name"], view["href"], view["category"]) == ("podwatch", "/podwatch/alerts", "browse")
    assert site.ask(view["icon"])[0] == 200


HIDE_LIBRARY = """
import asyncio, json, sys, types
import airflow.sdk
from podwatch_airflow.page import LazyPage
sys.modules["podwatch"] = types.ModuleType("podwatch")
sys.modules["podwatch"].__file__ = "/site/plugins/podwatch.py"
sent = []
async def send(message): sent.append(message)
async def receive(): return {"type": "http.request"}
asyncio.run(LazyPage()({"type": "http", "method": "GET", "path": "/alerts", "headers": []}, receive, send))
print(json.dumps([sent[0]["status"], sent[1]["body"].decode(), "__path__" in vars(sys.modules["podwatch"])]))
"""


def test_where_a_plugin_file_hides_the_library_the_page_says_so_in_one_line_and_leaves_the_file_in_its_place() -> None:
    status, said, changed = run_program(HIDE_LIBRARY)
    assert (status, changed) == (503, False)
    assert said == "podwatch: /site/plugins/podwatch.py hides the library podwatch - give that file another name\n"


def test_a_task_that_loads_the_plugin_loads_no_web_framework(tmp_path: Path) -> None:
    names = "{'fastapi', 'starlette', 'jinja2', 'podwatch'}"
    loads = "import sys, airflow; before = set(sys.modules); import podwatch_airflow.plugin; new = set(sys.modules) - before"
    code = f"{loads}; bad = {names} & new; sys.exit(str(bad) if bad else 0)"
    paths = f"{ROOT / 'plugins'}:{ROOT / 'pipeline'}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": paths, "PATH": str(Path(sys.executable).parent), "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr

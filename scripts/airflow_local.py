"""Airflow on one machine for `make run`: its settings, its components, and a client for its API.

Not `airflow standalone`: that adds a triggerer that no task here needs and two log servers open to the whole network
(ports 8793 and 8794), and leaves children behind when it is ended. The same commands are started here one by one.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

HOST = "127.0.0.1"
DAG, LISTEN_DAG = "podwatch", "podwatch_listen"
DAG_FILES = {DAG: "podwatch_daily.py", LISTEN_DAG: "podwatch_listen.py"}
AIRFLOW = (sys.executable, str(Path(__file__).with_name("airflow_component.py")))
MIGRATE = (*AIRFLOW, "db", "migrate")
COMPONENTS = {
    "api-server": (*AIRFLOW, "api-server"),
    "scheduler": (*AIRFLOW, "scheduler", "--skip-serve-logs"),  # the page reads the log files themselves
    "dag-processor": (*AIRFLOW, "dag-processor"),
}


def build_environment(base: Mapping[str, str], home: Path, checkout: Path, port: int) -> dict[str, str]:
    """The environment of Airflow's components; makes its folder. base: an environment without AIRFLOW variables."""
    home.mkdir(parents=True, exist_ok=True)
    url = f"http://{HOST}:{port}"
    options = {
        "CORE__DAGS_FOLDER": checkout / "dags",
        "CORE__PLUGINS_FOLDER": checkout / "plugins",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": 2,  # the default forks 32 workers
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "CORE__HOSTNAME_CALLABLE": "socket.gethostname",  # the default asks the network for this machine's name
        # "database is locked" after the default of 5 s has ended schedulers
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout=180",
        "DATABASE__LOAD_DEFAULT_CONNECTIONS": False,
        "API__HOST": HOST,  # the default is every address of the machine
        "API__PORT": port,
        "API__BASE_URL": url,  # without it tasks look for the API on 8080
        "API__WORKERS": 1,
        "API_AUTH__JWT_SECRET": load_secret(home / "jwt.secret"),
        "API__SECRET_KEY": load_secret(home / "session.secret"),
        # A task that starts before the API server is up asks again; the default waits up to 90 s in between.
        "WORKERS__EXECUTION_API_RETRIES": 60,
        "WORKERS__EXECUTION_API_RETRY_WAIT_MIN": 0.2,
        "WORKERS__EXECUTION_API_RETRY_WAIT_MAX": 2,
        # A task whose process ends just after its last heartbeat is noticed at the next; it occupies one of two slots.
        "WORKERS__MIN_HEARTBEAT_INTERVAL": 1,
        # A task that was killed, or whose scheduler was, is tried again a minute later; the default is five.
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": 60,
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": 60,
        "DAG_PROCESSOR__REFRESH_INTERVAL": 30,  # a changed or new file in dags/ shows within half a minute
        "LOGGING__COLORED_CONSOLE_LOG": False,
    }
    env = {**base, "AIRFLOW_HOME": str(home)}
    env |= {f"AIRFLOW__{name}": str(value) for name, value in options.items()}
    env.setdefault("PODWATCH_RETRY_DELAY", "5")
    return env


def load_secret(path: Path) -> str:
    """The secret in this file, which is generated when there is none; only its owner may read it."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48) + "\n")
        return path.read_text().strip()


def is_migrated(home: Path) -> bool:
    """Whether the database is as `note_migrated` left it, for this Airflow: it takes 3 s to ask Airflow itself."""
    try:
        return (home / "migrated").read_text() == _revision(home)
    except FileNotFoundError:
        return False


def note_migrated(home: Path) -> None:
    (home / "migrated").write_text(_revision(home))


def _revision(home: Path) -> str:
    found = ""
    if (database := home / "airflow.db").exists():
        try:
            with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True, timeout=10)) as connection:
                found = str(connection.execute("SELECT version_num FROM alembic_version").fetchall())
        except sqlite3.Error as e:
            found = str(e)
    return f"Airflow {version('apache-airflow-core')}, revision {found}, with the pool podwatch_backfill"


class AirflowApi:
    """A client for Airflow's public API and one of its DAGs, logged in with the password that Airflow generated.

    Every method returns None, or an empty list, while there is no response: the server is starting, or busy.
    """

    def __init__(self, home: Path, port: int, dag_id: str = DAG) -> None:
        self.url, self.dag_id = f"http://{HOST}:{port}", dag_id
        self._passwords = home / "simple_auth_manager_passwords.json.generated"
        self._token: tuple[float, str] = (0.0, "")
        self.trouble = ""  # why the last request had no response
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open  # never through a proxy

    def password(self) -> str:
        """The password of the user admin; empty while there is none."""
        try:
            return str(json.loads(self._passwords.read_text()).get("admin", ""))
        except (OSError, ValueError):
            return ""

    def healthy(self) -> bool:
        """Whether the server answers and the scheduler is alive."""
        health = self._request("GET", "/api/v2/monitor/health", login=False)
        return health is not None and health["scheduler"]["status"] == "healthy"

    def warm_up(self) -> None:
        """Makes the server build its execution API, for which the first task would wait 3 s."""
        self._request("GET", "/execution/health", login=False)

    def dag(self) -> dict[str, Any] | None:
        return self._request("GET", f"/api/v2/dags/{self.dag_id}")

    def unpause(self) -> None:
        self._request("PATCH", f"/api/v2/dags/{self.dag_id}?update_mask=is_paused", {"is_paused": False})

    def runs(self) -> list[dict[str, Any]] | None:
        """The newest runs, oldest first."""
        found = self._request("GET", f"/api/v2/dags/{self.dag_id}/dagRuns?limit=20&order_by=-id")
        return None if found is None else list(reversed(found["dag_runs"]))

    def run(self, run_id: str) -> dict[str, Any] | None:
        return self._request("GET", f"/api/v2/dags/{self.dag_id}/dagRuns/{quote(run_id)}")

    def trigger(self) -> dict[str, Any] | None:
        return self._request("POST", f"/api/v2/dags/{self.dag_id}/dagRuns", {"logical_date": None, "note": "make run"})

    def fail_run(self, run_id: str) -> None:
        note = {"state": "failed", "note": "interrupted: make run was stopped before this run ended"}
        self._request(
            "PATCH", f"/api/v2/dags/{self.dag_id}/dagRuns/{quote(run_id)}?update_mask=state&update_mask=note", note
        )

    def tasks(self, run_id: str) -> list[dict[str, Any]]:
        found = self._request("GET", f"/api/v2/dags/{self.dag_id}/dagRuns/{quote(run_id)}/taskInstances")
        return [] if found is None else list(found["task_instances"])

    def import_errors(self) -> list[dict[str, Any]]:
        found = self._request("GET", "/api/v2/importErrors")
        return [] if found is None else list(found["import_errors"])

    def _request(self, method: str, path: str, body: Any = None, *, login: bool = True) -> dict[str, Any] | None:
        headers = {"Content-Type": "application/json"}
        try:
            if login:
                headers["Authorization"] = f"Bearer {self._login_token()}"
            return self._send(method, path, body, headers)
        except urllib.error.HTTPError as e:
            e.close()
            self.trouble = f"{method} {path}: HTTP {e.code}"
            if e.code == 401:
                self._token = (0.0, "")
            return None
        except (OSError, ValueError) as e:  # refused, reset, timed out; an incomplete response
            self.trouble = f"{method} {path}: {e}"
            return None

    def _login_token(self) -> str:
        since, token = self._token
        if not token or time.monotonic() - since > 3600:
            credentials = {"username": "admin", "password": self.password()}
            response = self._send("POST", "/auth/token", credentials, {"Content-Type": "application/json"})
            self._token = time.monotonic(), str(response["access_token"])
        return self._token[1]

    def _send(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, dict(headers), method=method)
        with self._open(request, timeout=10) as response:
            found: dict[str, Any] = json.loads(response.read() or b"{}")
            return found

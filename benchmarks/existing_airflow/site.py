"""Somebody else's Airflow, and the way in that docs/airflow.md describes: what a team would type, and what it sees."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.support.foreign_site import changed_files, write_site

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from process_guard import ProcessGuard  # noqa: E402


class Site:
    """An Airflow home, and the environment in which its owner works. ways: by which the DAGs come in."""

    def __init__(self, home: Path, bin_folder: Path) -> None:
        self.home, self.bin = home, bin_folder
        self.files = write_site(home)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.env = self.make_env(port)
        self.run("airflow", "db", "migrate")
        self.run("airflow", "pools", "set", "default_pool", "3", "the team's own")

    def make_env(self, port: int) -> dict[str, str]:
        """The environment of each of its processes. port: of the API server."""
        url = f"http://127.0.0.1:{port}"
        return {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home}/airflow.db?timeout=180",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        }

    def run(self, *words: str, status: int | None = 0) -> str:
        """What a command prints; it has to end with this status, None: with any."""
        return self.run_program([str(self.bin / words[0]), *words[1:]], status)

    def run_program(self, command: list[str], status: int | None) -> str:
        """The same of any program."""
        done = subprocess.run(
            command,
            cwd=self.home,
            env=self.env,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
            check=False,
        )
        if status is not None and done.returncode != status:
            said = done.stdout[-1500:] + done.stderr[-1500:]
            raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{said}")
        return done.stdout

    def read(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of Airflow's own database."""
        with closing(sqlite3.connect(f"file:{self.home}/airflow.db?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(statement).fetchall()

    def doctor(self) -> dict[str, str]:
        """The findings of podwatch doctor on Airflow and the settings: check -> the worst state, and what it says."""
        rows = map(json.loads, self.run("podwatch", "doctor", "--json", status=None).splitlines()[:12])
        worst: dict[str, str] = {}
        for row in (r for r in rows if isinstance(r, dict) and r["check"].split()[0] in ("airflow", "settings")):
            if row["check"] not in worst or row["state"] == "wrong":
                worst[row["check"]] = f"{row['state']}: {row['said']}"
        return worst

    def add_bundle(self) -> None:
        value = json.loads(self.run("podwatch", "airflow", "dags", "--json"))["value"]
        self.env["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"] = value

    def write_dags(self) -> None:
        self.run("podwatch", "airflow", "dags", "--write", str(self.home / "dags"))

    def connect(self, connections: dict[str, Any], settings: dict[str, Any]) -> None:
        """The connections, and the variable podwatch_settings, as Airflow's own commands take them."""
        file = self.home / "import.json"
        file.write_text(json.dumps(connections))
        self.run("airflow", "connections", "import", str(file))
        file.write_text(json.dumps({"podwatch_settings": settings}))
        self.run("airflow", "variables", "import", str(file))
        file.unlink()

    def changed(self) -> list[str]:
        """What of the team's is not as it was: files, pools, the state of its DAG."""
        pools = dict(self.read("SELECT pool, slots FROM slot_pool"))
        wrong = changed_files(self.files)
        if pools != {"default_pool": 3, "podwatch_backfill": 2}:
            wrong.append(f"pools {pools}")
        owners = {r[0] for r in self.read("SELECT owners FROM dag WHERE dag_id LIKE 'podwatch%' OR dag_id = 'sales'")}
        if owners != {"newsroom"}:
            wrong.append(f"the cluster policy: owners {owners}")
        return wrong

    def run_for_real(self, dags: tuple[str, ...], seconds: float = 240) -> dict[str, str]:
        """Scheduler, API server and DAG processor; each DAG is triggered. Returns the state in which its run ended."""
        logs = self.home / "component-logs"
        logs.mkdir()
        components = {"api-server": (), "scheduler": ("--skip-serve-logs",), "dag-processor": ()}
        with ProcessGuard(self.env) as guard:
            for name, options in components.items():
                guard.start(name, [str(self.bin / "airflow"), name, *options], logs / f"{name}.log")
            wait_until(lambda: len(self.read("SELECT dag_id FROM dag")) >= 5, seconds)
            for dag in dags:
                self.run("airflow", "dags", "unpause", "-y", dag)
                self.run("airflow", "dags", "trigger", dag)
            query = "SELECT dag_id, state FROM dag_run WHERE run_type = 'manual'"
            wait_until(lambda: {s for _, s in self.read(query)} <= {"success", "failed"}, seconds)
            return dict(self.read(query))


def wait_until(condition: Callable[[], Any], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s")
        time.sleep(0.5)

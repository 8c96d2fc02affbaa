"""A real Airflow for tests and benchmarks, as `make run` starts it, on a copy of a database that was initialised once.

with Airflow(home, PODWATCH_HOME=..., PODWATCH_SCHEDULE="0 0 * * *") as airflow:
    airflow.airflow("backfill", "create", "--dag-id", "podwatch", ...)
    airflow.ask("POST", "/api/v2/backfills", {...})
    airflow.until(lambda: ..., 60)
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import airflow_local  # noqa: E402
from preflight import scrub_environment  # noqa: E402
from process_guard import ProcessGuard, find_descendants, list_parents  # noqa: E402

DONE = ("success", "failed")


def initialised() -> Path:
    """The file of a database as `airflow db migrate` leaves it, made once for each version of Airflow and kept."""
    folder = ROOT / ".pytest_cache" / f"airflow-{version('apache-airflow-core')}"
    made = folder / "airflow.db"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # two test runs may start at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            with tempfile.TemporaryDirectory(dir=folder) as home:
                env = airflow_local.build_environment(scrub_environment(os.environ)[0], Path(home), ROOT, 1)
                subprocess.run(airflow_local.MIGRATE, env=env, check=True, capture_output=True)
                with closing(sqlite3.connect(Path(home) / "airflow.db")) as c:
                    c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                (Path(home) / "airflow.db").rename(made)
    return made


def prepare(home: Path) -> Path:
    """A home for Airflow with an initialised database of its own."""
    home.mkdir(parents=True)
    shutil.copyfile(initialised(), home / "airflow.db")
    return home


class Dags:
    """One process that runs the daily DAG without a scheduler (tests/support/run_dag.py), for all tests that want that."""

    def __init__(self, home: Path) -> None:
        ours = {
            "AIRFLOW_HOME": str(prepare(home / "airflow")),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }
        self._log = home / "log"
        mine, theirs = os.pipe()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests/support/run_dag.py"), str(ROOT / "dags"), str(theirs)],
                env=os.environ | ours,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs,),
                text=True,
            )
        os.close(theirs)
        self._answers = os.fdopen(mine)

    def run(
        self, times: int, env: Mapping[str, str], changes: Sequence[Mapping[str, str]] = (), retries: int | None = None
    ) -> tuple[dict[str, Any], str]:
        """(what run_dag.py answers, what was logged). env: set while it lasts; changes: before each run."""
        before = self._log.stat().st_size
        assert self._process.stdin is not None
        job = {"times": times, "env": dict(env), "changes": list(map(dict, changes)), "retries": retries}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = self._answers.readline()
        log = self._log.read_bytes()[before:].decode(errors="replace")
        assert answer, log[-3000:]
        return json.loads(answer), log

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._answers.close()


class Airflow:
    """API server, scheduler and DAG processor; leaving the block ends them, whatever they had started."""

    def __init__(self, home: Path, env: Mapping[str, str], parallelism: int = 2) -> None:
        self.home = home if home.exists() else prepare(home)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        base = {**scrub_environment(os.environ)[0], "PYTHONPATH": str(ROOT), **env}
        self.env = airflow_local.build_environment(base, self.home, ROOT, port)
        self.env["AIRFLOW__CORE__PARALLELISM"] = str(parallelism)
        self.env |= {name: value for name, value in env.items() if name.startswith("AIRFLOW__")}
        self.api = airflow_local.AirflowApi(self.home, port)

    def __enter__(self) -> Self:
        self._guard = ProcessGuard(self.env).__enter__()
        try:
            for part in airflow_local.COMPONENTS:
                self.start(part)
            self.until(self.api.healthy, 120)
            for dag in ("podwatch", "podwatch_backfill"):
                self.until(lambda dag=dag: self.ask("GET", f"/api/v2/dags/{dag}"), 120)  # type: ignore[misc]
        except BaseException:
            self._guard.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._guard.stop()

    def start(self, part: str) -> None:
        self._guard.start(part, airflow_local.COMPONENTS[part], self.home / f"{part}.log")

    def ended(self) -> list[tuple[str, int]]:
        """The parts that ended since this was asked last."""
        return self._guard.poll_ended()

    def airflow(self, *words: str) -> str:
        """What a command of Airflow prints."""
        command = [*airflow_local.AIRFLOW, *words]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any] | None:
        """An answer of the REST API; None while there is none."""
        return self.api._request(method, path, body)

    def sure(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The same, asked until there is one; for what may be asked twice."""
        found: dict[str, Any] = self.until(lambda: self.ask(method, path, body), 120)
        return found

    def runs(self, dag: str) -> list[dict[str, Any]]:
        found = self.sure("GET", f"/api/v2/dags/{dag}/dagRuns?limit=200&order_by=id")
        return list(found["dag_runs"])

    def tasks(self, dag: str, run: str = "~") -> list[dict[str, Any]]:
        found = self.sure("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances?limit=500")
        return list(found["task_instances"])

    def until(self, there: Callable[[], Any], seconds: float, every: float = 0.2) -> Any:
        """What ``there`` returns once it is true; an AssertionError that says where the logs are when it never is."""
        end = time.monotonic() + seconds
        while not (found := there()):
            assert time.monotonic() < end, f"not within {seconds} s ({self.api.trouble}) - see {self.home}/*.log"
            time.sleep(every)
        return found

    def processes(self) -> dict[int, str]:
        """Everything that runs below this process: id -> how it calls itself."""
        found = {}
        for pid in find_descendants(os.getpid()):
            try:
                found[pid] = (
                    Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                )
            except OSError:
                continue
        return found


def parents_of_all() -> dict[int, int]:
    """Of every living process of this machine its parent."""
    return dict(list_parents())


def kill(pid: int) -> bool:
    """kill -9; False when there was nothing to kill."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True

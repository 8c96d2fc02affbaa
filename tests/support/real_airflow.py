"""A real Airflow for tests and benchmarks, as `make run` starts it, on a copy of a database that was initialised once.

with Airflow(home, {"PODWATCH_HOME": ..., "PODWATCH_SCHEDULE": "0 0 * * *"}) as airflow:
    airflow.run_command("backfill", "create", "--dag-id", "podwatch", ...)
    airflow.request("POST", "/api/v2/backfills", {...})
    airflow.wait_until(lambda: ..., 60)
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

AIRFLOW_COMMAND, MIGRATE_COMMAND = airflow_local.AIRFLOW, airflow_local.MIGRATE
DONE = ("success", "failed")


def initialised_database() -> Path:
    """The file of a database after `airflow db migrate`, made once for each version of Airflow and kept."""
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


def prepare_home(home: Path) -> Path:
    """A home for Airflow with an initialised database of its own."""
    home.mkdir(parents=True)
    shutil.copyfile(initialised_database(), home / "airflow.db")
    return home


def copy_dags(folder: Path) -> Path:
    """The DAGs, and beside them a team's own: the example of docs/airflow.md, as it stands there."""
    shutil.copytree(ROOT / "dags", folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "docs/new_mentions.py", folder)
    return folder


class DagRunner:
    """A process that runs DAGs without a scheduler (tests/support/run_dag.py), shared by all tests."""

    def __init__(self, home: Path) -> None:
        folder = copy_dags(home / "dags")
        ours = {
            "AIRFLOW_HOME": str(prepare_home(home / "airflow")),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }
        self._log = home / "log"
        mine, theirs = os.pipe()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests/support/run_dag.py"), str(folder), str(theirs)],
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
        self,
        times: int,
        env: Mapping[str, str],
        changes: Sequence[Mapping[str, str]] = (),
        retries: int | None = None,
        dag: str = "podwatch",
        conf: Mapping[str, Any] | None = None,
        past: str = "",
        events_of: str = "",
    ) -> tuple[dict[str, Any], str]:
        """(the answer of run_dag.py, the log). env: variables during the job. changes: further ones, from each run on.

        conf: what its form was filled with. past: the runs are those of a backfill, of as many days from this one on.
        events_of: the run whose events started it.
        """
        before = self._log.stat().st_size
        assert self._process.stdin is not None
        job = {"times": times, "env": dict(env), "changes": list(map(dict, changes)), "retries": retries, "dag": dag}
        job |= {"conf": dict(conf or {}) or None, "past": past, "events_of": events_of}
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
    """API server, scheduler and DAG processor; leaving the block ends them and all that they have started."""

    def __init__(self, home: Path, env: Mapping[str, str], parallelism: int = 2) -> None:
        self.home = home if home.exists() else prepare_home(home)  # one that is there has a database already
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        # of this checkout, whatever is installed
        ours = os.pathsep.join((str(ROOT), str(ROOT / "pipeline"), str(ROOT / "plugins")))
        base = {**scrub_environment(os.environ)[0], "PYTHONPATH": ours, **env}
        self.env = airflow_local.build_environment(base, self.home, ROOT, port)
        self.env["AIRFLOW__CORE__PARALLELISM"] = str(parallelism)
        self.env |= {name: value for name, value in env.items() if name.startswith("AIRFLOW__")}
        self.api = airflow_local.AirflowApi(self.home, port)

    def __enter__(self) -> Self:
        self._guard = ProcessGuard(self.env).__enter__()
        try:
            for part in airflow_local.COMPONENTS:
                self.start(part)
            self.wait_until(self.api.healthy, 120)
            for dag in ("podwatch", "podwatch_backfill"):
                self.wait_until(lambda dag=dag: self.request("GET", f"/api/v2/dags/{dag}"), 120)  # type: ignore[misc]
        except BaseException:
            self._guard.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._guard.stop()

    @property
    def guard_pid(self) -> int:
        """The process of which every component is a child."""
        return self._guard._process.pid

    def start(self, part: str) -> None:
        self._guard.start(part, airflow_local.COMPONENTS[part], self.home / f"{part}.log")

    def poll_ended(self) -> list[tuple[str, int]]:
        """(name, exit status) of the components that have ended since the last call."""
        return self._guard.poll_ended()

    def run_command(self, *arguments: str) -> str:
        """What a command of Airflow prints."""
        command = [*airflow_local.AIRFLOW, *arguments]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def request(self, method: str, path: str, body: Any = None) -> dict[str, Any] | None:
        """The response of the REST API; None when there is none yet."""
        return self.api._request(method, path, body)

    def request_until_answered(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The same, repeated until there is a response: for requests that may be repeated."""
        found: dict[str, Any] = self.wait_until(lambda: self.request(method, path, body), 120)
        return found

    def dag_runs(self, dag: str) -> list[dict[str, Any]]:
        found = self.request_until_answered("GET", f"/api/v2/dags/{dag}/dagRuns?limit=200&order_by=id")
        return list(found["dag_runs"])

    def task_instances(self, dag: str, run: str = "~") -> list[dict[str, Any]]:
        found = self.request_until_answered("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances?limit=500")
        return list(found["task_instances"])

    def wait_until(self, condition: Callable[[], Any], seconds: float, every: float = 0.2) -> Any:
        """What ``condition`` returns once it is true; an AssertionError that names the logs when it stays false."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, f"not within {seconds} s ({self.api.trouble}) - see {self.home}/*.log"
            time.sleep(every)
        return found

    def list_processes(self) -> dict[int, str]:
        """By pid the command line of every process below this one."""
        found = {}
        for pid in find_descendants(os.getpid()):
            try:
                found[pid] = (
                    Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                )
            except OSError:
                continue
        return found


def parent_pids() -> dict[int, int]:
    """By pid the parent of every process of this machine."""
    return dict(list_parents())


def kill_process(pid: int) -> bool:
    """kill -9; False when there was nothing to kill."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True

"""scripts/: what `make run` checks before it starts anything, and which run of the DAG it follows."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import airflow_local  # noqa: E402
import first_run  # noqa: E402
import preflight  # noqa: E402
import terminal  # noqa: E402
from tests.support.builders import alert  # noqa: E402

START = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
LATER = "2026-11-03T06:00:05Z"
EARLIER = "2026-11-03T05:00:00Z"


# Before anything is started


def test_no_variable_of_another_airflow_gets_through() -> None:
    env = {
        "AIRFLOW_HOME": "/x",
        "AIRFLOW__CORE__FERNET_KEY": "k",
        "_AIRFLOW_X": "1",
        "PODWATCH_PORT": "1",
        "PATH": "/b",
    }
    kept, dropped = preflight.scrub_environment(env)
    assert dropped == ["AIRFLOW_HOME", "AIRFLOW__CORE__FERNET_KEY", "_AIRFLOW_X"]
    assert not [name for name in kept if "AIRFLOW" in name]
    assert kept["PODWATCH_PORT"] == "1"
    assert kept["PATH"].endswith(f"{os.pathsep}/b")


def test_the_parts_of_airflow_talk_past_a_proxy() -> None:
    kept, _ = preflight.scrub_environment({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "intra"})
    assert kept["NO_PROXY"] == "intra,127.0.0.1,localhost"


@pytest.mark.parametrize("raw", ["0", "65536", "-1", "80a", "8_0", "٣", "1e3"])
def test_a_value_that_is_no_port_is_refused_with_its_variable(raw: str) -> None:
    with pytest.raises(preflight.RefusedError, match=f"^PODWATCH_PORT={raw}: is not a whole number from 1 to 65535$"):
        preflight.read_number({"PODWATCH_PORT": raw}, "PODWATCH_PORT", 8080, 65535)


def test_a_port_that_is_not_given_is_the_default() -> None:
    assert preflight.read_number({"PODWATCH_PORT": " "}, "PODWATCH_PORT", 8080, 65535) == 8080
    assert preflight.read_number({"PODWATCH_PORT": " 81 "}, "PODWATCH_PORT", 8080, 65535) == 81


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_one_line_with_the_holder_and_the_variable(address: str) -> None:
    with socket.create_server((address, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(preflight.RefusedError) as refusal:
            preflight.check_port(port, "PODWATCH_PORT", "Airflow")
    line = str(refusal.value)
    assert line.startswith(f"port {port} for Airflow is taken")
    assert line.endswith(f"make run PODWATCH_PORT={port + 1}")
    if sys.platform == "linux":
        assert f"(process {os.getpid()})" in line
    assert "\n" not in line


def test_a_port_with_connections_in_time_wait_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server.accept()[0].close()  # the side that closes first waits
            assert client.recv(1) == b""
    preflight.check_port(port, "PODWATCH_PORT", "Airflow")


def test_a_full_disk_is_refused_with_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preflight.check_disk(tmp_path / "home")
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=120_000_000))
    with pytest.raises(preflight.RefusedError, match="only 120 MB are free on this disk and a run wants 1,000"):
        preflight.check_disk(tmp_path / "home")


def test_a_home_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(preflight.RefusedError, match=r"cannot be written to .* - set PODWATCH_HOME"):
        preflight.check_disk(tmp_path / "home")


def test_a_second_run_is_refused_while_the_first_holds_the_folder(tmp_path: Path) -> None:
    with (
        preflight.lock_home(tmp_path),
        pytest.raises(preflight.RefusedError, match=rf"already runs from here \(process {os.getpid()}\)"),
        preflight.lock_home(tmp_path),
    ):
        pass
    with preflight.lock_home(tmp_path):
        pass


# Airflow's own folder


def test_airflow_has_its_port_everywhere_and_keeps_its_secrets(tmp_path: Path) -> None:
    home = tmp_path / "airflow"
    first = airflow_local.build_environment({"PATH": "/b"}, home, ROOT, 9090)
    assert first["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert first["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:9090"
    assert first["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:9090/execution/"
    assert first["AIRFLOW_HOME"] == str(home)
    assert airflow_local.build_environment({"PATH": "/b"}, home, ROOT, 9090) == first
    assert stat.S_IMODE((home / "jwt.secret").stat().st_mode) == 0o600
    assert len(first["AIRFLOW__API_AUTH__JWT_SECRET"]) >= 64


def test_a_database_is_migrated_again_when_it_is_another(tmp_path: Path) -> None:
    assert not airflow_local.is_migrated(tmp_path)
    airflow_local.note_migrated(tmp_path)
    assert airflow_local.is_migrated(tmp_path)
    (tmp_path / "airflow.db").write_bytes(b"")
    assert not airflow_local.is_migrated(tmp_path)


def test_the_api_answers_none_until_it_is_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    api = airflow_local.AirflowApi(tmp_path, port)
    assert api.dag() is None
    assert api.runs() is None
    assert api.import_errors() == []
    assert not api.healthy()
    assert "refused" in api.trouble
    assert api.password() == ""


# The first run


class FakeApi:
    """Airflow's API as a few lists; ``calls`` has what was done to it."""

    dag_id = "podwatch"

    def __init__(self, *runs: dict[str, Any], **dag: Any) -> None:
        facts = {"last_parsed_time": LATER, "is_paused": False, "next_dagrun_run_after": "2999-01-01T00:00:00Z"}
        self.the_dag: dict[str, Any] | None = facts | dag
        self.all = list(runs)
        self.errors: list[dict[str, Any]] = []
        self.states: list[dict[str, Any]] = []
        self.calls: list[str] = []

    def dag(self) -> dict[str, Any] | None:
        return self.the_dag

    def runs(self) -> list[dict[str, Any]]:
        return self.all

    def run(self, run_id: str) -> dict[str, Any]:
        return next(r for r in self.all if r["dag_run_id"] == run_id)

    def tasks(self, run_id: str) -> list[dict[str, Any]]:
        return self.states

    def import_errors(self) -> list[dict[str, Any]]:
        return self.errors

    def healthy(self) -> bool:
        return True

    def warm_up(self) -> None:
        pass

    def unpause(self) -> None:
        self.calls.append("unpause")

    def fail_run(self, run_id: str) -> None:
        self.calls.append(f"fail {run_id}")

    def trigger(self) -> dict[str, Any]:
        self.calls.append("trigger")
        self.all.append(run("ours"))
        return self.all[-1]


def run(run_id: str, state: str = "running", queued_at: str = LATER, run_type: str = "manual") -> dict[str, Any]:
    return {"dag_run_id": run_id, "state": state, "queued_at": queued_at, "run_type": run_type}


def follow(api: FakeApi, home: Path = Path("/nowhere")) -> first_run.FirstRun:
    return first_run.FirstRun(api, home, START, terminal.Progress())  # type: ignore[arg-type]


def test_a_run_is_triggered_when_none_is_due() -> None:
    api = FakeApi(run("yesterday", "success", EARLIER))
    first = follow(api)
    assert not first.has_succeeded()
    assert api.calls == ["trigger"]
    api.all[-1]["state"] = "success"
    assert first.has_succeeded()
    assert api.calls == ["trigger"]


@pytest.mark.parametrize(
    ("api", "calls"),
    [
        pytest.param(FakeApi(next_dagrun_run_after=EARLIER), [], id="the scheduler is about to start one"),
        pytest.param(FakeApi(run("scheduled")), [], id="the scheduler has started one"),
        pytest.param(FakeApi(is_paused=True), ["unpause"], id="the DAG is paused"),
        pytest.param(FakeApi(last_parsed_time=EARLIER), [], id="the DAG is known from the start before only"),
        pytest.param(FakeApi(run("old", queued_at=EARLIER)), ["fail old"], id="a run was interrupted"),
        pytest.param(
            FakeApi(run("mine", queued_at=EARLIER, run_type="backfill")), ["trigger"], id="a backfill is left alone"
        ),
    ],
)
def test_no_run_is_started_twice_and_none_waits_for_a_dead_one(api: FakeApi, calls: list[str]) -> None:
    assert not follow(api).has_succeeded()
    assert api.calls == calls


def test_a_dag_that_cannot_be_imported_is_one_line() -> None:
    api = FakeApi()
    api.the_dag = None
    trace = "Traceback:\n  File x\nValueError: PODWATCH_SCHEDULE=x: no\n"
    api.errors = [{"filename": "podwatch_daily.py", "timestamp": EARLIER, "stack_trace": "mended since"}]
    assert not follow(api).has_succeeded()
    api.errors.append({"filename": "podwatch_daily.py", "timestamp": LATER, "stack_trace": trace})
    with pytest.raises(preflight.RunFailedError) as failed:
        follow(api).has_succeeded()
    assert str(failed.value) == "dags/podwatch_daily.py cannot be imported: ValueError: PODWATCH_SCHEDULE=x: no"


def test_a_failed_run_names_the_task_and_shows_the_end_of_its_log(tmp_path: Path) -> None:
    api = FakeApi(run("r", "failed"))
    api.states = [
        {"task_id": "poll", "state": "success", "try_number": 1},
        {"task_id": "fetch", "state": "failed", "try_number": 4},
        {"task_id": "detect", "state": "upstream_failed", "try_number": 0},
    ]
    log = tmp_path / "logs/dag_id=podwatch/run_id=r/task_id=fetch/attempt=4.log"
    log.parent.mkdir(parents=True)
    detail = [{"exc_type": "StoreError", "exc_value": "the database\ncannot be opened"}]
    said = [{"event": "::group::x"}, {"level": "error", "event": "Task failed", "error_detail": detail}]
    log.write_text("".join(json.dumps(line) + "\n" for line in said))
    with pytest.raises(preflight.RunFailedError) as failed:
        follow(api, tmp_path).has_succeeded()
    assert str(failed.value).splitlines() == [
        f"the task fetch failed after 4 tries - its log is {log}",
        "  error: Task failed",
        "  StoreError: the database cannot be opened",
    ]


def test_the_log_of_a_mapped_task_is_found(tmp_path: Path) -> None:
    api = FakeApi(run("r", "failed"))
    api.dag_id = "podwatch_listen"
    api.states = [{"task_id": "hear", "state": "failed", "try_number": 1, "map_index": 2}]
    log = tmp_path / "logs/dag_id=podwatch_listen/run_id=r/task_id=hear/map_index=2/attempt=1.log"
    with pytest.raises(preflight.RunFailedError, match=re.escape(str(log))):
        follow(api, tmp_path).has_succeeded()


def test_each_alert_is_shown_once_and_slacks_are_only_named(capsys: pytest.CaptureFixture[str]) -> None:
    sent = [(START, alert(key="a")), (START + timedelta(seconds=1), alert(key="b"))]
    settings = SimpleNamespace(slack_token="", console=True, slack_base_url="https://slack.com/api/")
    rt: Any = SimpleNamespace(store=SimpleNamespace(alerts_sent_after=lambda moment: sent), settings=settings)
    alerts, progress = terminal.AlertPrinter(rt, START), terminal.Progress()
    alerts.print_new(progress)
    assert capsys.readouterr().out.count("History Hour") == 2
    alerts.print_new(progress)
    assert capsys.readouterr().out == ""
    settings.slack_token = "xoxb-1"
    sent.append((START, alert(key="c")))
    alerts.print_new(progress)
    assert capsys.readouterr().out.startswith("sent to Slack (https://slack.com/api/) #podcasts: dobrynin in ")
    assert alerts.count == 3

"""dags/ and plugins/ as Airflow sees them: no import errors, the line in its order, and next to nothing to pay at parse.

Airflow reads its settings at its first import, so every look at it is taken in a process of its own; one serves all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("pipeline", "feedparser", "slack_sdk", "requests", "spacy", "onnxruntime", "lxml", "typer", "fastapi")
BUDGET = 0.1  # CPU seconds; it takes 0.01 to 0.03

LOOK = """
import json, sys, time
import airflow.sdk
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

before, began = set(sys.modules), time.process_time()
import podwatch as plugin
plugin_took, began = time.process_time() - began, time.process_time()
bag = DagBag(dag_folder=sys.argv[1])
dag_took = time.process_time() - began
out = {
    "errors": bag.import_errors,
    "dags": list(bag.dags),
    "plugin_file": plugin.__file__,
    "took": [plugin_took, dag_took],
    "new": sorted({m.partition(".")[0] for m in set(sys.modules) - before}),
}
if "podwatch" in bag.dags:
    dag = bag.dags["podwatch"]
    DagSerialization.to_dict(dag)
    dag.timetable.validate()
    out |= {
        "order": {t.task_id: sorted(t.downstream_task_ids) for t in dag.tasks},
        "retries": {t.retries for t in dag.tasks}.pop(),
        "delay": {t.retry_delay.total_seconds() for t in dag.tasks}.pop(),
        "backoff": {t.retry_exponential_backoff for t in dag.tasks}.pop(),
        "longest": {t.max_retry_delay.total_seconds() for t in dag.tasks}.pop(),
        "timeout": {t.execution_timeout.total_seconds() for t in dag.tasks}.pop(),
        "timetable": type(dag.timetable).__name__,
        "cron": dag.timetable.expression,
        "catchup": dag.catchup,
        "active": dag.max_active_runs,
        "tags": sorted(dag.tags),
        "doc": dag.doc_md,
    }
from airflow.plugins_manager import _get_plugins
out["plugins"] = [p.name for p in _get_plugins()[0]], _get_plugins()[1]
print(json.dumps(out))
"""
CONNECTIONS = """
import json, sys
import airflow.sdk
import podwatch
print(json.dumps([podwatch.variables({"A": "1"}), podwatch.variables(json.loads(sys.argv[1]))]))
"""


def airflow(code: str, *argv: str, **env: str) -> Any:
    """What a program prints as JSON on its last line, run with a fresh Airflow home and our two folders."""
    with TemporaryDirectory() as home:
        ours = {
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }
        command = [sys.executable, "-c", code, *argv]
        done = subprocess.run(command, env=os.environ | ours | env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@cache
def seen() -> dict[str, Any]:
    found: dict[str, Any] = airflow(LOOK, str(ROOT / "dags"))
    return found


def test_airflow_imports_the_dag_and_the_plugin() -> None:
    assert seen()["errors"] == {}
    assert sorted(seen()["dags"]) == ["podwatch", "podwatch_backfill"]
    names, errors = seen()["plugins"]
    assert "podwatch" in names
    assert errors == {}


def test_the_dag_gets_the_plugin_and_not_itself_under_the_same_name() -> None:
    assert seen()["plugin_file"] == str(ROOT / "plugins/podwatch.py")


def test_the_dag_is_the_line() -> None:
    assert seen()["order"] == {"poll": ["fetch"], "fetch": ["detect"], "detect": ["deliver"], "deliver": []}


def test_a_task_is_tried_again_and_ever_more_patiently() -> None:
    assert seen()["retries"] >= 2
    assert (seen()["delay"], bool(seen()["backoff"]), seen()["longest"]) == (60.0, True, 1800.0)
    assert seen()["timeout"] == 3600.0


def test_the_schedule_is_daily_with_real_intervals_and_no_catching_up() -> None:
    assert (seen()["timetable"], seen()["cron"]) == ("CronDataIntervalTimetable", "0 6 * * *")
    assert (seen()["catchup"], seen()["active"], seen()["tags"]) == (False, 1, ["podwatch"])


def test_the_page_explains_every_task() -> None:
    assert all(f"`{verb}`" in seen()["doc"] for verb in ("poll", "fetch", "detect", "deliver"))


def test_nothing_heavy_is_loaded_to_read_the_dag_and_it_takes_milliseconds() -> None:
    assert not set(seen()["new"]) & set(HEAVY)
    assert max(seen()["took"]) < BUDGET, seen()["took"]


def test_schedule_and_retry_delay_are_variables() -> None:
    found = airflow(LOOK, str(ROOT / "dags"), PODWATCH_SCHEDULE="*/15 * * * *", PODWATCH_RETRY_DELAY="0.5")
    assert (found["cron"], found["delay"]) == ("*/15 * * * *", 0.5)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PODWATCH_SCHEDULE", "0 6 * *", "PODWATCH_SCHEDULE=0 6 * *: Exactly 5, 6 or 7 columns"),
        ("PODWATCH_BACKFILL_SHARDS", "0", "PODWATCH_BACKFILL_SHARDS=0: is not a whole number from 1 to 16"),
        ("PODWATCH_RETRY_DELAY", "soon", "PODWATCH_RETRY_DELAY=soon: is not a number of seconds from 0 to 3600"),
    ],
)
def test_a_mistaken_variable_is_named_in_the_import_error(name: str, value: str, line: str) -> None:
    errors = airflow(LOOK, str(ROOT / "dags"), **{name: value})["errors"].values()
    assert errors
    for error in errors:
        assert error.strip().splitlines()[-1].startswith(f"ValueError: {line}")


def test_connections_fill_in_what_the_environment_lacks() -> None:
    given = {"SLACK_BOT_TOKEN": "xoxb-env", "PODWATCH_SLACK_BASE_URL": "", "PODWATCH_DATABASE_URL": "sqlite:///e.db"}
    alone, with_environment = airflow(
        CONNECTIONS,
        json.dumps(given),
        AIRFLOW_CONN_PODWATCH_SLACK=json.dumps(
            {"conn_type": "slack", "password": "xoxb-conn", "host": "http://127.0.0.1:4100/api/"}
        ),
        AIRFLOW_CONN_PODWATCH_DATABASE="postgres://me:p%40ss@db.example:5433/podwatch?sslmode=require",
    )
    assert alone == {
        "A": "1",
        "SLACK_BOT_TOKEN": "xoxb-conn",
        "PODWATCH_SLACK_BASE_URL": "http://127.0.0.1:4100/api/",
        "PODWATCH_DATABASE_URL": "postgres://me:p%40ss@db.example:5433/podwatch?sslmode=require",
    }
    assert with_environment == {"SLACK_BOT_TOKEN": "xoxb-env", "PODWATCH_DATABASE_URL": "sqlite:///e.db"}


def test_other_ways_to_write_a_connection() -> None:
    alone, _ = airflow(
        CONNECTIONS,
        "{}",
        AIRFLOW_CONN_PODWATCH_SLACK="slack://:xoxb@slack.example:4100/http",
        AIRFLOW_CONN_PODWATCH_DATABASE="sqlite:////data/podwatch.db",
    )
    assert alone["PODWATCH_SLACK_BASE_URL"] == "http://slack.example:4100"
    assert alone["PODWATCH_DATABASE_URL"] == "sqlite:////data/podwatch.db"


def test_a_connection_says_where_mail_goes_and_what_hears_the_buttons() -> None:
    extra = {"from_email": "podwatch@example.org"}
    alone, _ = airflow(
        CONNECTIONS,
        "{}",
        AIRFLOW_CONN_PODWATCH_SLACK=json.dumps(
            {"conn_type": "slack", "password": "x", "extra": {"app_token": "xapp-1"}}
        ),
        AIRFLOW_CONN_PODWATCH_SMTP=json.dumps(
            {
                "conn_type": "smtp",
                "host": "mail.example.org",
                "port": 465,
                "login": "me@x",
                "password": "p@:/",
                "extra": extra,
            }
        ),
    )
    assert alone["SLACK_APP_TOKEN"] == "xapp-1"
    assert alone["PODWATCH_SMTP_URL"] == "smtps://me%40x:p%40%3A%2F@mail.example.org:465"
    assert alone["PODWATCH_MAIL_FROM"] == "podwatch@example.org"


def test_without_connections_the_environment_alone_decides() -> None:
    assert airflow(CONNECTIONS, json.dumps({"PODWATCH_HOME": "/h"})) == [{"A": "1"}, {"PODWATCH_HOME": "/h"}]

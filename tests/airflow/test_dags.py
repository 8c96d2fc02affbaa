"""dags/ and plugins/ as Airflow loads them: no import errors, the tasks in their order, and next to no CPU time.

Airflow reads its settings at its first import, so it runs in a process of its own.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.airflow_programs import run_program

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("podwatch.runtime", "feedparser", "slack_sdk", "requests", "spacy", "onnxruntime", "lxml", "click", "fastapi")
BUDGET = 0.1  # CPU seconds; it takes 0.01 to 0.03

LOAD_FOLDERS = """
import gc, json, os, sys, time
import airflow.sdk
from airflow.dag_processing.dagbag import DagBag
from airflow.plugins_manager import _get_plugins
from airflow.serialization.serialized_objects import DagSerialization

gc.collect()
gc.freeze()  # what Airflow has loaded takes 0.13 s to look through, and by chance that fell into what is measured
before, began = set(sys.modules), time.process_time()
import podwatch_airflow as plugin
plugin_took = time.process_time() - began


def load(changes):
    os.environ.update(changes)
    began = time.process_time()
    bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    out = {
        "errors": bag.import_errors,
        "dags": list(bag.dags),
        "plugin_file": plugin.__file__,
        "took": [plugin_took, time.process_time() - began],
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
            "mapped": sorted(t.task_id for t in dag.tasks if t.is_mapped),
            "pools": {t.task_id: t.pool for t in dag.tasks},
            "run_seconds": plugin.default_run_seconds(),
            "doc": dag.doc_md,
        }
    if "podwatch_catch_up" in bag.dags:
        rest = bag.dags["podwatch_catch_up"]
        DagSerialization.to_dict(rest)
        out["catch up"] = {
            "timetable": type(rest.timetable).__name__,
            "assets": sorted(a.name for a in rest.timetable.asset_condition.objects),
            "order": {t.task_id: sorted(t.downstream_task_ids) for t in rest.tasks},
            "active": rest.max_active_runs,
        }
    if "podwatch_deliver" in bag.dags:
        delivers = bag.dags["podwatch_deliver"]
        DagSerialization.to_dict(delivers)
        out["deliver"] = {
            "timetable": type(delivers.timetable).__name__,
            "cron": delivers.timetable.timetable.expression,
            "assets": sorted(a.name for a in delivers.timetable.asset_condition.objects),
            "tasks": sorted(t.task_id for t in delivers.tasks),
            "active": delivers.max_active_runs,
        }
    if "podwatch_listen" in bag.dags:
        listens = bag.dags["podwatch_listen"]
        DagSerialization.to_dict(listens)
        hear = listens.get_task("hear")
        out["listen"] = {
            "timetable": type(listens.timetable).__name__,
            "cron": listens.timetable.expression,
            "order": {t.task_id: sorted(t.downstream_task_ids) for t in listens.tasks},
            "catchup": listens.catchup,
            "active": listens.max_active_runs,
            "hear": {
                "mapped": hear.is_mapped,
                "pool": hear.pool,
                "queue": hear.queue,
                "at once": hear.max_active_tis_per_dag,
                "hours": hear.execution_timeout.total_seconds() / 3600,
            },
            "priority": sorted({t.priority_weight for t in listens.tasks}),
            "paused": listens.is_paused_upon_creation,
        }
    for name in changes:
        del os.environ[name]
    return out


found = [load(changes) for changes in json.loads(sys.argv[1])]
plugins, errors = _get_plugins()
print(json.dumps([f | {"plugins": [[p.name for p in plugins], errors]} for f in found]))
"""
# The variables that are set while Airflow loads the folders; the first time, which alone is measured, there are none.
MALFORMED = {
    "PODWATCH_BACKFILL_SHARDS": ("0", "PODWATCH_BACKFILL_SHARDS=0: is not a whole number from 1 to 16"),
    "PODWATCH_SHARDS": ("many", "PODWATCH_SHARDS=many: is not a whole number from 1 to 64"),
    "PODWATCH_SCHEDULE": ("0 6 * *", "PODWATCH_SCHEDULE=0 6 * *: Exactly 5, 6 or 7 columns"),
    "PODWATCH_DELIVER_SCHEDULE": ("often", "PODWATCH_DELIVER_SCHEDULE=often: "),
    "PODWATCH_LISTEN_SCHEDULE": ("hourly", "PODWATCH_LISTEN_SCHEDULE=hourly: "),
    "PODWATCH_LISTEN_PARALLEL": ("0", "PODWATCH_LISTEN_PARALLEL=0: is not a whole number from 1 to 64"),
    "PODWATCH_RETRY_DELAY": ("soon", "PODWATCH_RETRY_DELAY=soon: is not a number of seconds from 0 to 3600"),
}
VARIABLES: dict[str, dict[str, str]] = {
    "as it is": {},
    "variables": {"PODWATCH_SCHEDULE": "*/15 * * * *", "PODWATCH_RETRY_DELAY": "0.5"},
    "of listen": {
        "PODWATCH_LISTEN_SCHEDULE": "*/10 * * * *",
        "PODWATCH_LISTEN_POOL": "gpu",
        "PODWATCH_LISTEN_QUEUE": "speech",
        "PODWATCH_LISTEN_PARALLEL": "4",
    },
    "of shards": {"PODWATCH_SHARDS": "3", "PODWATCH_POLL_POOL": "asks", "PODWATCH_FETCH_POOL": "gets"},
    **{name: {name: value} for name, (value, _) in MALFORMED.items()},
}


@cache
def loaded_folders() -> dict[str, dict[str, Any]]:
    return dict(zip(VARIABLES, run_program(LOAD_FOLDERS, json.dumps(list(VARIABLES.values()))), strict=True))


def loaded() -> dict[str, Any]:
    return loaded_folders()["as it is"]


def test_airflow_imports_the_dag_and_the_plugin() -> None:
    assert loaded()["errors"] == {}
    assert sorted(loaded()["dags"]) == [
        "podwatch", "podwatch_backfill", "podwatch_catch_up", "podwatch_deliver", "podwatch_listen",
    ]  # fmt: skip
    names, errors = loaded()["plugins"]
    assert "podwatch" in names
    assert errors == {}


def test_the_dag_gets_the_plugin_and_not_itself_under_the_same_name() -> None:
    assert loaded()["plugin_file"] == str(ROOT / "plugins/podwatch_airflow/__init__.py")


def test_the_dag_is_the_line() -> None:
    assert loaded()["order"] == {"poll": ["fetch"], "fetch": ["detect"], "detect": ["deliver"], "deliver": []}


def test_the_dag_that_catches_up_is_the_same_line_and_runs_only_when_something_is_left() -> None:
    assert loaded()["catch up"] == {
        "timetable": "AssetTriggeredTimetable",
        "assets": ["podwatch_left"],
        "order": loaded()["order"],
        "active": 1,
    }


def test_with_shards_a_plan_goes_before_and_each_verb_but_deliver_is_mapped_over_it() -> None:
    found = loaded_folders()["of shards"]
    chain = {"poll": ["fetch"], "fetch": ["detect"], "detect": ["deliver"], "deliver": []}
    assert {t: [d for d in below if d == chain.get(t, ["poll"])[0]] for t, below in found["order"].items()} == {
        "plan": ["poll"], **chain,
    }  # fmt: skip
    assert found["mapped"] == ["detect", "fetch", "poll"]
    default = "default_pool"
    assert found["pools"] == {
        "plan": default, "poll": "asks", "fetch": "gets", "detect": default, "deliver": default,
    }  # fmt: skip


def test_a_run_asks_for_a_short_time_where_runs_are_frequent() -> None:
    assert (loaded()["run_seconds"], loaded_folders()["variables"]["run_seconds"]) == (600.0, 20.0)


def test_a_task_is_retried_with_growing_delays() -> None:
    assert loaded()["retries"] >= 2
    assert (loaded()["delay"], bool(loaded()["backoff"]), loaded()["longest"]) == (60.0, True, 1800.0)
    assert loaded()["timeout"] == 3600.0


def test_the_schedule_is_daily_with_real_intervals_and_no_catching_up() -> None:
    assert (loaded()["timetable"], loaded()["cron"]) == ("CronDataIntervalTimetable", "0 6 * * *")
    assert (loaded()["catchup"], loaded()["active"], loaded()["tags"]) == (False, 1, ["podwatch"])


def test_what_becomes_due_is_delivered_within_five_minutes_and_when_something_was_found() -> None:
    assert loaded()["deliver"] == {
        "timetable": "AssetOrTimeSchedule",
        "cron": "*/5 * * * *",
        "assets": ["podwatch_alerts"],
        "tasks": ["deliver"],
        "active": 1,
    }


def test_listening_has_a_task_an_episode_in_the_default_pool_and_queue_behind_all_others() -> None:
    assert loaded()["listen"] == {
        "timetable": "CronTriggerTimetable",
        "cron": "20 * * * *",
        "order": {
            "plan": ["hear"],
            "hear": ["detect"],
            "detect": ["hear_again"],
            "hear_again": ["detect_again"],
            "detect_again": [],
        },
        "catchup": False,
        "active": 1,
        "hear": {"mapped": True, "pool": "default_pool", "queue": "default", "at once": 1, "hours": 12.0},
        "priority": [1],
        "paused": None,  # as every DAG: what Airflow's own setting says
    }


def test_schedule_pool_queue_and_how_many_are_heard_at_once_are_variables() -> None:
    found = loaded_folders()["of listen"]["listen"]
    assert (found["cron"], found["hear"]["pool"], found["hear"]["queue"]) == ("*/10 * * * *", "gpu", "speech")
    assert found["hear"]["at once"] == 4


def test_the_page_explains_every_task() -> None:
    assert all(f"`{verb}`" in loaded()["doc"] for verb in ("poll", "fetch", "detect", "deliver"))


def test_nothing_heavy_is_loaded_to_read_the_dag_and_it_takes_milliseconds() -> None:
    assert not set(loaded()["new"]) & set(HEAVY)
    assert max(loaded()["took"]) < BUDGET, loaded()["took"]


def test_schedule_and_retry_delay_are_variables() -> None:
    found = loaded_folders()["variables"]
    assert (found["cron"], found["delay"]) == ("*/15 * * * *", 0.5)


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_variable_is_named_in_the_import_error(name: str) -> None:
    errors = loaded_folders()[name]["errors"].values()
    assert errors
    for error in errors:
        assert error.strip().splitlines()[-1].startswith(f"ValueError: {MALFORMED[name][1]}")

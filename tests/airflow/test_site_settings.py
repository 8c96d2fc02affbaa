"""Settings where the environment is not one's own: one Airflow variable; and a database that every machine shares."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from tests.airflow.test_connections import READ_CONNECTIONS
from tests.support.airflow_programs import run_program

NAMED = {"PODWATCH_DATABASE_URL": "sqlite:///e.db"}


def stored(value: Any) -> dict[str, str]:
    return {"AIRFLOW_VAR_PODWATCH_SETTINGS": value if isinstance(value, str) else json.dumps(value)}


# What the variable holds, and the settings that it gives beside PODWATCH_DATABASE_URL of the environment.
STORED: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "text": (stored({"PODWATCH_CONTACT": "a@b.example"}), {"PODWATCH_CONTACT": "a@b.example"}),
    "a number": (stored({"PODWATCH_POLL_FLOOR": 600}), {"PODWATCH_POLL_FLOOR": "600"}),
    "yes and no": (
        stored({"PODWATCH_CONSOLE": True, "PODWATCH_ENTITIES": False}),
        {"PODWATCH_CONSOLE": "on", "PODWATCH_ENTITIES": "off"},
    ),
    "JSON in JSON": (
        stored({"PODWATCH_WEBHOOKS": {"desk": "https://d.example"}}),
        {"PODWATCH_WEBHOOKS": '{"desk": "https://d.example"}'},
    ),
    "nothing": (stored({"PODWATCH_CONTACT": "", "PODWATCH_KEEP": None}), {}),
    "the environment's before it": (stored({"PODWATCH_DATABASE_URL": "sqlite:///other.db"}), {}),
    "it before a connection": (
        stored({"SLACK_BOT_TOKEN": "xoxb-variable"})
        | {"AIRFLOW_CONN_PODWATCH_SLACK": json.dumps({"conn_type": "slack", "password": "xoxb-connection"})},
        {"SLACK_BOT_TOKEN": "xoxb-variable"},
    ),
}
UNUSABLE = {
    "no JSON": (stored("PODWATCH_CONTACT=a"), "the Airflow variable podwatch_settings: is not a JSON object - write"),
    "a list": (stored([1]), "the Airflow variable podwatch_settings: is not a JSON object - write JSON such as"),
    "another name": (stored({"HOME": "/"}), "the Airflow variable podwatch_settings: HOME is no setting - write"),
}
# Where tasks run -> the executor that is named in the refusal; "": a database of one's own is right.
EXECUTORS = {
    "LocalExecutor": "",
    "CeleryExecutor": "CeleryExecutor",
    "LocalExecutor,KubernetesExecutor": "KubernetesExecutor",
    "airflow.providers.edge3.executors.edge_executor.EdgeExecutor": "EdgeExecutor",
    "gpu:CeleryExecutor,LocalExecutor": "CeleryExecutor",
}


@cache
def all_read() -> list[Any]:
    jobs: list[Any] = [(case[0], NAMED) for table in (STORED, UNUSABLE) for case in table.values()]
    jobs += [({"AIRFLOW__CORE__EXECUTOR": name}, NAMED) for name in EXECUTORS]
    jobs.append(({"AIRFLOW_IS_K8S_EXECUTOR_POD": "True"}, NAMED))
    jobs.append((stored({"PODWATCH_KEPT": "1y"}), NAMED))
    found: list[Any] = run_program(READ_CONNECTIONS, json.dumps(jobs))
    return found


@pytest.mark.parametrize("case", STORED)
def test_the_variable_fills_in_what_the_environment_lacks_in_every_form_of_json(case: str) -> None:
    _, found, error, _ = all_read()[list(STORED).index(case)]
    assert error == ""
    assert found == NAMED | STORED[case][1]


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_variable_that_cannot_be_used_is_one_line_that_names_it(case: str) -> None:
    _, _, error, _ = all_read()[len(STORED) + list(UNUSABLE).index(case)]
    assert error.startswith(UNUSABLE[case][1])


@pytest.mark.parametrize("executor", EXECUTORS)
def test_where_tasks_run_on_several_machines_a_database_has_to_be_named(executor: str) -> None:
    _, _, error, _ = all_read()[len(STORED) + len(UNUSABLE) + list(EXECUTORS).index(executor)]
    if EXECUTORS[executor]:
        what = f"no database is named, and under {EXECUTORS[executor]} each machine would keep one of its own"
        assert error.startswith(f"the Airflow connection podwatch_database: {what} - make")
    else:
        assert error == ""


def test_in_a_pod_the_setting_says_local_and_a_database_has_to_be_named_too() -> None:
    assert "under KubernetesExecutor" in all_read()[-2][2]


def test_a_mistyped_name_in_the_variable_is_said_as_one_of_the_environment() -> None:
    assert any("PODWATCH_KEPT (did you mean PODWATCH_KEEP?)" in line for line in all_read()[-1][3])

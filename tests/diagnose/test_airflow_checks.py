"""What doctor says of an Airflow that is there already: each thing that is missing, with what to do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from podwatch.diagnose import airflow_site
from podwatch.diagnose.airflow_checks import BUNDLE, DAGS, add_bundle, check_site
from podwatch.diagnose.airflow_site import find_site, inspect_airflow, names_airflow, site_variables
from podwatch.diagnose.findings import Health
from podwatch.errors import SettingsError

WHOLE: dict[str, Any] = {
    "version": "3.3.2",
    "executor": "LocalExecutor",
    "plugin": "podwatch==0.1.0",
    "plugin_errors": {},
    "former": [],
    "hides": "",
    "bundle": True,
    "dag_files": [],
    "dags": {name: {"paused": False, "bundle": "podwatch"} for name in DAGS},
    "import_errors": {},
    "pools": {"default_pool": 128, "podwatch_backfill": 2},
    "connections": ["podwatch_slack"],
    "variables": {},
    "refused": None,
}
WRONG, NOTE = Health.WRONG, Health.NOTE
PAUSED = WHOLE["dags"] | {"podwatch": {"paused": True, "bundle": "podwatch"}}
# what differs -> (check, how it is, in what is said, in what to do)
CASES: dict[str, tuple[dict[str, Any], str, Health, str, str]] = {
    "no DAG": ({"dags": {}}, "airflow DAGs", WRONG, "podwatch, podwatch_deliver", "podwatch airflow dags"),
    "paused": ({"dags": PAUSED}, "airflow DAGs", NOTE, "podwatch is paused", "airflow dags unpause podwatch"),
    "twice": ({"dag_files": ["/d/podwatch_daily.py"]}, "airflow DAGs", WRONG, "/d/podwatch_daily.py", "remove"),
    "import error": (
        {"import_errors": {"podwatch_daily.py": "Traceback ...\n\nImportError: podwatch needs Airflow 3.2\n"}},
        "airflow DAGs",
        WRONG,
        "podwatch_daily.py: ImportError: podwatch needs Airflow 3.2",
        "correct",
    ),
    "no plugin": ({"plugin": None}, "airflow plugin", WRONG, "is not loaded", "restart"),
    "broken plugin": (
        {"plugin": None, "plugin_errors": {"podwatch_airflow.plugin": "No module named x"}},
        "airflow plugin",
        WRONG,
        "podwatch_airflow.plugin: No module named x",
        "airflow plugins",
    ),
    "older files": ({"former": ["/p/podwatch_page.py"]}, "airflow plugin", WRONG, "/p/podwatch_page.py", "remove it"),
    "hidden library": ({"hides": "/p/podwatch.py"}, "airflow plugin", NOTE, "/p/podwatch.py hides", "another name"),
    "no pool": ({"pools": {"default_pool": 1}}, "airflow pool", NOTE, "is not there", "podwatch airflow pool"),
    "no pool to listen in": (
        {"variables": {"PODWATCH_LISTEN_POOL": "gpu"}},
        "airflow pool",
        WRONG,
        "gpu of PODWATCH_LISTEN_POOL",
        "airflow pools set gpu",
    ),
    "no connection": ({"connections": []}, "airflow connections", NOTE, "none of podwatch's", "docs/settings.md"),
}


def test_of_a_site_that_has_everything_each_check_is_well() -> None:
    found = list(check_site(WHOLE))
    assert {f.health for f in found} == {Health.OK}
    assert [f.check for f in found] == [
        "airflow",
        "airflow plugin",
        "airflow DAGs",
        "airflow pool",
        "airflow connections",
    ]


@pytest.mark.parametrize("name", CASES)
def test_what_is_missing_is_said_with_what_to_do(name: str) -> None:
    changes, check, health, said, todo = CASES[name]
    [finding] = [f for f in check_site(WHOLE | changes) if f.health is not Health.OK]
    assert (finding.check, finding.health) == (check, health)
    assert said in finding.message
    assert todo in finding.todo


def test_the_bundle_comes_behind_those_of_the_site_once() -> None:
    theirs = [{"name": "dags-folder", "classpath": "x.LocalDagBundle", "kwargs": {}}]
    once = add_bundle(json.dumps(theirs))
    assert once == [*theirs, BUNDLE]
    assert add_bundle(json.dumps(once)) == once


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({}, False),
        ({"HOME": "/nowhere"}, False),
        ({"AIRFLOW_HOME": "/srv/airflow"}, True),
        ({"AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"}, True),
        ({"PATH": "/usr/bin", "PODWATCH_HOME": "/x"}, False),
    ],
    ids=str,
)
def test_an_airflow_is_looked_for_where_the_environment_names_one(env: dict[str, str], named: bool) -> None:
    assert names_airflow(env, in_checkout=False) is named


def test_the_home_that_airflow_has_by_default_counts_where_podwatch_is_installed(tmp_path: Path) -> None:
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow/airflow.cfg").touch()
    assert names_airflow({"HOME": str(tmp_path)}, in_checkout=False)
    assert not names_airflow({"HOME": str(tmp_path)}, in_checkout=True)


def test_a_python_without_airflow_is_told_to_use_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow_site, "airflow_version", lambda: "")
    with pytest.raises(SettingsError, match=r"^Airflow: this Python has none - run this with the Python in which"):
        find_site({"AIRFLOW_HOME": "/srv/airflow"})
    assert find_site({}) is None


def test_what_airflow_said_last_is_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "inspecting.py").write_text("raise ImportError('podwatch needs Airflow 3.2 or newer')\n")
    monkeypatch.setattr(airflow_site, "INSPECTION", "inspecting")
    with pytest.raises(SettingsError, match=r"^Airflow: podwatch needs Airflow 3.2 or newer - airflow db check"):
        inspect_airflow(env={"PYTHONPATH": str(tmp_path), "PATH": str(Path(sys.executable).parent)})


def test_settings_that_a_task_would_refuse_are_refused_with_the_same_line() -> None:
    refused = WHOLE | {"refused": ["is no key", "PODWATCH_SECRET_KEY", "make one"]}
    with pytest.raises(SettingsError, match=r"^PODWATCH_SECRET_KEY: is no key - make one$"):
        site_variables(refused)
    assert site_variables(WHOLE | {"variables": {"PODWATCH_KEEP": "1y"}}) == {"PODWATCH_KEEP": "1y"}

"""docs/airflow.md and docs/helm-values.yaml against the code, and against what the official chart takes."""

from __future__ import annotations

import copy
import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from podwatch.diagnose.airflow_checks import BACKFILL_POOL, BUNDLE, DAGS
from podwatch.known_variables import KNOWN_VARIABLES
from tests.support.foreign_site import FILES

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/airflow.md").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASSETS = {"podwatch_alerts", "podwatch_left", "podwatch_mentions"}
CONNECTIONS = {"PODWATCH_DATABASE", "PODWATCH_SLACK", "PODWATCH_SMTP", "PODWATCH_HEARTBEAT", "PODWATCH_OPERATIONS"}


def helm_values() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(ROOT / "docs/helm-values.yaml")
    return found


def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "tests/data/helm-values.schema.json").read_text(encoding="utf-8"))
    return found


def test_the_values_are_those_that_the_chart_takes() -> None:
    jsonschema.validate(helm_values(), schema())


# What people write into such a file, and the chart refuses.
WRONG = {
    "a number in env": ("env", [{"name": "PODWATCH_POLL_FLOOR", "value": 300}]),
    "a secret without its name": ("secret", [{"envName": "PODWATCH_SECRET_KEY", "secretKey": "key"}]),
    "an env as a mapping": ("env", {"PODWATCH_SCHEDULE": "0 6 * * *"}),
    "a bundle without a class": ("dagProcessor", {"dagBundleConfigList": [{"name": "x", "kwargs": {}}]}),
    "the bundles as text": ("dagProcessor", {"dagBundleConfigList": "[]"}),
    "an image as text": ("images", {"airflow": "registry.example.org/airflow:3.3.2"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_schema_refuses_what_the_chart_refuses(name: str) -> None:
    values, (key, wrong) = copy.deepcopy(helm_values()), WRONG[name]
    values[key] = wrong
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(values, schema())


@pytest.mark.skipif(
    not os.environ.get("HELM_AIRFLOW_SCHEMA"), reason="HELM_AIRFLOW_SCHEMA names no schema of the chart"
)
def test_the_charts_own_schema_takes_and_refuses_the_same() -> None:
    theirs = json.loads(Path(os.environ["HELM_AIRFLOW_SCHEMA"]).read_text(encoding="utf-8"))
    jsonschema.validate(helm_values(), theirs)
    for name, (key, wrong) in WRONG.items():
        assert not jsonschema.Draft7Validator(theirs).is_valid(helm_values() | {key: wrong}), name


def test_every_variable_of_the_values_is_a_setting_or_a_connection_of_podwatch() -> None:
    values = helm_values()
    for name in [e["name"] for e in values["env"]] + [s["envName"] for s in values["secret"]]:
        assert name in KNOWN_VARIABLES or name.removeprefix("AIRFLOW_CONN_") in CONNECTIONS, name


def test_the_values_have_the_bundle_that_the_command_prints() -> None:
    assert BUNDLE in helm_values()["dagProcessor"]["dagBundleConfigList"]
    assert BUNDLE["classpath"] in PAGE


def test_the_page_names_every_dag_the_pool_and_each_connection_that_it_speaks_of() -> None:
    assert {f"`{name}`" for name in (*DAGS, BACKFILL_POOL)} <= set(re.findall(r"`\w+`", PAGE))
    for name in re.findall(r"`(podwatch_\w+)`", PAGE):
        assert name.upper() in CONNECTIONS or name in {*DAGS, "podwatch_settings", "podwatch_dags", *ASSETS}, name


def test_every_extra_that_the_page_installs_exists() -> None:
    extras = set(PROJECT["project"]["optional-dependencies"])
    asked = {e for found in re.findall(r"podwatch\[([\w,]+)\]", PAGE) for e in found.split(",")}
    assert asked
    assert asked <= extras


def test_airflow_is_no_dependency_and_no_extra_bounds_it_from_above() -> None:
    assert not [d for d in PROJECT["project"]["dependencies"] if "airflow" in d]
    bounds = [d for extra in PROJECT["project"]["optional-dependencies"].values() for d in extra if "airflow" in d]
    assert bounds
    assert all(re.search(r">=3\.2$", bound) for bound in bounds)


def test_the_foreign_site_has_the_names_that_the_page_promises_to_get_along_with() -> None:
    assert {"plugins/podwatch.py", "dags/pipeline/steps.py"} <= FILES.keys()

"""The Airflow that podwatch is installed in, as podwatch_airflow.inspection sees it in a process of its own.

The library knows no Airflow: it only starts that process, where the environment names an Airflow.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from podwatch.errors import SettingsError
from podwatch.settings import CHECKOUT

INSPECTION = "podwatch_airflow.inspection"
PATIENCE = 180  # seconds: a site's plugins and its database take what they take


def names_airflow(env: Mapping[str, str], *, in_checkout: bool) -> bool:
    """Whether the environment leads to an Airflow: to its home, to its settings, or to the home it has by default.

    The last counts where podwatch is an installed package: any command of Airflow makes that home, and a checkout has
    an Airflow of its own.
    """
    if any(name.startswith("AIRFLOW_") for name in env):
        return True
    return not in_checkout and bool(env.get("HOME")) and (Path(env["HOME"]) / "airflow/airflow.cfg").is_file()


def airflow_version() -> str:
    """The version of Airflow in this Python; "" when there is none."""
    for package in ("apache-airflow-core", "apache-airflow"):
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return ""


def inspect_airflow(*what: str, env: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the site has of podwatch; what: "variables" for its settings alone, which is quicker.

    Raises SettingsError when it cannot be looked at, with the last line of what Airflow said.
    """
    if not airflow_version():
        todo = "run this with the Python in which Airflow and podwatch are installed"
        raise SettingsError("this Python has none", where="Airflow", todo=todo)
    command = [sys.executable, "-m", INSPECTION, *what]
    try:
        done = subprocess.run(
            command, env=dict(env), capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise SettingsError(f"gave no answer within {PATIENCE} s", where="Airflow", todo="airflow db check") from None
    if done.returncode:
        said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "no word")
        raise SettingsError(said.removeprefix("ImportError: ")[:300], where="Airflow", todo="airflow db check")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def find_site(env: Mapping[str, str]) -> dict[str, Any] | None:
    """What inspect_airflow finds; None where the environment names no Airflow. Raises SettingsError."""
    if not names_airflow(env, in_checkout=(CHECKOUT / "pyproject.toml").is_file()):
        return None
    return inspect_airflow(env=env)


def site_variables(found: Mapping[str, Any]) -> dict[str, str]:
    """The settings as this Airflow's tasks read them; raises SettingsError where they would be refused."""
    if found["refused"]:
        what, where, todo = found["refused"]
        raise SettingsError(what, where=where, todo=todo)
    return dict(found["variables"])

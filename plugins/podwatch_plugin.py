"""Registers the plugin where podwatch is not installed as a package: in an Airflow whose plugins folder this is.

An installed podwatch is registered by its entry point. Airflow reads this folder first and would then call the entry
point a duplicate, in every process. So this file registers nothing where there is one; when that one is another copy of
the plugin than the folder beside this file, a line says which of the two is used.
"""

from __future__ import annotations

import logging
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import podwatch_airflow

try:
    is_installed = any(e.group == "airflow.plugins" for e in distribution("podwatch").entry_points)
except PackageNotFoundError:
    is_installed = False

if not is_installed:
    from podwatch_airflow.plugin import PodwatchPlugin

    __all__ = ["PodwatchPlugin"]
elif Path(podwatch_airflow.__file__).parent != Path(__file__).with_name("podwatch_airflow"):
    logging.getLogger("podwatch").warning(
        "podwatch: the installed plugin (%s) is used, and not its copy in %s - remove that copy",
        Path(podwatch_airflow.__file__).parent,
        Path(__file__).parent,
    )

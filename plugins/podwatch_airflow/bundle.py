"""podwatch's DAGs as a DAG bundle: Airflow reads them from the installed package, wherever that is.

In `dag_bundle_config_list` it stands beside the site's own bundles (`podwatch airflow dags` prints that line). An
upgrade of the package is an upgrade of the DAGs, and nothing is copied.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from airflow.dag_processing.bundles.local import LocalDagBundle

CHECKOUT = Path(__file__).resolve().parents[2]


class PodwatchDagBundle(LocalDagBundle):
    """The folder of the DAG files that belong to this plugin."""

    def __init__(self, **options: Any) -> None:
        super().__init__(path=str(find_dags()), **options)


def find_dags() -> Path:
    """The DAG files of the checkout that this is, or of the installed package."""
    if (CHECKOUT / "plugins/podwatch_airflow/bundle.py").is_file():
        return CHECKOUT / "dags"
    spec = find_spec("podwatch_dags")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("the package podwatch_dags is not there - install podwatch again")
    return Path(next(iter(spec.submodule_search_locations)))

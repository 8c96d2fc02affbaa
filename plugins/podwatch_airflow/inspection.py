"""What this Airflow has of podwatch, as JSON, for `podwatch doctor` and `podwatch airflow`, which know no Airflow.

`python -m podwatch_airflow.inspection` runs in a process of its own, since loading a site's plugins and settings may do
anything. Its last line holds secrets: it is written to a pipe, and read by the process that started this one.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from podwatch_airflow import connections

DAGS = ("podwatch", "podwatch_deliver", "podwatch_catch_up", "podwatch_backfill", "podwatch_listen")
DAG_FILES = ("podwatch_daily.py", "podwatch_deliver.py", "podwatch_backfill.py", "podwatch_listen.py")
# Files of an older podwatch in a plugins folder: each would hide the package, or one of its modules.
FORMER_FILES = ("podwatch_airflow.py", "podwatch_connections.py", "podwatch_page.py")
CONNECTIONS = (connections.DATABASE, connections.SLACK, connections.SMTP, connections.HEARTBEAT, "podwatch_operations")


def read_variables() -> dict[str, Any]:
    """The settings as a task would read them; refused: the parts of the line about those that cannot be used."""
    connections.uncover_library()
    from podwatch.errors import PodwatchError

    try:
        found = connections.podwatch_variables(os.environ)
    except PodwatchError as e:
        return {"variables": {}, "refused": [e.what, e.where, e.todo]}
    ours = {name: value for name, value in found.items() if name.startswith(("PODWATCH_", "SLACK_"))}
    return {"variables": ours, "refused": None}


def inspect_site() -> dict[str, Any]:
    """Version, plugin, DAGs, pools and connections, as Airflow's own database and configuration have them."""
    from airflow import __version__, plugins_manager, settings
    from airflow.configuration import conf

    folder = Path(str(settings.PLUGINS_FOLDER))
    plugins = plugins_manager.get_plugin_info(["name", "source"])
    sources = {p["name"]: str(p["source"]).partition(":")[0] for p in plugins}
    return {
        "version": __version__,
        "executor": conf.get("core", "executor"),
        "plugin": sources.get("podwatch"),
        "plugin_errors": {str(k): v for k, v in plugins_manager.get_import_errors().items() if "podwatch" in str(k)},
        "former": [str(folder / name) for name in FORMER_FILES if (folder / name).is_file()],
        "hides": str(folder / "podwatch.py") if (folder / "podwatch.py").is_file() else "",
        "bundle": "podwatch_airflow.bundle" in conf.get("dag_processor", "dag_bundle_config_list", fallback=""),
        "dag_files": find_dag_files(Path(str(settings.DAGS_FOLDER))),
        "connections": [name for name in CONNECTIONS if connections.find_connection(name) is not None],
        **_read_database(),
    }


def find_dag_files(folder: Path) -> list[str]:
    """podwatch's DAG files in Airflow's folder of DAGs, or in a folder of it."""
    return sorted(str(p) for depth in ("", "*/") for p in folder.glob(f"{depth}podwatch_*.py") if p.name in DAG_FILES)


def _read_database() -> dict[str, Any]:
    from airflow.models.dag import DagModel
    from airflow.models.errors import ParseImportError
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.execute(
            select(DagModel.dag_id, DagModel.is_paused, DagModel.is_stale, DagModel.bundle_name).where(
                DagModel.dag_id.in_(DAGS)
            )
        )
        dags = {r.dag_id: {"paused": r.is_paused, "bundle": r.bundle_name} for r in rows if not r.is_stale}
        errors = session.execute(select(ParseImportError.filename, ParseImportError.stacktrace))
        return {
            "dags": dags,
            "import_errors": {str(r[0]): str(r[1]) for r in errors if "podwatch" in f"{r[0]}{r[1]}"},
            "pools": {str(name): slots for name, slots in session.execute(select(Pool.pool, Pool.slots))},
        }


if __name__ == "__main__":
    # As Airflow's own commands do: connections and variables come from its database, too.
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"
    out, sys.stdout = sys.stdout, sys.stderr  # what plugins print is not for the reader
    answer = read_variables() if sys.argv[1:] == ["variables"] else inspect_site() | read_variables()
    out.write(json.dumps(answer) + "\n")

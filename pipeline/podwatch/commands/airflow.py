"""podwatch airflow: what makes podwatch part of an Airflow that is there already, and how commands get its settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import emit_json
from podwatch.errors import PodwatchError

app = cli.Group(help="An Airflow that is there already: DAGs, pool, settings.", no_args_is_help=True)
MARK = "# Written by podwatch airflow dags"
FILES = ("podwatch_daily", "podwatch_deliver", "podwatch_backfill", "podwatch_listen")


@app.command()
def dags(
    write: Annotated[
        Path | None, cli.Option("--write", metavar="FOLDER", help="Write the DAGs as two-line files into this folder.")
    ] = None,
    json: Json = False,
) -> None:
    """Says how podwatch's DAGs come into this Airflow, or writes them into its folder of DAGs.

    Without --write: the setting that adds the installed package as a DAG bundle, beside the bundles that there are.

    Example: podwatch airflow dags --write ~/airflow/dags
    """
    if write is not None:
        for path, state in write_files(write).items():
            if json:
                emit_json({"file": str(path), "state": state})
            else:
                print(f"{path}: {state}")
        return
    from podwatch.diagnose.airflow_checks import add_bundle

    text = _dump(add_bundle(_read_bundles()))
    if json:
        emit_json({"section": "dag_processor", "option": "dag_bundle_config_list", "value": text})
        return
    print(f"For every component of Airflow, in airflow.cfg:\n\n[dag_processor]\ndag_bundle_config_list = {text}\n")
    print(f"or in the environment:\n\nAIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST='{text}'\n")
    print("Where the bundles of Airflow cannot be set: podwatch airflow dags --write FOLDER")


def write_files(folder: Path) -> dict[Path, str]:
    """Writes a file for each DAG; raises PodwatchError, before any is written, where one of another hand is there."""
    if not folder.is_dir():
        raise PodwatchError("is no folder", where=str(folder), todo="give Airflow's folder of DAGs")
    texts = {folder / f"{name}.py": describe_dag(name) for name in FILES}
    for path in texts:
        if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace"):
            todo = "move it away: podwatch wrote another kind of file, or somebody else this one"
            raise PodwatchError("is there already, and is left as it is", where=str(path), todo=todo)
    states = {}
    for path, text in texts.items():
        states[path] = "as it was" if path.exists() and path.read_text(encoding="utf-8") == text else "written"
        path.write_text(text, encoding="utf-8")
    return states


def describe_dag(name: str) -> str:
    """The file of a DAG: Airflow looks for the words airflow and dag in it before it imports it."""
    found = f"{MARK}: Airflow finds the DAG here, its code is in the package."
    return f"{found}\nfrom podwatch_dags.{name} import *  # noqa: F403\n"


@app.command()
def pool(
    slots: Annotated[int | None, cli.Option("--slots", min=1, max=1000, help="Slots: shards at once.")] = None,
    json: Json = False,
) -> None:
    """Makes the pool of the DAG podwatch_backfill, unless it is there.

    An existing one keeps its slots, unless --slots says otherwise. No other pool is touched.

    Example: podwatch airflow pool --slots 2
    """
    from podwatch.diagnose.airflow_checks import BACKFILL_POOL
    from podwatch.diagnose.airflow_site import inspect_airflow

    there = inspect_airflow(env=os.environ)["pools"].get(BACKFILL_POOL)
    wanted = slots or there or 2
    if there != wanted:
        _run_airflow("pools", "set", BACKFILL_POOL, str(wanted), "podwatch: shards of backfills at once")
    state = "made" if there is None else "as it was" if there == wanted else "changed"
    if json:
        emit_json({"pool": BACKFILL_POOL, "slots": wanted, "state": state})
    else:
        print(f"{BACKFILL_POOL}: {wanted} slots, {state}")


@app.command("exec", raw=True)
def exec_(words: Annotated[list[str], cli.Argument(metavar="COMMAND...", help="A command of podwatch.")]) -> None:
    """Runs a command of podwatch with the settings that Airflow's tasks have: its connections and its variable.

    Example: podwatch airflow exec feeds import feeds.opml
    """
    from podwatch.commands import app as podwatch
    from podwatch.diagnose.airflow_site import inspect_airflow, site_variables

    os.environ.update(site_variables(inspect_airflow("variables", env=os.environ)))
    podwatch(args=words, prog_name="podwatch")


def _read_bundles() -> str:
    """The JSON of the bundles that this Airflow has; it is printed over several lines."""
    said = _run_airflow("config", "get-value", "dag_processor", "dag_bundle_config_list")
    return said[said.find("[") :]


def _run_airflow(*words: str) -> str:
    """What a command of Airflow prints; raises PodwatchError with its last line."""
    command = [sys.executable, "-m", "airflow", *words]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "no word")
        raise PodwatchError(said[:300], where=f"airflow {' '.join(words[:2])}", todo="is Airflow in this Python?")
    return done.stdout


def _dump(value: object) -> str:
    from json import dumps

    return dumps(value)

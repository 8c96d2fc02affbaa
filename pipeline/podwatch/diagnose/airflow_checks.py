"""What is missing of podwatch in an Airflow, and what to do: decided from what inspection found there. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from podwatch.diagnose.findings import MAX_LISTED, Finding, Health
from podwatch.policy.wording import agree

LIVE_DAGS = ("podwatch", "podwatch_deliver")  # without which nothing is found, or nobody is told
DAGS = (*LIVE_DAGS, "podwatch_catch_up", "podwatch_backfill", "podwatch_listen")
BACKFILL_POOL = "podwatch_backfill"
BUNDLE: dict[str, Any] = {"name": "podwatch", "classpath": "podwatch_airflow.bundle.PodwatchDagBundle", "kwargs": {}}


def check_site(found: Mapping[str, Any]) -> Iterator[Finding]:
    """Version and executor, the plugin, the DAGs, the pools, the connections."""
    yield Finding("airflow", Health.OK, f"Airflow {found['version']}, {found['executor']}")
    yield from _check_plugin(found)
    yield from _check_dags(found)
    yield from _check_pools(found)
    names = ", ".join(found["connections"])
    message = f"there is {names}" if names else "there is none of podwatch's: settings come from the environment alone"
    todo = "" if names else "tasks may have another environment than this shell; docs/settings.md lists the connections"
    yield Finding("airflow connections", Health.OK if names else Health.NOTE, message, todo)


def _check_plugin(found: Mapping[str, Any]) -> Iterator[Finding]:
    for path in found["former"]:
        message = f"{path} is of an older podwatch, and hides the installed package"
        yield Finding("airflow plugin", Health.WRONG, message, "remove it, and restart every component of Airflow")
    if found["hides"]:
        message = f"{found['hides']} hides the library from the page; tasks get along"
        yield Finding("airflow plugin", Health.NOTE, message, "give that file another name")
    for where, said in list(found["plugin_errors"].items())[:MAX_LISTED]:
        yield Finding("airflow plugin", Health.WRONG, f"{where}: {_last_line(said)}", "correct it; airflow plugins")
    if found["plugin"]:
        yield Finding("airflow plugin", Health.OK, f"loaded from {found['plugin']}")
    elif not found["plugin_errors"]:
        message = "is not loaded: the page is not in Airflow's menu"
        todo = "install podwatch into the Python of every component, and restart them"
        yield Finding("airflow plugin", Health.WRONG, message, todo)


def _check_dags(found: Mapping[str, Any]) -> Iterator[Finding]:
    dags = found["dags"]
    for where, said in list(found["import_errors"].items())[:MAX_LISTED]:
        yield Finding("airflow DAGs", Health.WRONG, f"{where}: {_last_line(said)}", "correct what it says")
    if found["bundle"] and found["dag_files"]:
        message = f"come in twice: as a bundle, and by {found['dag_files'][0]}"
        yield Finding("airflow DAGs", Health.WRONG, message, "take the bundle out of the setting, or remove the files")
    missing = [name for name in DAGS if name not in dags]
    if missing:
        message = f"{', '.join(missing)} {agree(len(missing), 'is', 'are')} not there"
        todo = "podwatch airflow dags says how they come in; a new bundle or file is read within some minutes"
        yield Finding("airflow DAGs", Health.WRONG, message, todo)
    paused = [name for name in LIVE_DAGS if name in dags and dags[name]["paused"]]
    if paused:
        message = f"{', '.join(paused)} {agree(len(paused), 'is', 'are')} paused: no schedule starts what is paused"
        yield Finding("airflow DAGs", Health.NOTE, message, f"airflow dags unpause {paused[0]}")
    if not missing and not paused:
        yield Finding("airflow DAGs", Health.OK, f"{', '.join(DAGS)}; none is missing")


def _check_pools(found: Mapping[str, Any]) -> Iterator[Finding]:
    pools = found["pools"]
    if BACKFILL_POOL in pools:
        message = f"{BACKFILL_POOL} has {pools[BACKFILL_POOL]} {agree(pools[BACKFILL_POOL], 'slot', 'slots')}"
        yield Finding("airflow pool", Health.OK, message)
    else:
        message = f"{BACKFILL_POOL} is not there: tasks of the DAG of that name would wait for it for ever"
        yield Finding("airflow pool", Health.NOTE, message, "podwatch airflow pool")
    named = found["variables"].get("PODWATCH_LISTEN_POOL", "")
    if named and named not in pools:
        message = f"{named} of PODWATCH_LISTEN_POOL is not there: nothing would be heard"
        yield Finding("airflow pool", Health.WRONG, message, f"airflow pools set {named} 1 listening")


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")[:200]


def add_bundle(configured: str) -> list[dict[str, Any]]:
    """The DAG bundles of a site, as its configuration has them in JSON, with podwatch's behind them."""
    bundles: list[dict[str, Any]] = json.loads(configured)
    return [b for b in bundles if b.get("name") != BUNDLE["name"]] + [BUNDLE]

"""Which Airflow podwatch can run in; an older one is refused in one line, where DAGs or plugin are loaded."""

from __future__ import annotations

OLDEST = (3, 2)


def check_version(version: str) -> None:
    """Raises ImportError for an Airflow that is too old. version: as Airflow says it, such as 3.2.2 or 3.3.0b1."""
    parts = version.split(".")[:2]
    if all(p.isdecimal() for p in parts) and tuple(map(int, parts)) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        todo = "upgrade Airflow, or let cron run podwatch"
        raise ImportError(f"podwatch needs Airflow {wanted} or newer, and this is {version} - {todo}")

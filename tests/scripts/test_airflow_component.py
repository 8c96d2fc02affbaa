"""scripts/airflow_component.py: `airflow backfill create` on SQLite does not fail when the scheduler writes meanwhile."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from airflow_component import begin_immediate


def create(engine: Engine, database: Path) -> None:
    """As Airflow creates a run of a backfill: a SAVEPOINT, a read, a row; the scheduler writes in between."""
    with engine.connect() as c, c.begin_nested():
        c.execute(text("SELECT count(*) FROM t")).scalar_one()
        with sqlite3.connect(database, timeout=0) as scheduler:
            try:
                scheduler.execute("INSERT INTO t VALUES (1)")
            except sqlite3.OperationalError:
                pass  # the scheduler tries again: its own time-out is minutes
        c.execute(text("INSERT INTO t VALUES (2)"))


@pytest.mark.parametrize("ours", [False, True])
def test_a_savepoint_begins_a_transaction_that_can_write(tmp_path: Path, ours: bool) -> None:
    database = tmp_path / "airflow.db"
    engine = create_engine(f"sqlite:///{database}", connect_args={"timeout": 5})
    with engine.begin() as c:
        c.exec_driver_sql("PRAGMA journal_mode=WAL")
        c.exec_driver_sql("CREATE TABLE t (n INTEGER)")
    if ours:
        event.listen(engine, "savepoint", begin_immediate)
        create(engine, database)
    else:  # fails without it; the day this succeeds, begin_immediate can go
        with pytest.raises(OperationalError, match="database is locked"):
            create(engine, database)
    engine.dispose()

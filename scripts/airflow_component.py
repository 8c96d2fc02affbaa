"""The command `airflow` with other garbage collection, and with SQLite transactions that can write.

Python collects garbage after every 700 new objects, and while hundreds of modules are imported there is none to find:
that took a third of the API server's start (4.1 s of CPU, 2.8 s with the thresholds here) and two seconds of its end.

Creating a backfill begins with a SAVEPOINT, which on SQLite begins a transaction that reads first. When the scheduler
writes in between, it fails at once with "database is locked", whatever the time-out, and leaves a backfill with half of
its days. Begun with BEGIN IMMEDIATE, it waits its turn.
"""

import atexit
import gc
import sys


def begin_immediate(connection: object, name: object) -> None:
    """Begins a SQLite transaction as one that writes; SQLAlchemy calls it before each SAVEPOINT."""
    driver = connection.connection.dbapi_connection  # type: ignore[attr-defined]
    if connection.dialect.name == "sqlite" and not driver.in_transaction:  # type: ignore[attr-defined]
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]


if __name__ == "__main__":
    gc.set_threshold(10_000, 20, 100)
    atexit.register(gc.freeze)  # no collection of what the process leaves at its end
    from airflow.__main__ import main
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    event.listen(Engine, "savepoint", begin_immediate)
    main()  # type: ignore[no-untyped-call]
    if sys.argv[1:] == ["db", "migrate"]:
        from airflow.models.pool import Pool

        text = "backfills: the daily run has the other slot"
        Pool.create_or_update_pool("podwatch_backfill", slots=1, description=text, include_deferred=False)

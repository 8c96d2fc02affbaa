"""The command `airflow` with a garbage collector that suits it, and transactions that suit SQLite.

Python looks through all its objects each time that 700 new ones have come, and while hundreds of modules are imported
they all stay: a third of the API server's start (4.1 s of CPU, 2.8 so) and two seconds of its end went into that.

Creating a backfill begins with a SAVEPOINT, which on SQLite begins a transaction that reads first. When the scheduler
writes before it does, it cannot write any more: "database is locked", at once, whatever the time-out, and a backfill
of half its days stays behind. Begun as one that writes, it waits its turn.
"""

import atexit
import gc
import sys


def begin_as_writer(connection: object, name: object) -> None:
    """Called by SQLAlchemy before each SAVEPOINT."""
    driver = connection.connection.dbapi_connection  # type: ignore[attr-defined]
    if connection.dialect.name == "sqlite" and not driver.in_transaction:  # type: ignore[attr-defined]
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]


if __name__ == "__main__":
    gc.set_threshold(10_000, 20, 100)
    atexit.register(gc.freeze)  # what is left at the end goes with the process
    from airflow.__main__ import main
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    event.listen(Engine, "savepoint", begin_as_writer)
    main()  # type: ignore[no-untyped-call]
    if sys.argv[1:] == ["db", "migrate"]:
        from airflow.models.pool import Pool

        text = "backfills: the daily run has the other slot"
        Pool.create_or_update_pool("podwatch_backfill", slots=1, description=text, include_deferred=False)

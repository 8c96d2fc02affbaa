"""The command `airflow` with a garbage collector that suits it, because that decides how long a start takes.

Python looks through all its objects each time that 700 new ones have come, and while hundreds of modules are imported
they all stay: a third of the API server's start (4.1 s of CPU, 2.8 so) and two seconds of its end went into that.
"""

import atexit
import gc
import sys

if __name__ == "__main__":
    gc.set_threshold(10_000, 20, 100)
    atexit.register(gc.freeze)  # what is left at the end goes with the process
    from airflow.__main__ import main

    main()  # type: ignore[no-untyped-call]
    if sys.argv[1:] == ["db", "migrate"]:
        from airflow.models.pool import Pool

        text = "backfills: the daily run has the other slot"
        Pool.create_or_update_pool("podwatch_backfill", slots=1, description=text, include_deferred=False)

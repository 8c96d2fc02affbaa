"""The profile demo of docker-compose.yml: serves the sample podcast, adds it, and prints its alerts as they go out.

python compose_demo.py serve      the service sample: as a podcast host does, to the other containers
python compose_demo.py follow     the service demo: ends after the first run of the DAG, its exit status says how
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

HOST, PORT = "sample", 8765
FEED = f"http://{HOST}:{PORT}/sample/feed.xml"
SEEDS = Path(__file__).resolve().parent.parent / "seeds"
PASSWORDS = Path("/var/lib/podwatch/login/passwords.json")
SHARED = Path("/run/podwatch/demo")  # variables for the workers, as compose_entrypoint.sh reads them
DEADLINE = 900.0  # seconds


def serve() -> int:
    """Serves until it is stopped. The sample is at an internal address, which no worker asks unless it is told to."""
    from sample_server import SampleServer

    address = socket.gethostbyname(socket.gethostname())
    variables = {"PODWATCH_ALLOW_ADDRESSES": address, "PODWATCH_CONSOLE": "1"}
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    for name, value in variables.items():
        (SHARED / name).write_text(value)
    try:
        with SampleServer(SEEDS, PORT, listen="0.0.0.0", name=HOST):
            print(f"{FEED} is served", flush=True)
            stop.wait()
    finally:
        for name in variables:
            (SHARED / name).unlink(missing_ok=True)
    return 0


def follow() -> int:
    import compose_start
    from podwatch import runtime, settings
    from podwatch.store.marks import COMPLETE_LINE
    from terminal import AlertPrinter, Progress

    since = datetime.now(UTC)
    if not compose_start.list_nouns("feeds"):
        subprocess.run(["podwatch", "feeds", "add", FEED], check=True)
    if not compose_start.list_nouns("watches"):
        subprocess.run(["podwatch", "watches", "sync", str(SEEDS / "watchlist.yaml")], check=True)
    compose_start.unpause_dags()
    until = time.monotonic() + DEADLINE
    with Progress() as progress, runtime.build(settings.from_environment(os.environ)) as rt:
        alerts = AlertPrinter(rt, since)
        progress.show_step("the DAG podwatch runs")
        while (mark := rt.store.mark(COMPLETE_LINE)) is None or mark.at < since:
            alerts.print_new(progress)
            if time.monotonic() > until:
                raise SystemExit(
                    f"demo: the DAG has not run through after {DEADLINE:.0f} s - docker compose logs worker"
                )
            time.sleep(1)
        alerts.print_new(progress)
        page = f"http://127.0.0.1:{os.environ.get('PODWATCH_PORT') or 8080}/podwatch/alerts"
        login = json.loads(PASSWORDS.read_text())["admin"]
        print(f"podwatch: the line has run, {alerts.count} alerts\n  the page    {page}\n  log in as   admin, {login}")
    return 0


if __name__ == "__main__":
    sys.exit({"serve": serve, "follow": follow}[sys.argv[1]]())

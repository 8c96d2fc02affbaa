"""A container's health check: is what runs in it at work? Each asks the nearest that knows, for little CPU.

python health.py [api-server | scheduler | dag-processor | worker | slack | serve | sample]

Without a word it looks at what process 1 was started as. No check asks another container's program but the database or
the broker that the service cannot do without: an API server that is down makes no scheduler unhealthy.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

HEARTBEAT_SECONDS = 60  # seconds without a heartbeat; a DAG processor that parses has one every five
ESTABLISHED = "01"


def check_api_server() -> str:
    body = json.loads(fetch("http://127.0.0.1:8080/api/v2/monitor/health"))
    return str(body["metadatabase"]["status"])


def check_scheduler() -> str:
    """Its own health server (scheduler.enable_health_check) says when its heartbeat is late."""
    fetch("http://127.0.0.1:8974/health")
    return "healthy"


def check_dag_processor() -> str:
    """It has no server: its heartbeat is in Airflow's table of jobs."""
    import psycopg

    address = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    query = (
        "SELECT extract(epoch FROM now() - max(latest_heartbeat)) FROM job "
        "WHERE job_type = 'DagProcessorJob' AND state = 'running' AND hostname = %s"
    )
    with psycopg.connect(address, connect_timeout=5) as connection:
        row = connection.execute(query, (socket.gethostname(),)).fetchone()
    if row is None or row[0] is None:
        return f"no heartbeat of {socket.gethostname()}"
    return "healthy" if row[0] < HEARTBEAT_SECONDS else f"no heartbeat for {row[0]:.0f} s"


def check_worker() -> str:
    """Celery's own ping, without its command line and without Airflow, which cost five times as much."""
    from celery import Celery

    name = f"celery@{socket.gethostname()}"
    app = Celery(broker=os.environ["AIRFLOW__CELERY__BROKER_URL"], set_as_current=False)
    answers = app.control.ping(destination=[name], timeout=5)
    return "healthy" if answers else f"{name} does not answer"


def check_slack() -> str:
    """Socket Mode is a connection that stays open, to anything but the database."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            remote, state = line.split()[2:4]
            if state == ESTABLISHED and int(remote.rpartition(":")[2], 16) != 5432:
                return "healthy"
    return "no connection to Slack"


def check_serve() -> str:
    try:
        fetch("http://127.0.0.1:8090/")
    except urllib.error.HTTPError as e:  # it wants a token
        if e.code >= 500:
            raise
    return "healthy"


def check_sample() -> str:
    fetch("http://127.0.0.1:8765/sample/feed.xml")
    return "healthy"


CHECKS: Mapping[str, Callable[[], str]] = {
    "api-server": check_api_server,
    "scheduler": check_scheduler,
    "dag-processor": check_dag_processor,
    "worker": check_worker,
    "slack": check_slack,
    "serve": check_serve,
    "sample": check_sample,
}


def fetch(address: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=8) as response:
        found: bytes = response.read()
        return found


def find_role(command_lines: list[list[str]]) -> str | None:
    """What runs, from the command lines of the container's first processes."""
    for words in command_lines:
        for word in words:
            name = Path(word).name
            if name in CHECKS:
                return name
    return None


def read_command_lines() -> list[list[str]]:
    """Those of process 1 and of the one that an init has started."""
    found = []
    for pid in sorted(int(p.name) for p in Path("/proc").iterdir() if p.name.isdecimal())[:3]:
        try:
            found.append(Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0"))
        except OSError:
            continue
    return found


def main(role: str | None = None) -> int:
    role = role or find_role(read_command_lines())
    if role is None:
        print("nothing here has a health check")
        return 0
    try:
        status = CHECKS[role]()
    except (OSError, ValueError, KeyError) as e:
        status = f"no answer ({e})"
    except Exception as e:  # noqa: BLE001 - the drivers' own errors: whatever it is, the service is not at work
        status = f"{type(e).__name__}: {e}"
    print(f"{role}: {status}")
    return 0 if status == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

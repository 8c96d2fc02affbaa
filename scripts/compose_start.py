"""Unpauses podwatch's DAGs once there is something for them to do: docker-compose.yml's service start.

They are paused at first: a daily DAG that ran before there was a feed leaves its operator a day of silence to wonder
at. Unpaused, Airflow starts the run of the last interval at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

DAGS = r"^podwatch(_\w+)?$"
DEADLINE = 300.0  # seconds until the DAG processor has read them; it looks every minute


def list_nouns(noun: str) -> list[dict[str, Any]]:
    """The feeds, or the watches, that podwatch has."""
    done = subprocess.run(["podwatch", noun, "list", "--json"], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"start: podwatch {noun} list: exit status {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def unpause_dags() -> None:
    command = ["airflow", "dags", "unpause", "--yes", "--treat-dag-id-as-regex", DAGS]
    until = time.monotonic() + DEADLINE
    while True:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not done.returncode and "podwatch" in done.stdout:
            return
        if time.monotonic() > until:
            raise SystemExit(f"start: Airflow does not know the DAGs yet: {done.stderr.strip()[-300:]}")
        time.sleep(5)


def main() -> int:
    feeds, watches = list_nouns("feeds"), list_nouns("watches")
    if not feeds:
        raise SystemExit("start: there is no feed yet - docker compose run --rm cli feeds add URL, then again")
    if not watches:
        print("start: there is no watch yet: nothing will be found until docker compose run --rm cli watches sync FILE")
    unpause_dags()
    print(f"start: the DAGs run, for {len(feeds)} feeds and {len(watches)} watches", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

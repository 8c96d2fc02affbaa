"""Removes what Airflow keeps of old runs, rows of its database and logs; of podwatch's own, `podwatch prune` does.

python compose_clean.py DAYS       docker-compose.yml's service clean; once a month by cron is enough
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

LEAST = 7  # days: what has not ended yet is younger


def remove_logs(folder: Path, before: float) -> tuple[int, int]:
    """Removes files last written before a moment, and folders that are empty then; returns how many files and bytes."""
    files = size = 0
    for where, _, names in os.walk(folder, topdown=False):
        for name in names:
            file = Path(where) / name
            found = file.lstat()
            if found.st_mtime < before:
                file.unlink()
                files, size = files + 1, size + found.st_size
        if Path(where) != folder:
            try:
                Path(where).rmdir()
            except OSError:  # not empty
                continue
    return files, size


def remove_results(address: str, before: datetime) -> int:
    """Removes what Celery noted of tasks that ended before a moment: `airflow db clean` does not see its database."""
    import psycopg

    with psycopg.connect(address.removeprefix("db+")) as connection:
        if connection.execute("SELECT to_regclass('celery_taskmeta')").fetchone() == (None,):
            return 0  # no task has ended yet
        # Celery writes UTC, without saying so.
        moment = before.astimezone(UTC).replace(tzinfo=None)
        return connection.execute("DELETE FROM celery_taskmeta WHERE date_done < %s", (moment,)).rowcount


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or not arguments[0].isdecimal() or int(arguments[0]) < LEAST:
        raise SystemExit(f"clean: say how many days are kept, from {LEAST}: docker compose run --rm clean 90")
    before = datetime.now(UTC) - timedelta(days=int(arguments[0]))
    command = ["airflow", "db", "clean", "--clean-before-timestamp", before.isoformat(), "--yes", "--skip-archive"]
    if status := subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
        raise SystemExit(f"clean: airflow db clean: exit status {status}")
    results = remove_results(os.environ["AIRFLOW__CELERY__RESULT_BACKEND"], before)
    files, size = remove_logs(Path(os.environ["AIRFLOW__LOGGING__BASE_LOG_FOLDER"]), before.timestamp())
    print(
        f"clean: Airflow's rows from before {before:%Y-%m-%d} are gone, {results} of Celery's, and {files} logs of "
        f"{size / 1e6:.1f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

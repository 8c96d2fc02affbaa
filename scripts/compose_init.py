"""Prepares databases, login and Slack connection: docker-compose.yml's service init runs it before the others start.

It may be run again: what exists already stays, and a setting that is not given changes nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit


def main(env: Mapping[str, str]) -> int:
    create_database(env["PODWATCH_DATABASE_URL"])
    run_command("airflow", "db", "migrate")
    run_command("airflow", "pools", "set", "podwatch_backfill", "2", "backfills: the daily run has the other slots")
    run_command("podwatch", "feeds", "list", "--json")  # opening the store brings its tables up to date
    if password := env.get("AIRFLOW_ADMIN_PASSWORD"):
        save_password(Path(env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]), password)
    if token := env.get("SLACK_BOT_TOKEN"):
        save_slack(token, env.get("PODWATCH_SLACK_BASE_URL", ""), env.get("SLACK_APP_TOKEN", ""))
    return 0


def create_database(url: str) -> None:
    """Creates podwatch's own database beside Airflow's, on the same server."""
    import psycopg
    from psycopg import sql

    parts = urlsplit(url.replace("+psycopg", ""))
    name = parts.path.lstrip("/")
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def save_password(file: Path, password: str) -> None:
    """Writes the file of Airflow's simple auth manager, which generates and prints a password when there is none."""
    file.touch(mode=0o600)
    file.write_text(json.dumps({"admin": password}) + "\n")


def save_slack(token: str, base_url: str, app_token: str = "") -> None:
    """Stores the connection that plugins/podwatch_airflow.py reads. By a file: everybody can see a command line."""
    extra = json.dumps({"app_token": app_token} if app_token else {})
    connection = {"conn_type": "slack", "password": token, "host": base_url or None, "extra": extra}
    file = Path(os.environ["AIRFLOW_HOME"]) / "connections.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"podwatch_slack": connection}))
    try:
        run_command("airflow", "connections", "import", "--overwrite", str(file))
    finally:
        file.unlink()


def run_command(*words: str) -> None:
    print(f"init: {' '.join(words)}", flush=True)
    subprocess.run(words, check=True)


if __name__ == "__main__":
    sys.exit(main(os.environ))

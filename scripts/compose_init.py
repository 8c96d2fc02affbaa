"""Prepares the databases: docker-compose.yml's service init runs it before the others start.

It may be run again: what exists already stays. Each of the three databases has a role of its own, so that a worker,
which opens what strangers wrote, has no way into Airflow's. Tables of an older version are migrated only when nobody
works with them: see "Upgrade" in docs/operations.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg import sql

ADDRESSES = ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CELERY__RESULT_BACKEND", "PODWATCH_DATABASE_URL")
SERVER = os.environ.get("COMPOSE_POSTGRES", "postgres")  # the service; a database elsewhere is its operator's
PASSWORD = Path(os.environ.get("COMPOSE_SECRETS_ROOT", "/run/podwatch")) / "postgres/password"


def main(env: Mapping[str, str]) -> int:
    ours = [env[name] for name in ADDRESSES if find_host(env[name]) == SERVER]
    if ours:
        try:
            with connect(PASSWORD.read_text().strip()) as server:
                for address in ours:
                    create_database(server, address)
                server.execute("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")  # where a role would see the others
                if (busy := find_users(server)) and is_old():
                    raise SystemExit(
                        f"init: the tables are of an older version, and {busy} still work with them - docker compose "
                        "stop, then docker compose up again"
                    )
        except psycopg.OperationalError as e:
            reason = str(e).strip().splitlines()[-1]
            raise SystemExit(
                f"init: {reason} - is the volume of another setup? docs/operations.md says how to move its data"
            ) from None
    run_command("airflow", "db", "migrate")
    run_command("podwatch", "db", "migrate")
    run_command("podwatch", "airflow", "pool")  # which leaves one that is there as it is
    return 0


def connect(password: str) -> psycopg.Connection[tuple[object, ...]]:
    """The server as its superuser."""
    return psycopg.connect(host=SERVER, user="postgres", password=password, dbname="postgres", autocommit=True)


def find_host(address: str) -> str | None:
    """The host of an address, or the folder of its socket."""
    parts = urlsplit(address)
    return parts.hostname or dict(parse_qsl(parts.query)).get("host")


def create_database(server: psycopg.Connection[tuple[object, ...]], address: str) -> None:
    """Creates the role and the database of an address, unless they are there, and sets the role's password."""
    parts = urlsplit(address)
    role, name = sql.Identifier(unquote(parts.username or "")), parts.path.lstrip("/")
    if server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (parts.username,)).fetchone() is None:
        server.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    password = sql.Literal(unquote(parts.password or ""))
    server.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, password))
    if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
        create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'")
        server.execute(create.format(sql.Identifier(name), role))
    server.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))


def find_users(server: psycopg.Connection[tuple[object, ...]]) -> int:
    """How many connections there are to Airflow's and podwatch's databases: of an older version that still runs."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname IN ('airflow', 'podwatch')"
    row = server.execute(query).fetchone()
    return 0 if row is None else int(str(row[0]))


def is_old() -> bool:
    """Whether a migration is due. Both commands only look."""
    commands = (["airflow", "db", "check-migrations", "--migration-wait-timeout", "0"], ["podwatch", "db", "status"])
    return any(subprocess.run(c, capture_output=True, check=False).returncode for c in commands)


def run_command(*words: str) -> None:
    print(f"init: {' '.join(words)}", flush=True)
    done = subprocess.run(words, check=False)
    if done.returncode:
        raise SystemExit(f"init: {' '.join(words)}: exit status {done.returncode}")


if __name__ == "__main__":
    sys.exit(main(os.environ))

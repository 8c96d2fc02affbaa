"""Makes the secrets of docker-compose.yml at the first start, and hands each service its share.

Nothing in the repository opens anything: a password or key that nobody gives is made up here once, and stays in the
volume `secrets`, which no other service sees. What is given, as a variable or as a file (`..._FILE`), replaces what was
there; `-` takes it away, and a made-up one is made anew. The services get files named like the variables that
they become (compose_entrypoint.sh), in one volume for each kind of service.

python compose_secrets.py [--renew NAME...]
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

ROOT = Path(os.environ.get("COMPOSE_SECRETS_ROOT", "/run/podwatch"))
LOGIN = Path(os.environ.get("COMPOSE_LOGIN_ROOT", "/var/lib/podwatch/login"))
TAKE_AWAY = "-"


def make_word() -> str:
    return secrets.token_urlsafe(24)


def make_key() -> str:
    """A key for Fernet."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


# Made up when nobody gives them.
GENERATED: Mapping[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": make_word,
    "AIRFLOW_DATABASE_PASSWORD": make_word,
    "CELERY_DATABASE_PASSWORD": make_word,
    "LINE_DATABASE_PASSWORD": make_word,
    "REDIS_PASSWORD": make_word,
    "PODWATCH_FERNET_KEY": make_key,
    "PODWATCH_JWT_SECRET": lambda: secrets.token_urlsafe(64),
    "PODWATCH_SESSION_SECRET": lambda: secrets.token_urlsafe(48),
    "PODWATCH_SECRET_KEY": make_key,
    "PODWATCH_METRICS_TOKEN": make_word,
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(15),
    "GRAFANA_ADMIN_PASSWORD": make_word,
}
# Only there when somebody gives them.
GIVEN = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "PODWATCH_SLACK_BASE_URL",
    "PODWATCH_SLACK_PROXY",
    "PODWATCH_SMTP_URL",
    "PODWATCH_WEBHOOKS",
    "PODWATCH_WEBHOOK_SECRET",
    "PODWATCH_HEARTBEAT_URL",
    "PODWATCH_SPEECH_KEY",
    "PODWATCH_MCP_TOKEN",
)
# Addresses of databases elsewhere; without them they follow from the passwords.
ADDRESSES = ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CELERY__RESULT_BACKEND", "PODWATCH_DATABASE_URL")


def read_given(env: Mapping[str, str]) -> dict[str, str]:
    """What the environment gives, by value or by file; an empty value is none."""
    found = {}
    for name in (*GENERATED, *GIVEN, *ADDRESSES):
        value = env.get(name, "").strip()
        if not value and (file := env.get(f"{name}_FILE", "").strip()):
            value = Path(file).read_text().strip()
        if "\n" in value:
            raise SystemExit(f"secrets: {name}: has more than one line")
        if value:
            found[name] = value
    return found


def merge_secrets(stored: Mapping[str, str], given: Mapping[str, str], renew: Sequence[str] = ()) -> dict[str, str]:
    """The secrets from now on: those given, else those stored, else new ones."""
    if unknown := set(renew) - set(GENERATED):
        raise SystemExit(f"secrets: {', '.join(sorted(unknown))}: not made here - one of {', '.join(GENERATED)}")
    found = {**stored, **given}
    for name in [n for n, value in found.items() if value == TAKE_AWAY or n in renew]:
        del found[name]
    return found | {name: make() for name, make in GENERATED.items() if name not in found}


def share_secrets(of: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Which folder holds which files. airflow: what rules Airflow, which no worker sees. line: what workers need."""

    def address(kind: str, role: str, password: str) -> str:
        return f"{kind}://{role}:{quote(of[password], safe='')}@postgres/{role}"

    line = {
        "AIRFLOW__CELERY__BROKER_URL": f"redis://:{quote(of['REDIS_PASSWORD'], safe='')}@redis:6379/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": address("db+postgresql", "celery", "CELERY_DATABASE_PASSWORD"),
        "PODWATCH_DATABASE_URL": address("postgresql", "podwatch", "LINE_DATABASE_PASSWORD"),
        "PODWATCH_SECRET_KEY": of["PODWATCH_SECRET_KEY"],
    } | {name: of[name] for name in GIVEN if name in of}
    if token := of.get("SLACK_BOT_TOKEN"):  # for the operations channel, which goes through Airflow's own notifier
        connection = {"conn_type": "slack", "password": token, "host": of.get("PODWATCH_SLACK_BASE_URL")}
        line["AIRFLOW_CONN_PODWATCH_SLACK"] = json.dumps(connection)
    airflow = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": address("postgresql+psycopg2", "airflow", "AIRFLOW_DATABASE_PASSWORD"),
        "AIRFLOW__CORE__FERNET_KEY": of["PODWATCH_FERNET_KEY"],
        "AIRFLOW__API_AUTH__JWT_SECRET": of["PODWATCH_JWT_SECRET"],
        "AIRFLOW__API__SECRET_KEY": of["PODWATCH_SESSION_SECRET"],
        "PODWATCH_METRICS_TOKEN": of["PODWATCH_METRICS_TOKEN"],
    }
    redis = f'requirepass {of["REDIS_PASSWORD"]}\nappendonly yes\nsave ""\ndir /data\n'
    return {
        "line": {name: of.get(name, value) for name, value in line.items()},
        "airflow": {name: of.get(name, value) for name, value in airflow.items()},
        "postgres": {"password": of["POSTGRES_PASSWORD"]},
        "redis": {"redis.conf": redis},
        "metrics": {"token": of["PODWATCH_METRICS_TOKEN"], "grafana": of["GRAFANA_ADMIN_PASSWORD"]},
    }


def write_folder(folder: Path, files: Mapping[str, str], mode: int = 0o440) -> None:
    """Makes a folder hold these files and no other, for the group of root: every service runs in it."""
    folder.mkdir(parents=True, exist_ok=True)
    chown_to_root(folder)
    folder.chmod(0o750)
    for name, value in files.items():
        write_file(folder / name, value, mode)
    for old in folder.iterdir():
        if old.name not in files:
            old.unlink()


def chown_to_root(path: Path) -> None:
    if os.geteuid() == 0:  # as in the container; elsewhere it stays with whoever runs it
        os.chown(path, 0, 0)


def write_file(file: Path, text: str, mode: int) -> None:
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "w") as out:
        out.write(text)
    new.chmod(mode)
    chown_to_root(new)
    new.replace(file)


def main(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    renew = [word for word in arguments if word != "--renew"]
    if renew and arguments[0] != "--renew":
        raise SystemExit("usage: compose_secrets.py [--renew NAME...]")
    vault = ROOT / "secrets"
    vault.mkdir(parents=True, exist_ok=True)
    stored = {f.name: f.read_text() for f in vault.iterdir() if not f.name.startswith(".")}
    found = merge_secrets(stored, read_given(env), renew)
    write_folder(vault, found, 0o400)
    for folder, files in share_secrets(found).items():
        write_folder(ROOT / folder, files)
    LOGIN.mkdir(parents=True, exist_ok=True)  # Airflow writes there, too
    write_file(LOGIN / "passwords.json", json.dumps({"admin": found["AIRFLOW_ADMIN_PASSWORD"]}) + "\n", 0o660)
    new = sorted(name for name in {*found, *stored} if found.get(name) != stored.get(name))
    print(f"secrets: {', '.join(new)}: new" if new else "secrets: nothing new", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

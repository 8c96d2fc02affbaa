"""What the containers run beside Airflow: secrets, their entrypoint, databases, health checks, and what starts the DAGs."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import compose_clean  # noqa: E402
import compose_init  # noqa: E402
import compose_secrets  # noqa: E402
import compose_start  # noqa: E402
import health  # noqa: E402
from tests.support.podcast_host import Podcast  # noqa: E402
from tests.support.postgres import Postgres  # noqa: E402

ENTRYPOINT = ROOT / "scripts/compose_entrypoint.sh"


# --- secrets


def test_what_nobody_gives_is_made_up_differently_each_time() -> None:
    one, other = (compose_secrets.merge_secrets({}, {}) for _ in range(2))
    assert set(one) == set(other) == set(compose_secrets.GENERATED)
    assert not set(one.values()) & set(other.values())
    assert all(len(value) >= 20 for value in one.values())
    Fernet(one["PODWATCH_SECRET_KEY"])
    Fernet(one["PODWATCH_FERNET_KEY"])


def test_what_was_made_up_stays_and_what_is_given_replaces_it() -> None:
    first = compose_secrets.merge_secrets({}, {"SLACK_BOT_TOKEN": "xoxb-1"})
    assert compose_secrets.merge_secrets(first, {}) == first
    given = {"REDIS_PASSWORD": "mine", "SLACK_BOT_TOKEN": "xoxb-2"}
    assert compose_secrets.merge_secrets(first, given) == first | given


def test_a_dash_takes_away_what_was_given_and_makes_anew_what_was_made_up() -> None:
    first = compose_secrets.merge_secrets({}, {"SLACK_BOT_TOKEN": "xoxb-1"})
    then = compose_secrets.merge_secrets(first, {"SLACK_BOT_TOKEN": "-", "REDIS_PASSWORD": "-"})
    assert "SLACK_BOT_TOKEN" not in then
    assert then["REDIS_PASSWORD"] not in ("-", first["REDIS_PASSWORD"])
    renewed = compose_secrets.merge_secrets(first, {}, ["REDIS_PASSWORD"])
    assert {name for name in first if first[name] != renewed[name]} == {"REDIS_PASSWORD"}


def test_only_what_is_made_here_is_renewed() -> None:
    with pytest.raises(SystemExit, match="SLACK_BOT_TOKEN: not made here"):
        compose_secrets.merge_secrets({}, {}, ["SLACK_BOT_TOKEN"])


def test_a_secret_may_be_in_a_file_and_a_value_goes_before_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-file\n")
    (tmp_path / "empty").touch()
    env = {
        "SLACK_BOT_TOKEN": "",
        "SLACK_BOT_TOKEN_FILE": str(tmp_path / "token"),
        "SLACK_APP_TOKEN": "xapp-value",
        "SLACK_APP_TOKEN_FILE": str(tmp_path / "token"),
        "PODWATCH_SECRET_KEY_FILE": str(tmp_path / "empty"),
    }
    assert compose_secrets.read_given(env) == {"SLACK_BOT_TOKEN": "xoxb-file", "SLACK_APP_TOKEN": "xapp-value"}


def test_no_worker_gets_what_rules_airflow() -> None:
    made = compose_secrets.merge_secrets({}, {"SLACK_BOT_TOKEN": "xoxb-1"})
    shared = compose_secrets.share_secrets(made)
    line = "\n".join(shared["line"].values())
    for name in (
        "PODWATCH_FERNET_KEY",
        "PODWATCH_JWT_SECRET",
        "PODWATCH_SESSION_SECRET",
        "AIRFLOW_DATABASE_PASSWORD",
        "POSTGRES_PASSWORD",
    ):
        assert made[name] not in line, name
    assert "xoxb-1" not in "\n".join(v for folder in ("airflow", "postgres", "redis") for v in shared[folder].values())
    assert json.loads(shared["line"]["AIRFLOW_CONN_PODWATCH_SLACK"])["password"] == "xoxb-1"


def test_a_password_with_signs_still_makes_an_address() -> None:
    made = compose_secrets.merge_secrets({}, {"LINE_DATABASE_PASSWORD": "p@ss/w:rd%"})
    address = compose_secrets.share_secrets(made)["line"]["PODWATCH_DATABASE_URL"]
    assert address == "postgresql://podwatch:p%40ss%2Fw%3Ard%25@postgres/podwatch"


def test_a_database_elsewhere_goes_before_the_one_of_the_compose_file() -> None:
    made = compose_secrets.merge_secrets({}, {"PODWATCH_DATABASE_URL": "postgresql://me@db.example/podwatch"})
    assert compose_secrets.share_secrets(made)["line"]["PODWATCH_DATABASE_URL"] == "postgresql://me@db.example/podwatch"


@pytest.fixture
def volumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(compose_secrets, "ROOT", tmp_path)
    monkeypatch.setattr(compose_secrets, "LOGIN", tmp_path / "login")
    return tmp_path


def test_the_secrets_are_written_once_and_read_by_their_group_alone(volumes: Path) -> None:
    assert compose_secrets.main([], {"SLACK_BOT_TOKEN": "xoxb-1"}) == 0
    before = {p.relative_to(volumes): p.read_text() for p in volumes.rglob("*") if p.is_file()}
    assert compose_secrets.main([], {}) == 0
    assert {p.relative_to(volumes): p.read_text() for p in volumes.rglob("*") if p.is_file()} == before
    assert stat.S_IMODE((volumes / "line/SLACK_BOT_TOKEN").stat().st_mode) == 0o440
    assert stat.S_IMODE((volumes / "secrets/SLACK_BOT_TOKEN").stat().st_mode) == 0o400
    assert (
        json.loads((volumes / "login/passwords.json").read_text())["admin"]
        == before[Path("secrets/AIRFLOW_ADMIN_PASSWORD")]
    )


def test_no_secret_is_printed(volumes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compose_secrets.main([], {"SLACK_BOT_TOKEN": "xoxb-1"})
    said = capsys.readouterr().out
    assert "SLACK_BOT_TOKEN" in said
    for file in (volumes / "secrets").iterdir():
        assert file.read_text() not in said


# --- the entrypoint


def start_with(env: dict[str, str], script: str, root: Path) -> dict[str, str]:
    """The variables of a command that the entrypoint starts, its /run/podwatch being another folder."""
    text = ENTRYPOINT.read_text().replace("/run/podwatch", str(root))
    file = root / "entrypoint"
    file.write_text(text)
    command = ["sh", str(file), "env", "-0"] if not script else ["sh", str(file), "sh", "-c", script]
    base = {"PATH": os.environ["PATH"]}
    said = subprocess.run(command, env=base | env, capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in said.split("\0") if "=" in line)


def test_files_become_variables_and_a_variable_that_is_set_goes_first(tmp_path: Path) -> None:
    (tmp_path / "line").mkdir()
    (tmp_path / "line/PODWATCH_DATABASE_URL").write_text("postgresql://a:b$c'd\"e@host/x")
    (tmp_path / "line/SLACK_BOT_TOKEN").write_text("xoxb-file")
    (tmp_path / "line/PODWATCH_CONSOLE").write_text("1")
    (tmp_path / "line/.hidden").write_text("no")
    (tmp_path / "line/redis.conf").write_text("no")
    found = start_with({"SLACK_BOT_TOKEN": "xoxb-set", "PODWATCH_CONSOLE": ""}, "", tmp_path)
    assert found["PODWATCH_DATABASE_URL"] == "postgresql://a:b$c'd\"e@host/x"
    assert found["SLACK_BOT_TOKEN"] == "xoxb-set"
    assert found["PODWATCH_CONSOLE"] == "1"
    assert "no" not in found.values()


def test_a_variable_may_name_the_file_of_its_value(tmp_path: Path) -> None:
    (tmp_path / "given").write_text("line one\n")
    env = {
        "PODWATCH_SMTP_URL_FILE": str(tmp_path / "given"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": "/x",
        "SSL_CERT_FILE": "/y",
    }
    found = start_with(env, "", tmp_path)
    assert found["PODWATCH_SMTP_URL"] == "line one"
    assert "PODWATCH_SMTP_URL_FILE" not in found  # podwatch would not know it
    assert found["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"] == "/x"
    assert found["SSL_CERT_FILE"] == "/y"


@pytest.mark.parametrize("has_key", [True, False])
def test_podwatch_asks_airflow_only_where_it_has_a_key_to_its_database(tmp_path: Path, has_key: bool) -> None:
    text = ENTRYPOINT.read_text().replace("/run/podwatch", str(tmp_path))
    link = tmp_path / "podwatch"  # as in the image, where the name says what is meant
    link.write_text(text.replace("/app/.venv/bin/python /app/lib/bin/podwatch", "env -0"))
    env = {"PATH": os.environ["PATH"], "AIRFLOW_HOME": "/x", "AIRFLOW__CORE__EXECUTOR": "x", "PODWATCH_KEEP": "1y"}
    env |= {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://x"} if has_key else {}
    said = subprocess.run(["sh", str(link)], env=env, capture_output=True, text=True, check=True).stdout
    found = dict(line.split("=", 1) for line in said.split("\0") if "=" in line)
    assert found["PODWATCH_KEEP"] == "1y"
    assert {n for n in found if n.startswith("AIRFLOW")} == {n for n in env if n.startswith("AIRFLOW") and has_key}


def test_a_file_that_is_not_there_ends_the_container_with_one_line(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "SLACK_BOT_TOKEN_FILE": "/nowhere/token"}
    done = subprocess.run(["sh", str(ENTRYPOINT), "true"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "podwatch: /nowhere/token: cannot be read - SLACK_BOT_TOKEN_FILE names it" in done.stderr


# --- databases


def test_each_database_is_made_once_with_a_role_of_its_own(postgres: Postgres) -> None:
    admin = postgres.new_database()
    with psycopg.connect(admin, autocommit=True) as server:
        for password in ("one", "tw%20o"):  # the second time with another password, which takes effect
            compose_init.create_database(
                server, f"postgresql://line_{os.getpid()}:{password}@postgres/line_{os.getpid()}"
            )
        name = f"line_{os.getpid()}"
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"
        assert server.execute(owner, (name,)).fetchone() == (name,)
        assert server.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", (name,)).fetchone() == (False,)
        public = "SELECT has_database_privilege('public', %s, 'CONNECT')"
        assert server.execute(public, (name,)).fetchone() == (False,)
        server.execute(f"DROP DATABASE {name}")
        server.execute(f"DROP ROLE {name}")


# --- health checks


@pytest.fixture
def answers(podcast: Podcast, monkeypatch: pytest.MonkeyPatch) -> Podcast:
    """A server that stands where a check asks."""
    real = health.fetch
    monkeypatch.setattr(health, "fetch", lambda address: real(podcast.url("/" + address.split("/", 3)[3])))
    return podcast


@pytest.mark.parametrize(
    ("role", "path", "body", "status"),
    [
        ("api-server", "/api/v2/monitor/health", b'{"metadatabase": {"status": "healthy"}}', 0),
        ("api-server", "/api/v2/monitor/health", b'{"metadatabase": {"status": "unhealthy"}}', 1),
        ("api-server", "/api/v2/monitor/health", b"<html>", 1),
        ("api-server", "/elsewhere", b"{}", 1),
        ("scheduler", "/health", b"{}", 0),
        ("scheduler", "/elsewhere", b"{}", 1),
        ("sample", "/sample/feed.xml", b"<rss/>", 0),
    ],
)
def test_a_service_is_healthy_when_it_says_so_itself(
    answers: Podcast, role: str, path: str, body: bytes, status: int
) -> None:
    answers.serve(path, body, "application/json")
    assert health.main(role) == status


@pytest.mark.parametrize(("age", "status"), [("5 seconds", 0), ("10 minutes", 1), (None, 1)])
def test_a_dag_processor_is_healthy_while_its_own_heart_beats(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, age: str | None, status: int
) -> None:
    url = postgres.new_database()
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url.replace("postgresql:", "postgresql+psycopg2:"))
    with psycopg.connect(url) as c:
        c.execute("CREATE TABLE job (job_type text, state text, hostname text, latest_heartbeat timestamptz)")
        row = "INSERT INTO job VALUES ('DagProcessorJob', 'running', %s, now() - %s::interval)"
        c.execute(row, ("another-container", "1 second"))
        if age is not None:
            c.execute(row, (socket.gethostname(), age))
    assert health.main("dag-processor") == status


def test_a_worker_without_a_broker_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CELERY__BROKER_URL", "redis://127.0.0.1:9/0")
    assert health.main("worker") == 1


@pytest.mark.parametrize(
    ("lines", "role"),
    [
        ([["/sbin/docker-init", "--", "/app/bin/entrypoint", "airflow", "scheduler"]], "scheduler"),
        ([["/app/.venv/bin/python", "/app/.venv/bin/airflow", "celery", "worker", "-q", "default"]], "worker"),
        ([["/sbin/docker-init", "--", "podwatch", "slack"]], "slack"),
        ([["python", "scripts/compose_init.py"]], None),
    ],
)
def test_what_runs_tells_what_is_checked(lines: list[list[str]], role: str | None) -> None:
    assert health.find_role(lines) == role


# --- start and clean


class Airflow:
    """Stands for the commands that compose_start calls; ``knows_after`` tries Airflow knows the DAGs."""

    def __init__(self, feeds: int, watches: int, knows_after: int = 0) -> None:
        self.rows = {"feeds": feeds, "watches": watches}
        self.left, self.unpaused = knows_after, False

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        if command[0] == "podwatch":
            return subprocess.CompletedProcess(command, 0, "{}\n" * self.rows[command[1]], "")
        assert command[:3] == ["airflow", "dags", "unpause"]
        if self.left:
            self.left -= 1
            return subprocess.CompletedProcess(command, 0, "No paused DAGs were found\n", "")
        self.unpaused = True
        return subprocess.CompletedProcess(command, 0, "podwatch | False\n", "")


def test_nothing_starts_before_there_is_a_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow(feeds=0, watches=3)
    monkeypatch.setattr(subprocess, "run", airflow.run)
    with pytest.raises(SystemExit, match="no feed yet - docker compose run --rm cli feeds add"):
        compose_start.main()
    assert not airflow.unpaused


def test_the_dags_start_as_soon_as_airflow_knows_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    airflow = Airflow(feeds=2, watches=0, knows_after=2)
    monkeypatch.setattr(subprocess, "run", airflow.run)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert compose_start.main() == 0
    assert airflow.unpaused
    said = capsys.readouterr().out
    assert "no watch yet" in said
    assert "for 2 feeds and 0 watches" in said


def test_cleaning_removes_old_logs_and_folders_that_are_empty_then(tmp_path: Path) -> None:
    for name, age in {"dag/old/1.log": 100, "dag/new/1.log": 1, "dag/new/2.log": 100}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("12345")
        os.utime(file, (time.time() - age * 86400,) * 2)
    assert compose_clean.remove_logs(tmp_path, time.time() - 90 * 86400) == (2, 10)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["1.log"]
    assert not (tmp_path / "dag/old").exists()


def test_cleaning_removes_what_celery_noted_of_old_tasks(postgres: Postgres) -> None:
    url = postgres.new_database()
    before = datetime(2026, 11, 1, tzinfo=UTC)
    assert compose_clean.remove_results("db+" + url, before) == 0  # Celery has made no table yet
    with psycopg.connect(url) as c:
        c.execute("CREATE TABLE celery_taskmeta (date_done timestamp)")
        c.execute("INSERT INTO celery_taskmeta VALUES ('2026-10-31 23:59'), ('2026-11-01 00:01'), (NULL)")
    assert compose_clean.remove_results("db+" + url, before) == 1


@pytest.mark.parametrize("words", [[], ["3"], ["all"], ["90", "90"]])
def test_cleaning_wants_a_number_of_days_that_leaves_what_runs(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="say how many days are kept"):
        compose_clean.main(words)

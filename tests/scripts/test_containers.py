"""What the containers run beside Airflow: preparing databases and login, and the health checks."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import compose_init  # noqa: E402
import health  # noqa: E402
from tests.support.podcast_host import Podcast  # noqa: E402
from tests.support.postgres import Postgres  # noqa: E402


def test_the_containers_database_is_made_once(postgres: Postgres) -> None:
    url = postgres.new_database().replace("/test_", "/podwatch_")
    for _ in range(2):
        compose_init.create_database(url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_password_of_the_page_is_for_airflow_alone(tmp_path: Path) -> None:
    compose_init.save_password(tmp_path / "passwords.json", 'a "word"')
    assert json.loads((tmp_path / "passwords.json").read_text()) == {"admin": 'a "word"'}
    assert stat.S_IMODE((tmp_path / "passwords.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("body", "part", "status"),
    [
        (b'{"scheduler": {"status": "healthy"}}', "scheduler", 0),
        (b'{"scheduler": {"status": "unhealthy"}}', "scheduler", 1),
        (b'{"scheduler": {"status": "healthy"}}', "dag_processor", 1),
        (b"<html>", "scheduler", 1),
    ],
)
def test_only_the_status_healthy_is_healthy(podcast: Podcast, body: bytes, part: str, status: int) -> None:
    podcast.serve("/api/v2/monitor/health", body, "application/json")
    assert health.main(part, podcast.url("/")) == status

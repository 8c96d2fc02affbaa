"""Fixtures for every test: a moment in time, settings in a temporary folder, and a store on each database."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from podwatch import runtime
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings, parse_networks
from podwatch.store.database import Store, open_store
from tests.support import hypothesis_profiles, shared_statements
from tests.support.mail_server import MailServer
from tests.support.migrated_database import empty_tables, place_database
from tests.support.podcast_host import Podcast
from tests.support.postgres import Postgres
from tests.support.real_airflow import DagRunner
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import FaultProxy
from tests.support.webhook_receiver import WebhookReceiver

# What the machine has set must not reach a test; only where real feeds and transcripts lie is asked of it.
_ALLOWED = ("PODWATCH_REAL_",)
for _name in [n for n in os.environ if n.startswith(("PODWATCH_", "SLACK_", "AIRFLOW")) and not n.startswith(_ALLOWED)]:
    del os.environ[_name]

# The suite starts hundreds of processes: where nothing may be kept beside the sources, each compiles them again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

assert hypothesis_profiles.NAME  # loaded before any test module
shared_statements.install()


# Files whose tests share what is dear to start: one process of the suite runs them all, and starts it once.
TOGETHER = {
    "Airflow's dag.test": ("incidents", "line", "listen", "past_days", "shards"),
    "programs beside Airflow": ("connections", "dags", "site_settings", "temporary_home"),
}
_GROUPS = {f"tests/airflow/test_{name}.py": group for group, names in TOGETHER.items() for name in names}


class FilesTogether(LoadFileScheduling):  # type: ignore[misc]
    """The tests of a file go to one process, and so do those of files that stand together."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return _GROUPS.get(file, file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesTogether | None:
    return FilesTogether(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is loaded and collected lives as long as the process: not to be looked through for garbage, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 3, 6, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    return Settings(
        home=home,
        database_url=Secret(f"sqlite:///{home / 'podwatch.db'}"),
        allow_addresses=parse_networks("127.0.0.0/8"),
        host_pause=0,
        console=True,  # what is for Slack is printed, unless a test sets a token
        pace=DeliveryTiming(interval=0.0, stay=0.0),  # nobody waits in a test, unless it is about waiting
        entities=False,  # a second to load the model: for the tests that ask for names
    )


@pytest.fixture
def rt(settings: Settings) -> Iterator[Runtime]:
    place_database(settings.home)
    with runtime.build(settings) as built:
        yield built


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as server:
        yield server


@pytest.fixture(scope="session")
def workspace() -> Iterator[Emulator]:
    """A Slack workspace that all tests share: each posts to a channel, or with a key, of its own."""
    with Emulator() as running:
        yield running


@pytest.fixture
def proxy(workspace: Emulator) -> Iterator[FaultProxy]:
    """Stands before the workspace, and fails on demand."""
    with FaultProxy(workspace.base_url) as standing:
        yield standing


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagRunner]:
    """Runs of the daily DAG: Airflow is loaded once for all of them."""
    process = DagRunner(tmp_path_factory.mktemp("dags"))
    yield process
    process.close()


@pytest.fixture
def migrated_postgres(settings: Settings, postgres: Postgres) -> str:
    """The address of an empty PostgreSQL with all tables: shared, and emptied of what the test before left in it."""
    url = postgres.migrated_database()
    with closing(open_store(replace(settings, database_url=Secret(url)))) as opened, opened.writing() as c:
        empty_tables(c)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Store]:
    """An empty store, once on SQLite and once on a real PostgreSQL."""
    if request.param == "postgresql":
        url = request.getfixturevalue("migrated_postgres")
        opened = open_store(Settings(home=settings.home, database_url=Secret(url)))
    else:
        place_database(settings.home)
        opened = open_store(settings)
    yield opened
    opened.close()


@pytest.fixture
def podcast() -> Iterator[Podcast]:
    """A podcast host on loopback: see tests.support.podcast_host."""
    with Podcast() as host:
        yield host

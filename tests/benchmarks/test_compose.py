"""What `make compose-test` counts with: its podcasts, sizes, and how a service of the compose file becomes a process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.compose import podcast_server
from benchmarks.compose.__main__ import OFFICIAL, pinned_images
from benchmarks.compose.local_services import LocalServices, image_environment
from benchmarks.compose.scenario import FaultInjector, Figures, MissedError, count_tokens, parse_size, wait_for

ROOT = Path(__file__).resolve().parents[2]


def test_every_transcript_has_two_sentences_of_its_own() -> None:
    tokens = podcast_server.all_tokens(3, 4)
    assert len(tokens) == 3 * 4 * 2
    texts = {(f, e): podcast_server.write_transcript(f, e) for f in range(3) for e in range(4)}
    for token in tokens:
        assert sum(token in text for text in texts.values()) == 1
    one = texts[1, 2].splitlines()
    [grain], [harbour] = (
        [i for i, line in enumerate(one) if word in line] for word in ("price of grain", "price of harb")
    )
    assert harbour - grain > 50  # lines: an alert shows one of them alone


@pytest.mark.parametrize(("text", "mb"), [("512MiB", 536.870912), ("1.5GiB", 1610.612736), ("4.0KiB ", 0.004096)])
def test_a_size_as_docker_writes_it_is_read(text: str, mb: float) -> None:
    assert parse_size(text) == pytest.approx(mb)


def test_waiting_ends_with_one_line_when_nothing_comes() -> None:
    assert wait_for("it", lambda: True, 1) < 1
    with pytest.raises(MissedError, match="it: not after 0 s"):
        wait_for("it", lambda: False, 0)


class Slack:
    """Stands for the emulator; ``replies`` are below the first message of the first channel."""

    def __init__(self, messages: list[str], replies: list[str]) -> None:
        self._messages = [{"ts": str(n), "text": text} for n, text in enumerate(messages)]
        self._messages[0]["reply_count"] = str(len(replies) or "")
        self._replies = [{"ts": f"r{n}", "text": text} for n, text in enumerate(replies)]

    def channel_id(self, name: str) -> str:
        return name

    def messages(self, channel: str) -> list[dict[str, str]]:
        return self._messages if channel == "#politics" else []

    def call(self, method: str, **_: object) -> dict[str, list[dict[str, str]]]:
        return {"messages": [self._messages[0], *self._replies]}


def test_what_arrived_is_counted_in_channels_and_their_threads() -> None:
    slack = Slack(["tok000000x", "tok000001x", "tok000001x again"], ["tok000002x"])
    tokens = {f"tok00000{n}x" for n in range(4)}
    found = count_tokens(slack, tokens)  # type: ignore[arg-type]
    assert found == {"tok000000x": 1, "tok000001x": 2, "tok000002x": 1}


class Containers:
    """Stands for Compose; ``running``: where a task `deliver` runs, if it does."""

    def __init__(self, running: str = "") -> None:
        self.running, self.done = running, list[str]()
        self.engine = self

    def query(self, database: str, statement: str) -> list[str]:
        return [f"deliver|{self.running}"] if self.running else []

    def containers(self, service: str) -> list[str]:
        return [service]

    def docker(self, *words: str) -> str:
        self.done.append(" ".join(words[:2]))
        return ""

    def run(self, *words: str) -> str:
        self.done.append(" ".join(words))
        return ""


def test_trouble_comes_once_each_as_the_deliveries_go_on() -> None:
    compose, figures = Containers(), Figures()
    faults = FaultInjector(compose, 100, figures)  # type: ignore[arg-type]
    faults.inject_when_due(50)
    assert compose.done == []  # nobody delivers yet: there is nothing to kill in the middle
    compose.running = "abc"
    for posted in (10, 20, 30, 50, 60, 70, 100):
        faults.inject_when_due(posted)
    assert compose.done == ["exec abc", "exec scheduler", "restart postgres"]
    assert faults.is_over
    assert len(figures.kills) == 3


def test_the_images_are_those_that_the_compose_file_pins() -> None:
    assert set(pinned_images()) == set(OFFICIAL)
    assert all(":" in image for image in pinned_images().values())


def test_the_environment_of_the_image_is_read_from_the_dockerfile() -> None:
    found = image_environment()
    assert found["AIRFLOW__CORE__DAGS_FOLDER"] == "/app/dags"
    assert found["PODWATCH_HOME"] == "/var/lib/podwatch/data"


@pytest.fixture
def services(tmp_path: Path) -> Iterator[LocalServices]:
    variables = {"PODWATCH_WORKERS": "3", "SLACK_BOT_TOKEN": "xoxb-1", "PODWATCH_LISTEN_QUEUE": "gpu"}
    with LocalServices(variables, tmp_path / "socket", 6380, 8081) as started:
        yield started


def test_a_service_without_a_container_has_the_command_of_the_file(services: LocalServices) -> None:
    assert services.workers == 3
    assert [Path(services.command("worker")[0]).name, *services.command("worker")[1:]] == [
        "airflow", "celery", "worker", "--skip-serve-logs", "--queues", "default",
    ]  # fmt: skip
    assert services.command("speech")[4:6] == ["--queues", "gpu"]
    assert Path(services.command("cli", "feeds", "list")[0]).name == "podwatch"
    assert services.command("cli", "feeds", "list")[1:] == ["feeds", "list"]
    assert services.command("start")[1:] == [str(ROOT / "scripts/compose_start.py")]


def test_it_has_the_environment_of_the_file_and_the_secrets_that_the_file_gives_it(services: LocalServices) -> None:
    services.run_once("secrets")
    worker, scheduler = services.environment("worker"), services.environment("scheduler")
    assert worker["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert worker["SLACK_BOT_TOKEN"] == "xoxb-1"
    assert worker["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8081/execution/"
    assert worker["PODWATCH_DATABASE_URL"].endswith("@/podwatch?host=" + scheduler["COMPOSE_POSTGRES"])
    assert worker["AIRFLOW__CELERY__BROKER_URL"].endswith("@127.0.0.1:6380/0")
    assert worker["PODWATCH_HOME"] == str(services.folder / "lib/data")
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" in scheduler
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" not in worker
    assert "AIRFLOW__API_AUTH__JWT_SECRET" not in worker


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    with LocalServices({}, tmp_path, 1, 2) as services:
        folder = services.folder
        assert folder.exists()
    assert not folder.exists()

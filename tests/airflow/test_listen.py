"""The DAG podwatch_listen in Airflow itself: audio without a transcript reaches the Slack emulator, heard by a real model.

The feed names half a minute of talk and no transcript. The DAG runs while it is switched off, then on, then once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from podwatch import runtime
from podwatch.model import Feed, Watch
from podwatch.settings import Secret, Settings
from tests.support.podcast_host import Podcast, item, rss
from tests.support.real_airflow import DagRunner
from tests.support.slack.emulator import Emulator
from tests.support.speech_models import need_model

ROOT = Path(__file__).resolve().parents[2]
TALK = ROOT / "pipeline/podwatch/speech/sample/talk.opus"


@dataclass(frozen=True)
class Outcome:
    """runs: of podwatch_listen, while it was off, on, and with nothing left; downloads: after each of these."""

    runs: list[dict[str, Any]]
    downloads: list[int]
    seconds: list[float]
    messages: list[dict[str, Any]]
    sources: list[str]
    audio_left: list[str]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, dags: DagRunner) -> Iterator[Outcome]:
    models = need_model("tiny.en")
    home, now = tmp_path_factory.mktemp("podwatch"), datetime.now(UTC)
    settings = Settings(home=home, database_url=Secret(f"sqlite:///{home}/podwatch.db"))
    with Podcast() as host, Emulator() as slack:
        audio = host.serve("/talk.opus", TALK.read_bytes(), "audio/ogg")
        host.serve("/feed.xml", rss(item("talk", title="The harbour", audio=audio, published=format_datetime(now))))
        with runtime.build(settings) as rt:
            rt.store.add_feeds([Feed(url=host.url("/feed.xml"))], now)
            rt.store.sync_watches([Watch(name="grain", query="grain", channel="#trade")], now)
        env = {
            "PODWATCH_HOME": str(home),
            "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
            "PODWATCH_ENTITIES": "off",
            "PODWATCH_SPEECH_MODELS": str(models),
            "PODWATCH_SPEECH_MODEL": "tiny.en",
            "PODWATCH_SPEECH_THREADS": "1",
            "PODWATCH_SLACK_BASE_URL": slack.base_url,
            "AIRFLOW_CONN_PODWATCH_SLACK": json.dumps({"conn_type": "slack", "password": slack.token}),
        }
        dags.run(1, env)
        runs, downloads = [], []
        for listen in ("off", "on", "on"):
            out, log = dags.run(1, env | {"PODWATCH_LISTEN": listen}, dag="podwatch_listen")
            assert out["errors"] == {}, log[-3000:]
            runs += out["runs"]
            downloads.append(len(host.statuses["/talk.opus"]))
        dags.run(1, env, dag="podwatch_deliver")
        with runtime.build(settings) as rt:
            yield Outcome(
                runs=runs,
                downloads=downloads,
                seconds=[f.mention.seconds for f in rt.store.mentions()],
                messages=slack.messages("#trade"),
                sources=[s.transcript.source for s in rt.store.load_sources(rt.store.transcript_ids())],
                audio_left=[path.name for path in (home / "audio").iterdir()],
            )


def test_a_run_with_nothing_to_hear_is_skipped_and_asks_no_host(outcome: Outcome) -> None:
    off, _, again = outcome.runs
    skipped = dict.fromkeys(("hear", "detect", "hear_again", "detect_again"), "skipped")
    for run in (off, again):
        assert run["state"] == "success"
        assert run["tasks"] == {"plan": "success", **skipped}
        assert run["events"] == []
    assert outcome.downloads == [0, 1, 1]


def test_an_episode_is_a_task_and_what_it_found_starts_the_dag_that_delivers(outcome: Outcome) -> None:
    run = outcome.runs[1]
    assert run["state"] == "success"
    done = {"plan": "success", "hear[0]": "success", "detect": "success"}
    assert run["tasks"] == done | {"hear_again": "skipped", "detect_again": "skipped"}  # no name is in doubt
    assert run["events"] == ["podwatch_alerts", "podwatch_mentions"]


def test_the_audio_became_a_transcript_and_is_deleted(outcome: Outcome) -> None:
    assert [source.partition(" ")[0] for source in outcome.sources] == ["speech:faster-whisper"]
    assert outcome.audio_left == []


def test_slack_is_told_once_with_the_second_and_that_podwatch_recognised_it(outcome: Outcome) -> None:
    [message] = outcome.messages
    card = json.dumps(message)
    assert "The harbour" in card
    assert "recognised" in card
    # "Two ships with grain" begins in the fourth second, "And the price of grain?" in the fifteenth to eighteenth.
    first, *_, last = sorted(outcome.seconds)
    assert 3 < first < 6
    assert 13 < last < 20

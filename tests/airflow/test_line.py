"""The line in Airflow itself: a served transcript page reaches the Slack emulator, once, however often the DAG runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from podwatch import runtime
from podwatch.model import Feed
from podwatch.settings import Secret, Settings
from podwatch.watchlist.loader import read_watches
from tests.support.podcast_host import Podcast, item, rss
from tests.support.real_airflow import DagRunner
from tests.support.slack.emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """The state after two runs of the DAG."""

    runs: list[dict[str, Any]]
    errors: dict[str, str]
    counts: dict[str, int]
    mentions: list[tuple[str, float]]
    ids: list[int]
    messages: dict[str, list[dict[str, Any]]]
    statuses: dict[str, list[int]]
    log: str


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, dags: DagRunner) -> Iterator[Outcome]:
    """The sample's transcript page, served over HTTP, through two runs of the real DAG into the emulator."""
    home = tmp_path_factory.mktemp("podwatch")
    now = datetime.now(UTC)
    settings = Settings(home=home, database_url=Secret(f"sqlite:///{home}/podwatch.db"))
    with Podcast() as host, Emulator() as slack:
        page = host.serve("/talk.html", (ROOT / "seeds/sample/missile-crisis.txt").read_bytes(), "text/plain")
        # Published now, so that the feed is due again at once and the second run polls it.
        talk = item(
            "talk", title="Thirteen days", transcript=page, media_type="text/plain", published=format_datetime(now)
        )
        host.serve("/feed.xml", rss(talk))
        with runtime.build(settings) as rt:
            rt.store.add_feeds([Feed(url=host.url("/feed.xml")), Feed(url=host.url("/gone.xml"))], now)
            rt.store.sync_watches(read_watches(ROOT / "seeds/watchlist.yaml"), now)
        token = slack.token
        env = {
            "PODWATCH_HOME": str(home),
            "PODWATCH_POLL_FLOOR": "0",
            "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
            "PODWATCH_SLACK_BASE_URL": slack.base_url,
            "AIRFLOW_CONN_PODWATCH_SLACK": json.dumps({"conn_type": "slack", "password": token}),
            "AIRFLOW_CONN_PODWATCH_HEARTBEAT": json.dumps({"conn_type": "http", "password": host.serve("/beat", "OK")}),
        }
        out, log = dags.run(2, env)
        with runtime.build(settings) as rt:
            yield Outcome(
                runs=out["runs"],
                errors=out["errors"],
                counts=rt.store.counts(),
                mentions=[(f.mention.watch, f.mention.seconds) for f in rt.store.mentions()],
                ids=[f.mention_id for f in rt.store.mentions()],
                messages={name: slack.messages(name) for name in ("#podcasts", "#trade")},
                statuses=dict(host.statuses),
                log=log,
            )
        assert token not in log


def test_the_dag_is_imported_and_each_run_of_it_succeeds(outcome: Outcome) -> None:
    assert outcome.errors == {}
    assert [run["state"] for run in outcome.runs] == ["success", "success"]


def test_the_tasks_behind_poll_are_skipped_where_it_found_nothing_for_them(outcome: Outcome) -> None:
    first, second = (run["tasks"] for run in outcome.runs)
    assert first == dict.fromkeys(("poll", "fetch", "detect", "deliver"), "success")
    assert second == {"poll": "success"} | dict.fromkeys(("fetch", "detect", "deliver"), "skipped")


def test_only_a_run_that_found_something_new_starts_the_dag_that_delivers(outcome: Outcome) -> None:
    assert [run["events"] for run in outcome.runs] == [["podwatch_alerts", "podwatch_mentions"], []]


def test_the_event_of_new_mentions_has_their_ids(outcome: Outcome) -> None:
    [extra, nothing] = [run["extras"].get("podwatch_mentions") for run in outcome.runs]
    assert nothing is None
    assert (extra["mentions"], extra["count"]) == (sorted(outcome.ids), outcome.counts["mentions"])
    assert (extra["first"], extra["last"]) == (min(outcome.ids), max(outcome.ids))


def test_each_task_has_a_button_that_leads_to_its_view_of_the_page(outcome: Outcome) -> None:
    links = outcome.runs[0]["links"]
    assert (links["poll"], links["fetch"]) == ("/podwatch/feeds", "/podwatch/coverage")
    assert links["detect"] == links["deliver"]
    assert re.fullmatch(r"/podwatch/alerts\?since=\d{4}-\d\d-\d\d", links["detect"])


def test_the_mentions_are_stored_with_their_seconds(outcome: Outcome) -> None:
    quarantine = [seconds for watch, seconds in outcome.mentions if watch == "naval-quarantine"]
    assert len(quarantine) == 4
    assert 144 <= quarantine[0] < 175


def test_slack_has_one_message_for_each_watch_with_the_sentence_and_the_second(outcome: Outcome) -> None:
    cards = {m["metadata"]["event_payload"]["key"]: json.dumps(m) for m in outcome.messages["#podcasts"]}
    assert len(cards) == len(outcome.messages["#podcasts"]) == 5
    [card] = [s for s in cards.values() if "naval-quarantine" in s]
    assert "Thirteen days" in card
    assert "https://audio.example/talk.mp3#t=1" in card
    assert '"bold": true' in card


def test_a_second_run_of_every_task_changes_nothing(outcome: Outcome) -> None:
    assert outcome.statuses["/feed.xml"] == [200, 304]
    assert outcome.statuses["/talk.html"] == [200]
    # Nine of the mentions only sound like a name; three alerts say in their thread what the message has no room for.
    assert outcome.counts == {"feeds": 2, "episodes": 1, "transcripts": 1, "mentions": 28, "deliveries": 8}


def test_each_complete_run_beats_once_also_one_that_found_nothing(outcome: Outcome) -> None:
    assert len(outcome.statuses["/beat"]) == 2


def test_a_feed_that_does_not_exist_does_not_fail_the_run(outcome: Outcome) -> None:
    assert outcome.statuses["/gone.xml"][0] == 404
    assert outcome.runs[0]["tasks"]["poll"] == "success"

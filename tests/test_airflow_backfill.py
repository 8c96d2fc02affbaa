"""The past in Airflow itself: daily runs that it backfills, and the DAG podwatch_backfill, end with one backfill's rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import runtime
from pipeline.backfill import backfill
from pipeline.model import Backfill, Feed, Watch
from pipeline.runtime import Runtime
from pipeline.settings import Secret, Settings, networks
from pipeline.verbs import LINE
from tests.servers import Podcast, item, rss, vtt

pytestmark = pytest.mark.xdist_group("airflow_backfill")  # what is made once for these tests is made in one process

ROOT = Path(__file__).resolve().parent.parent
FIRST = datetime(2026, 9, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 3, 6, tzinfo=UTC)


def serve(host: Podcast) -> None:
    """A feed of two pages: ten episodes of today, on the second one a day for six days of September, and one unread."""

    def entry(guid: str, day: datetime) -> str:
        url = host.serve(f"/{guid}.vtt", vtt(f"This is {guid}.", "The grain came."), "text/vtt")
        return item(guid, transcript=url, published=f"{day:%a, %d %b %Y %H:%M:%S} +0000")

    today = [entry(f"new{n}", NOW - timedelta(hours=n)) for n in range(3)]
    older = [entry(f"old{n}", FIRST + timedelta(days=n, hours=5)) for n in range(6)]
    link = "<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='/2.xml'/>"
    host.serve("/feed.xml", rss(*today).replace("<language>", f"{link}<language>"))
    host.serve("/2.xml", rss(*older))


def rows(rt: Runtime) -> list[tuple[str, str, int, str]]:
    return sorted((f.episode.guid, f.mention.watch, f.mention.start, f.mention.surface) for f in rt.store.mentions())


@dataclass(frozen=True)
class Outcome:
    runs: list[dict[str, Any]]
    errors: dict[str, str]
    rows: list[tuple[str, str, int, str]]
    alone: list[tuple[str, str, int, str]]
    states: dict[str, int]
    asked: dict[str, list[int]]
    backfills: list[Backfill]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Three days backfilled by daily runs, then all six by the form; beside it the six by one call."""
    home = tmp_path_factory.mktemp("podwatch")
    settings = Settings(
        home=home,
        database_url=Secret(f"sqlite:///{home}/podwatch.db"),
        allow_addresses=networks("127.0.0.0/8"),
        host_pause=0,
        entities=False,
    )
    with Podcast() as host:
        serve(host)
        other = replace(settings, home=home / "b", database_url=Secret(f"sqlite:///{home}/b/podwatch.db"))
        for s in (settings, other):
            with runtime.build(s) as rt:
                rt.store.add_feeds([Feed(url=host.url("/feed.xml"))], NOW)
                rt.store.sync_watches([Watch(name="grain", query="grain")], NOW)
                for verb in LINE.values():
                    verb(rt, NOW)
        with runtime.build(other) as rt:
            backfill(rt, Backfill(since=FIRST, until=FIRST + timedelta(days=6)), NOW)
            alone = rows(rt)
        host.asked.clear()
        plan = {
            "days": [str(FIRST + timedelta(days=n)) for n in range(3)],
            "form": {"since": "2026-09-01", "until": "2026-09-06"},
        }
        env = {
            "AIRFLOW_HOME": str(home / "airflow"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PODWATCH_HOME": str(home),
            "PODWATCH_HOST_PAUSE": "0",
            "PODWATCH_ENTITIES": "off",
            "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
            "TEST_BACKFILL": json.dumps(plan),
        }
        done = subprocess.run(
            [sys.executable, str(ROOT / "tests/run_dag.py"), str(ROOT / "dags"), "0", str(home / "out.json")],
            env=os.environ | env,
            capture_output=True,
            text=True,
            timeout=170,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        out = json.loads((home / "out.json").read_text())
        with runtime.build(settings) as rt:
            yield Outcome(
                runs=out["runs"],
                errors=out["errors"],
                rows=rows(rt),
                alone=alone,
                states=rt.store.states(),
                asked={path: list(statuses) for path, statuses in host.asked.items()},
                backfills=rt.store.backfills(),
            )


@pytest.mark.timeout(200)
def test_daily_runs_that_airflow_backfills_succeed(outcome: Outcome) -> None:
    assert outcome.errors == {}
    assert outcome.runs[:3] == [{"state": "success", "type": "backfill"}] * 3


def test_the_dag_works_off_its_shards_and_reports(outcome: Outcome) -> None:
    tasks = [["bring", "success"]] * 4 + [["plan", "success"], ["report", "success"]] + [["walk", "success"]] * 4
    assert outcome.runs[3] == {"state": "success", "tasks": tasks}
    [b] = outcome.backfills
    assert (b.state.value, b.counts["transcripts"], b.counts["held"]) == ("done", 6, 6)


def test_both_end_with_the_rows_of_one_backfill_of_the_range(outcome: Outcome) -> None:
    assert outcome.rows == outcome.alone
    assert len(outcome.rows) == 9


def test_nothing_is_asked_for_twice_and_nobody_is_told(outcome: Outcome) -> None:
    assert all(statuses == [200] for path, statuses in outcome.asked.items() if path.endswith(".vtt"))
    assert len([path for path in outcome.asked if path.endswith(".vtt")]) == 6
    assert {name: n for name, n in outcome.states.items() if name.startswith("held")} == {
        "held: it came with a backfill, which tells nobody unless asked": 6
    }

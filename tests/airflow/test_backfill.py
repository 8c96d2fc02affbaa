"""Backfills in a real Airflow: its own, by command and REST API, and the DAG podwatch_backfill.

It runs a scheduler, an API server and the executor of `make run`. A second store gets one `podwatch backfill` of the
whole range, without Airflow: both end with the same rows.

Long. In short: tests/airflow/test_past_days.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from podwatch import runtime
from podwatch.model import Backfill
from podwatch.settings import from_environment
from tests.support.old_days import ENV, Row, backfill_at_once, mention_rows, run_line_once, serve_feed
from tests.support.podcast_host import Podcast
from tests.support.real_airflow import DONE, ROOT, Airflow, copy_dags

pytestmark = pytest.mark.long
DAYS = 5


@dataclass(frozen=True)
class Outcome:
    runs: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    form: list[dict[str, Any]]
    dry_run: list[str]
    rows: list[Row]
    by_days: list[Row]
    alone: list[Row]
    states: dict[str, int]
    statuses: dict[str, list[int]]
    backfills: list[Backfill]
    told: list[dict[str, Any]]
    read: list[list[str]]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Two days by the command, two by the REST API with a live run between, then all five by the form of the DAG."""
    home, now = tmp_path_factory.mktemp("podwatch"), datetime.now(UTC) - timedelta(hours=6)
    env = ENV | {"PODWATCH_HOME": str(home / "a"), "PODWATCH_SCHEDULE": "0 0 * * *", "PODWATCH_POLL_FLOOR": "0"}
    env["AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME"] = "0.5"
    env |= {"AIRFLOW__CORE__DAGS_FOLDER": str(copy_dags(home / "dags")), "PYTHONPATH": f"{ROOT / 'pipeline'}:{ROOT}"}
    env |= {"PODWATCH_DATABASE_URL": f"sqlite:///{home / 'a/podwatch.db'}"}
    settings, other = from_environment(env), from_environment(ENV | {"PODWATCH_HOME": str(home / "b")})
    with Podcast() as host:
        serve_feed(host, now, DAYS)
        for each in (settings, other):
            run_line_once(host, each, now)
        alone = backfill_at_once(other, DAYS, now)
        host.statuses.clear()
        serve_feed(host, now, DAYS, late=["late"])
        with Airflow(home / "airflow", env) as airflow:
            days = ["--from-date", "2026-09-01", "--to-date", "2026-09-02"]
            airflow.run_command("backfill", "create", "--dag-id", "podwatch", "--max-active-runs", "1", *days)
            spec = {
                "dag_id": "podwatch",
                "from_date": "2026-09-03T00:00:00Z",
                "to_date": "2026-09-04T00:00:00Z",
                "max_active_runs": 2,
            }
            would = airflow.request_until_answered("POST", "/api/v2/backfills/dry_run", spec)["backfills"]
            airflow.wait_until(lambda: have_ended(airflow, 2), 120, every=1)
            # Airflow notices within half a minute that one is over, and allows no second one before that.
            [first] = airflow.request_until_answered("GET", "/api/v2/backfills?dag_id=podwatch")["backfills"]
            airflow.request("PUT", f"/api/v2/backfills/{first['id']}/cancel")
            assert airflow.request("POST", "/api/v2/backfills", spec) is not None
            live = airflow.api.trigger()
            assert live is not None
            airflow.wait_until(lambda: have_ended(airflow, 4), 120, every=1)
            with runtime.build(settings) as rt:
                by_days = mention_rows(rt)
            form = {"logical_date": None, "conf": {"since": "2026-09-01", "until": "2026-09-05"}}
            run = airflow.request("POST", "/api/v2/dags/podwatch_backfill/dagRuns", form)
            assert run is not None
            airflow.wait_until(lambda: airflow.dag_runs("podwatch_backfill")[0]["state"] in DONE, 120, every=1)
            airflow.wait_until(
                lambda: [r for r in airflow.dag_runs("new_mentions") if r["state"] in DONE], 120, every=1
            )
            told = airflow.dag_runs("new_mentions")
            with runtime.build(settings) as rt:
                yield Outcome(
                    runs=airflow.dag_runs("podwatch"),
                    tasks=airflow.task_instances("podwatch"),
                    form=airflow.task_instances("podwatch_backfill"),
                    dry_run=[b["logical_date"] for b in would],
                    rows=mention_rows(rt),
                    by_days=by_days,
                    alone=alone,
                    states=rt.store.alert_states(),
                    statuses={path: list(found) for path, found in host.statuses.items()},
                    backfills=rt.store.backfills(),
                    told=told,
                    read=[returned(airflow, run["dag_run_id"]) for run in told],
                )


def returned(airflow: Airflow, run: str) -> list[str]:
    """What the only task of the team's DAG returned."""
    path = f"/api/v2/dags/new_mentions/dagRuns/{run}/taskInstances/read/xcomEntries/return_value"
    found = airflow.request_until_answered("GET", path)["value"]
    return list(json.loads(found)) if isinstance(found, str) else list(found)


def have_ended(airflow: Airflow, count: int) -> bool:
    runs = airflow.dag_runs("podwatch")
    return all(r["state"] in DONE for r in runs) and sum(r["run_type"] == "backfill" for r in runs) == count


def test_each_run_takes_one_day_and_succeeds(outcome: Outcome) -> None:
    past = [r for r in outcome.runs if r["run_type"] == "backfill"]
    assert {r["state"] for r in outcome.runs} == {"success"}
    assert [(r["data_interval_start"][:10], r["data_interval_end"][:10]) for r in past] == [
        ("2026-09-01", "2026-09-02"),
        ("2026-09-02", "2026-09-03"),
        ("2026-09-03", "2026-09-04"),
        ("2026-09-04", "2026-09-05"),
    ]
    assert outcome.dry_run == ["2026-09-03T00:00:00Z", "2026-09-04T00:00:00Z"]


def test_the_days_end_with_what_one_backfill_of_them_finds(outcome: Outcome) -> None:
    late = ("late", "grain")
    assert [r for r in outcome.by_days if r[:2] != late] == [r for r in outcome.alone if r[0] != "old4"]


def test_with_the_form_over_it_all_the_rows_are_those_of_one_backfill(outcome: Outcome) -> None:
    assert [r for r in outcome.rows if r[0] != "late"] == outcome.alone
    assert len(outcome.alone) == 3 + DAYS + 1


def test_an_episode_that_appears_today_with_an_old_date_is_the_live_runs_and_alerted_on(outcome: Outcome) -> None:
    assert ("late", "grain") in {r[:2] for r in outcome.rows}
    assert outcome.states["sent"] == 4
    assert {name: n for name, n in outcome.states.items() if name.startswith("held")} == {
        "held: it came with a backfill, which tells nobody unless asked": DAYS + 1
    }


def test_no_transcript_is_requested_twice(outcome: Outcome) -> None:
    transcripts = {path: found for path, found in outcome.statuses.items() if path.endswith(".vtt")}
    assert sorted(transcripts) == ["/late.vtt", "/midnight.vtt", *(f"/old{n}.vtt" for n in range(DAYS))]
    assert all(found == [200] for found in transcripts.values())


def test_old_days_have_a_pool_of_their_own_and_the_live_run_goes_first(outcome: Outcome) -> None:
    kinds = {r["dag_run_id"]: r["run_type"] for r in outcome.runs}
    past = [t for t in outcome.tasks if kinds[t["dag_run_id"]] == "backfill"]
    live = [t for t in outcome.tasks if kinds[t["dag_run_id"]] != "backfill"]
    assert {(t["pool"], t["priority_weight"]) for t in past} == {("podwatch_backfill", 1)}
    assert {t["pool"] for t in live} == {"default_pool"}
    assert min(t["priority_weight"] for t in live) > 1
    ordered = sorted(past, key=lambda t: t["start_date"])
    assert all(a["end_date"] <= b["start_date"] for a, b in pairwise(ordered))


def test_no_more_runs_are_active_than_allowed(outcome: Outcome) -> None:
    first, second = [r for r in outcome.runs if r["run_type"] == "backfill"][:2]
    assert first["end_date"] <= second["start_date"]


def test_the_form_processes_its_shards_and_reports(outcome: Outcome) -> None:
    tasks = [(t["task_id"], t["state"], t["pool"]) for t in outcome.form]
    names = ["bring", "plan", "report", "walk"]  # one host, one shard
    assert sorted(tasks) == [(name, "success", "podwatch_backfill") for name in names]
    [b] = outcome.backfills
    assert (b.state.value, b.counts["transcripts"], b.counts["held"]) == ("done", DAYS + 1, DAYS + 1)


def test_a_team_s_own_dag_runs_on_new_mentions_and_reads_each_once(outcome: Outcome) -> None:
    """Those of the live run, and of the backfills before it: whatever was stored since the last event."""
    assert {(r["run_type"], r["state"]) for r in outcome.told} == {("asset_triggered", "success")}
    lines = [line for read in outcome.read for line in read]
    assert len(lines) == len(set(lines))
    assert any("late" in line for line in lines)
    assert all(line.endswith(": The grain came.") for line in lines)

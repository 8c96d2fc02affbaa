"""Backfills in Airflow without its servers: runs of the daily DAG over past days, and the DAG podwatch_backfill.

The runs are made as a backfill of Airflow makes them, and run by dag.test. That its scheduler, command and REST API do
the same is in tests/airflow/test_backfill.py (`make long-test`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from podwatch import runtime
from podwatch.model import Backfill
from podwatch.settings import from_environment
from tests.support.old_days import ENV, Row, backfill_at_once, mention_rows, run_line_once, serve_feed
from tests.support.podcast_host import Podcast
from tests.support.real_airflow import DagRunner

DAYS, BY_RUNS = 4, 3
VERBS = ("poll", "fetch", "detect", "deliver")


@dataclass(frozen=True)
class Outcome:
    past: list[dict[str, Any]]
    live: dict[str, Any]
    form: dict[str, Any]
    team: list[dict[str, Any]]
    by_runs: list[Row]
    rows: list[Row]
    alone: list[Row]
    states: dict[str, int]
    statuses: dict[str, list[int]]
    backfills: list[Backfill]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, dags: DagRunner) -> Iterator[Outcome]:
    """Three days as runs of the daily DAG, a live run, a team's own DAG, and all four by the form."""
    home, now = tmp_path_factory.mktemp("podwatch"), datetime.now(UTC) - timedelta(hours=6)
    env = ENV | {"PODWATCH_HOME": str(home / "a"), "PODWATCH_SCHEDULE": "0 0 * * *", "PODWATCH_POLL_FLOOR": "0"}
    env |= {"PODWATCH_DATABASE_URL": f"sqlite:///{home / 'a/podwatch.db'}"}
    settings, other = from_environment(env), from_environment(ENV | {"PODWATCH_HOME": str(home / "b")})
    with Podcast() as host:
        serve_feed(host, now, DAYS)
        for each in (settings, other):
            run_line_once(host, each, now)
        alone = backfill_at_once(other, DAYS, now)
        host.statuses.clear()
        serve_feed(host, now, DAYS, late=["late"])
        past, _ = dags.run(BY_RUNS, env, past="2026-09-01T00:00:00Z")
        with runtime.build(settings) as rt:
            by_runs = mention_rows(rt)
        live, log = dags.run(1, env)
        assert live["errors"] == {}, log[-3000:]
        team, _ = dags.run(1, env, dag="new_mentions", events_of=live["runs"][0]["run"])
        conf = {"since": "2026-09-01", "until": "2026-09-04"}
        form, _ = dags.run(1, env, dag="podwatch_backfill", conf=conf)
        with runtime.build(settings) as rt:
            yield Outcome(
                past=past["runs"],
                live=live["runs"][0],
                form=form["runs"][0],
                team=team["runs"],
                by_runs=by_runs,
                rows=mention_rows(rt),
                alone=alone,
                states=rt.store.alert_states(),
                statuses={path: list(found) for path, found in host.statuses.items()},
                backfills=rt.store.backfills(),
            )


def test_each_run_takes_one_day_and_succeeds(outcome: Outcome) -> None:
    assert [(r["type"], r["state"]) for r in outcome.past] == [("backfill", "success")] * BY_RUNS
    assert [[moment[:10] for moment in r["interval"]] for r in outcome.past] == [
        ["2026-09-01", "2026-09-02"],
        ["2026-09-02", "2026-09-03"],
        ["2026-09-03", "2026-09-04"],
    ]
    assert [r["tasks"] for r in outcome.past] == [dict.fromkeys(VERBS, "success")] * BY_RUNS
    assert [r["returned"]["fetch"]["new"] for r in outcome.past] == [1, 1, 2]  # the one of midnight is of the third day


def test_the_days_end_with_what_one_backfill_of_them_finds(outcome: Outcome) -> None:
    new = ("new0", "new1", "new2")
    assert {r[0] for r in outcome.by_runs} == {*new, "old0", "old1", "old2", "midnight"}
    assert outcome.by_runs == [r for r in outcome.alone if r[0] != "old3"]


def test_with_the_form_over_it_all_the_rows_are_those_of_one_backfill(outcome: Outcome) -> None:
    assert [r for r in outcome.rows if r[0] != "late"] == outcome.alone
    assert len(outcome.alone) == 3 + DAYS + 1


def test_an_episode_that_appears_today_with_an_old_date_is_the_live_runs_and_alerted_on(outcome: Outcome) -> None:
    assert (outcome.live["type"], outcome.live["state"]) == ("manual", "success")
    assert ("late", "grain") not in {r[:2] for r in outcome.by_runs}
    assert ("late", "grain") in {r[:2] for r in outcome.rows}


def test_nobody_is_told_of_what_a_backfill_brought(outcome: Outcome) -> None:
    assert outcome.states["sent"] == 4  # three before, and the one of the live run
    assert {name: n for name, n in outcome.states.items() if name.startswith("held")} == {
        "held: it came with a backfill, which tells nobody unless asked": DAYS + 1
    }


def test_no_transcript_is_requested_twice(outcome: Outcome) -> None:
    transcripts = {path: found for path, found in outcome.statuses.items() if path.endswith(".vtt")}
    assert sorted(transcripts) == ["/late.vtt", "/midnight.vtt", *(f"/old{n}.vtt" for n in range(DAYS))]
    assert all(found == [200] for found in transcripts.values())


def test_old_days_have_a_pool_of_their_own_and_the_live_run_goes_first(outcome: Outcome) -> None:
    assert [place for r in outcome.past for place in r["places"].values()] == [["podwatch_backfill", 1]] * 4 * BY_RUNS
    assert {pool for pool, _ in outcome.live["places"].values()} == {"default_pool"}
    assert min(weight for _, weight in outcome.live["places"].values()) > 1


def test_the_form_processes_its_shards_and_reports(outcome: Outcome) -> None:
    tasks = ("bring[0]", "plan", "report", "walk[0]")  # one host, one shard
    assert outcome.form["tasks"] == dict.fromkeys(tasks, "success")
    assert outcome.form["places"] == {task: ["podwatch_backfill", 1] for task in tasks}
    [b] = outcome.backfills
    assert (b.state.value, b.counts["transcripts"], b.counts["held"]) == ("done", DAYS + 1, DAYS + 1)


def test_a_team_s_own_dag_runs_on_new_mentions_and_reads_each_once(outcome: Outcome) -> None:
    """Those of the live run, and of the backfills before it: whatever was stored since the last event."""
    [run] = outcome.team
    lines = run["returned"]["read"]
    assert len(lines) == len(set(lines)) == BY_RUNS + 1 + 1
    assert any("late" in line for line in lines)
    assert all(line.endswith(": The grain came.") for line in lines)

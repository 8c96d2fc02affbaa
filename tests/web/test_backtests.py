"""The backtests under way: one for each question, one at a time for each editor, ended when nobody asks any more."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from podwatch.errors import PodwatchError
from podwatch.history.watch_backtest import WatchBacktest
from podwatch.web import backtests
from podwatch.web.backtests import BacktestJobs, Report

NOTHING = WatchBacktest(datetime(2026, 1, 1, tzinfo=UTC))


class Run:
    """A backtest that goes on until it is let go, or told to end."""

    def __init__(self) -> None:
        self.runs = 0
        self.go = threading.Event()
        self.ended_early = threading.Event()

    def __call__(self, report: Report) -> WatchBacktest:
        self.runs += 1
        while not self.go.wait(0.01):
            if not report(NOTHING):
                self.ended_early.set()
                break
        return NOTHING


def test_a_quick_one_is_answered_at_once_and_not_run_twice() -> None:
    jobs, run = BacktestJobs(wait=20.0), Run()
    run.go.set()
    assert jobs.ask("a", "me", run).ended.is_set()
    assert jobs.ask("a", "you", run).ended.is_set()
    assert run.runs == 1


def test_a_slow_one_says_how_far_it_is_until_it_has_ended() -> None:
    jobs, run = BacktestJobs(wait=0.1), Run()
    first = jobs.ask("a", "me", run)
    assert not first.ended.is_set()
    run.go.set()
    assert first.ended.wait(20.0)
    assert jobs.ask("a", "me", run).found is NOTHING
    assert run.runs == 1


def test_the_next_question_of_an_editor_ends_the_one_before() -> None:
    jobs, old, new = BacktestJobs(wait=0.05), Run(), Run()
    jobs.ask("a", "me", old)
    jobs.ask("b", "me", new)
    assert old.ended_early.wait(20.0)
    new.go.set()
    jobs.close()
    assert not new.ended_early.is_set()


def test_no_more_than_some_run_at_once() -> None:
    jobs, runs = BacktestJobs(wait=0.05), [Run() for _ in range(backtests.MOST_RUNNING + 1)]
    for i, run in enumerate(runs):
        jobs.ask(str(i), f"editor {i}", run)
    assert runs[0].ended_early.wait(20.0)
    assert not any(r.ended_early.is_set() for r in runs[1:])
    jobs.close()
    assert all(r.ended_early.is_set() for r in runs)


def test_one_that_was_ended_early_begins_again_when_it_is_asked_for() -> None:
    jobs, run = BacktestJobs(wait=0.05), Run()
    jobs.ask("a", "me", run)
    jobs.ask("b", "me", Run())
    assert run.ended_early.wait(20.0)
    run.go.set()
    assert jobs.ask("a", "me", run).ended.wait(20.0)
    assert run.runs == 2
    jobs.close()


def test_what_nobody_asks_about_any_more_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtests, "FORGOTTEN_AFTER", 0.05)
    jobs, run = BacktestJobs(wait=0.01), Run()
    jobs.ask("a", "me", run)
    assert run.ended_early.wait(20.0)


def test_a_failure_is_its_answer() -> None:
    def run(report: Report) -> WatchBacktest:
        raise PodwatchError("cannot be looked for")

    job = BacktestJobs(wait=20.0).ask("a", "me", run)
    assert job.error is not None
    assert job.error.line == "cannot be looked for"

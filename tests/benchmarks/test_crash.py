"""The crash test with an operator in it, in its shortest form: it runs, and its figures hold."""

from __future__ import annotations

from benchmarks.crash.__main__ import run_operated


def test_whatever_an_operator_does_meanwhile_each_alert_is_sent_once() -> None:
    result = run_operated("SQLite", lambda home: f"sqlite:///{home / 'podwatch.db'}", batches=2, channels=4, kills=3)
    assert (result.lost, result.duplicates, result.stuck) == (0, 0, 0), result.note
    assert sum(result.deaths.values()) == 3

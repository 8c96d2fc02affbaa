"""The benchmark of runs with nothing to deliver runs, in its shortest form."""

from __future__ import annotations

from benchmarks.idle import measure


def test_a_run_with_nothing_due_can_be_measured() -> None:
    assert measure(50) > 0

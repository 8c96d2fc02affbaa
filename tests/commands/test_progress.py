"""Progress where there is no terminal: a line at intervals. (On a terminal: tests/history/test_parallel_detection.py.)"""

from __future__ import annotations

import pytest

from podwatch.commands.progress import LINE_INTERVAL, follow_parts, format_wait, progress_lines


def test_in_a_pipe_a_line_is_printed_at_most_once_an_interval(capsys: pytest.CaptureFixture[str]) -> None:
    moments = iter([0.0, 1.0, LINE_INTERVAL, LINE_INTERVAL + 1, 2 * LINE_INTERVAL + 1, 3 * LINE_INTERVAL])
    progress = progress_lines("transcripts", lambda: next(moments))
    for n in (100, 1000, 1100, 2000, 3000):
        progress(n, 3000)
    assert capsys.readouterr().err.splitlines() == [
        "1,000 of 3,000 transcripts, 100 a second, 20 s left",
        "2,000 of 3,000 transcripts, 95 a second, 10 s left",
    ]


WAITS = {0.4: "0 s", 89: "89 s", 91: "2 min", 3600: "60 min", 5400: "1 h 30 min", 90_000: "25 h 0 min"}


@pytest.mark.parametrize("seconds", WAITS)
def test_a_wait_is_in_the_largest_fitting_unit(seconds: float) -> None:
    assert format_wait(seconds) == WAITS[seconds]


def test_parts_pass_through_as_they_come() -> None:
    assert list(follow_parts(iter([3, 4]), 7, lambda n: n)) == [3, 4]
    assert list(follow_parts(iter(()), 0, lambda n: 0)) == []

"""Coverage in words: how much was listened to, and why the rest was not."""

from __future__ import annotations

from typing import Any

import pytest

from podwatch.model import Coverage, NotListened
from podwatch.policy.coverage import describe_coverage, describe_listening, describe_transcripts

NONE, FAILED, LATE = NotListened.NAMES_NONE, NotListened.FAILED, NotListened.NOT_SEARCHED
# case: (the coverage, as a summary, as a sentence, as a cell)
CASES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "some were not": (
        {"episodes": 30, "why": {NONE: 15, FAILED: 3}},
        "12 of 30 episodes listened to; 18 not: 15 names none, 3 failed",
        "listened to 12 of 30 episodes since then; 15 had no transcript, 3 failed",
        "12 of 30",
    ),
    "every one": (
        {"episodes": 1},
        "1 of 1 episode listened to",
        "listened to 1 of 1 episode since then",
        "1 of 1",
    ),
    "none": (
        {"episodes": 30, "why": {NONE: 28, LATE: 2}},
        "0 of 30 episodes listened to; 30 not: 28 names none, 2 not searched yet",
        "listened to 0 of 30 episodes since then; 28 had no transcript, 2 not searched yet",
        "0 of 30: names none",
    ),
    "there were none": ({}, "no episodes", "no episode came out since then", ""),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_coverage_says_how_many_were_listened_to_and_why_the_others_were_not(case: str) -> None:
    values, summary, sentence, cell = CASES[case]
    c = Coverage(**values)
    assert (describe_coverage(c), describe_listening(c, "since then"), describe_transcripts(c)) == (
        summary,
        sentence,
        cell,
    )

"""Answers: people's verdicts on alerts, their precision, and the changes to a watchlist that they suggest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What somebody says of an alert: the first two judge it, the others mute the show or the watch."""

    RELEVANT = "relevant"
    WRONG = "wrong"
    MUTE_SHOW = "mute_show"
    SNOOZE_WATCH = "snooze_watch"

    @property
    def is_judgement(self) -> bool:
        return self in (Verdict.RELEVANT, Verdict.WRONG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One person's verdict on one alert. user: their id at the service; at: when they gave it, not when it came in."""

    key: str
    verdict: Verdict
    user: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StandingVerdict:
    """A verdict that stands (the last of its user on its alert), with the spellings the alert had: (surface, kind)."""

    watch: str
    verdict: Verdict
    spellings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Precision:
    """How many answers call a watch's alerts relevant, and how many wrong, since the watch was last changed."""

    relevant: int = 0
    wrong: int = 0

    @property
    def share(self) -> float | None:
        """The part that is relevant, 0..1; None when nobody has answered."""
        return self.relevant / (self.relevant + self.wrong) if self.relevant + self.wrong else None


class Change(StrEnum):
    """What a proposal changes in a watch."""

    ALIAS = "alias"  # a spelling that people called relevant becomes another name
    EXCLUDE = "exclude"  # a spelling that people called wrong is no longer taken for the name
    DROP_ALIAS = "drop_alias"  # an alias that only ever found something else goes


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change to a watch that its answers suggest, with how many of them called the spelling relevant and wrong."""

    watch: str
    change: Change
    spelling: str
    relevant: int
    wrong: int


def fold_spelling(spelling: str) -> str:
    """The form in which two spellings that differ only in case and blanks are equal."""
    return " ".join(spelling.casefold().split())


def measure_precision(judged: Sequence[StandingVerdict]) -> dict[str, Precision]:
    """The precision of each watch that has an answer."""
    found: dict[str, Precision] = {}
    for j in judged:
        p = found.get(j.watch, Precision())
        right = j.verdict is Verdict.RELEVANT
        found[j.watch] = Precision(p.relevant + right, p.wrong + (not right))
    return found

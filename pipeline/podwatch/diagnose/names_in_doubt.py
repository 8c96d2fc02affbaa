"""What became of a place where a watched name was in doubt, in words: it waits, was heard again, or was left to the
text. The same words on the page, in `podwatch hearings`, explain and for agents. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from podwatch.model import HearingOutcome
from podwatch.policy.hearing_schedule import decided_by
from podwatch.query.second_hearing import judge
from podwatch.store.hearings import StoredHearing


class PlaceState(StrEnum):
    """Where a place in doubt stands."""

    WAITS = "waits"
    HEARD = "heard"
    LEFT = "left"  # to the text alone


@dataclass(frozen=True, slots=True)
class DescribedPlace:
    """state: for programs; text: for people. score: with the audio where it was heard, else of the text alone; None
    where only the wider net proposes the place and nobody has listened.
    """

    place: StoredHearing
    state: PlaceState
    text: str
    score: float | None

    @property
    def surface(self) -> str:
        return " ".join(self.place.hearing.doubt.surface.split())


def describe_place(p: StoredHearing) -> DescribedPlace:
    """``heard again: Kaja Kallas far likelier than kallis``, ``not heard again: the audio is gone``, or since when it
    waits.
    """
    d, h = p.hearing.doubt, p.hearing
    by_text = None if d.is_wide else d.score
    if not p.is_decided:
        return DescribedPlace(p, PlaceState.WAITS, describe_waiting(p.asked_at), by_text)
    judged = judge(d.score, d.surface, d.name, h)
    if h.outcome is HearingOutcome.HEARD:
        return DescribedPlace(p, PlaceState.HEARD, judged.reason, judged.score)
    return DescribedPlace(p, PlaceState.LEFT, f"not heard again: {h.outcome.why_left}", by_text)


def describe_waiting(asked_at: datetime) -> str:
    """``waits to be heard again since 2026-11-03 12:00 UTC, until 2026-11-05 12:00 UTC at the latest``."""
    since, until = asked_at.astimezone(UTC), decided_by(asked_at).astimezone(UTC)
    return f"waits to be heard again since {since:%Y-%m-%d %H:%M} UTC, until {until:%Y-%m-%d %H:%M} UTC at the latest"


def describe_scores(p: DescribedPlace) -> str:
    """``0.14 by the text, 0.99 with the audio``; "" where the text has no score of its own and nobody has listened."""
    parts = [] if p.place.hearing.doubt.is_wide else [f"{p.place.hearing.doubt.score:.2f} by the text"]
    if p.state is PlaceState.HEARD and p.score is not None:
        parts.append(f"{p.score:.2f} with the audio")
    return ", ".join(parts)

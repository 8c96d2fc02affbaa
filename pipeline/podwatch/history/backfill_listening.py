"""The past without transcripts: which of its audio is listened to within so many hours, and how much that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from podwatch.history.backfill_scope import resolve_range
from podwatch.history.backlog import detect_range
from podwatch.line.listen import ListenOptions, listen_to
from podwatch.line.listen_plan import find_wanted
from podwatch.model import Backfill, ListenRequest, Tally
from podwatch.policy.listen_schedule import expected_seconds, plan_listening
from podwatch.runtime import Runtime


@dataclass(frozen=True, slots=True)
class PastAudio:
    """chosen: what is listened to, the newest first; left: how many episodes of the range have to be left out."""

    chosen: tuple[ListenRequest, ...]
    left: int

    @property
    def hours(self) -> float:
        """Of audio, as the feeds say; an episode without a length counts as an hour."""
        return sum(expected_seconds(r.episode) for r in self.chosen) / 3600.0


def choose_past_audio(rt: Runtime, b: Backfill, hours: float, now: datetime) -> PastAudio:
    """The newest episodes of the range that have audio and no transcript, up to so many hours.

    What the live run is to hear is left to it: its alerts go out, and those of a backfill are held.
    """
    live = {r.episode.id for r in find_wanted(rt.store, rt.settings.speech, now) if not r.requested}
    past = [r for r in rt.store.past_to_hear(resolve_range(rt, b), now) if r.episode.id not in live]
    plan = plan_listening(past, {}, hours * 3600.0)
    return PastAudio(plan.chosen, len(plan.postponed))


def listen_to_past(
    rt: Runtime, b: Backfill, chosen: Sequence[ListenRequest], now: datetime, options: ListenOptions
) -> Tally:
    """Listens to the chosen episodes, and looks through what was heard. What a killed run leaves `listen` hears."""
    rt.store.request_listening([r.episode.id for r in chosen], now)
    tally = listen_to(rt, now, chosen, options)
    detect_range(rt, resolve_range(rt, b), rt.store.clock())
    return tally

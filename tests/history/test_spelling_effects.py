"""What a learnt spelling would change in the store, measured by the engine of the backtest before it is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from podwatch.history import spelling_effects
from podwatch.history.spelling_effects import SpellingEffect, measure_effects
from podwatch.line.detect import detect
from podwatch.model import Change, Proposal, Watch
from podwatch.runtime import Runtime
from tests.support.stored_transcripts import store_transcripts

WITKOFF = Watch(name="witkoff", entity="Steve Witkoff", type="person", aliases=("Wolves",))
TEXTS = {
    "one": "Then Wit Goff spoke.\nWit Goff's plane.\nSteve Witkoff left.",
    "two": "The Wolves won.\nWolves.",
    "three": "No wit, and a goffer.",
}


def proposed(change: Change, spelling: str) -> Proposal:
    return Proposal(watch="witkoff", change=change, spelling=spelling, relevant=1, wrong=0)


# name: (the proposal, transcripts that hold it, hits gained, hits lost)
EFFECTS: dict[str, tuple[Proposal, int, int, int]] = {
    "an alias finds what it spells": (proposed(Change.ALIAS, "Wit Goff"), 1, 2, 0),
    "an alias that nobody says": (proposed(Change.ALIAS, "Vidkopf"), 0, 0, 0),
    "an alias that goes loses what it found": (proposed(Change.DROP_ALIAS, "Wolves"), 1, 0, 2),
    "an exclusion loses what is spelt so": (proposed(Change.EXCLUDE, "wolves"), 1, 0, 2),
}


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("looked", [True, False], ids=["looked through", "not yet"])
def test_the_effect_of_a_proposal_is_counted(rt: Runtime, now: datetime, name: str, looked: bool) -> None:
    proposal, transcripts, gained, lost = EFFECTS[name]
    store_transcripts(rt.store, now, TEXTS)
    rt.store.sync_watches([WITKOFF, Watch(name="other", query="plane")], now)
    if looked:
        detect(rt, now)
    before = rt.store.counts(), rt.store.watches()
    [e] = measure_effects(rt.settings, rt.store.watches(), [proposal], 1)
    assert (e.transcripts, e.outcome.gained, e.outcome.lost) == (transcripts, gained, lost)
    assert (rt.store.counts(), rt.store.watches()) == before


def test_each_proposal_is_measured_alone(rt: Runtime, now: datetime) -> None:
    store_transcripts(rt.store, now, TEXTS)
    rt.store.sync_watches([WITKOFF], now)
    both = [proposed(Change.ALIAS, "Wit Goff"), proposed(Change.DROP_ALIAS, "Wolves")]
    assert [(e.outcome.gained, e.outcome.lost) for e in measure_effects(rt.settings, rt.store.watches(), both, 2)] == [
        (2, 0),
        (0, 2),
    ]


def test_of_many_transcripts_the_newest_are_looked_through(
    rt: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spelling_effects, "MAX_TRANSCRIPTS", 3)
    store_transcripts(rt.store, now, {f"t{n}": "wit goff" for n in range(7)})
    rt.store.sync_watches([replace(WITKOFF, aliases=())], now)
    [e] = measure_effects(rt.settings, rt.store.watches(), [proposed(Change.ALIAS, "Wit Goff")], 1)
    assert (e.transcripts, e.measured, e.outcome.gained) == (7, 3, 3)
    assert isinstance(e, SpellingEffect)

"""Puts places where a watched name is in doubt into a store, for tests of what is said of them."""

from __future__ import annotations

from datetime import datetime

from podwatch.model import Doubt, Episode, Hearing, HearingOutcome
from podwatch.store.database import Store
from podwatch.store.detect import Detection
from podwatch.store.hearings import HeardPlace
from tests.support.stored_transcripts import save_text

TEXT = "Grain came from witcop today, and he left."
LIKELIHOODS = {True: (-0.1, 3.0, -1.0, 1.0, -1.0), False: (-9.0, -9.0, -9.0, -9.0, -9.0)}


def save_doubt(
    store: Store,
    episode: Episode,
    now: datetime,
    *,
    name: str = "Steve Witkoff",
    text: str | None = TEXT,
    surface: str = "witcop",
    outcome: HearingOutcome | None = None,
    said: bool = True,
    is_wide: bool = False,
) -> Doubt:
    """A name in doubt in an episode, with this transcript; text: None where it has one. outcome: None: it waits.

    said: whether the audio confirms the name, where it was heard.
    """
    if text is not None:
        save_text(store, episode, text, now)
    [source] = [s for s in store.load_sources(store.transcript_ids()) if s.episode.id == episode.id]
    start = source.transcript.text.index(surface)
    doubt = Doubt(name=name, start=start, end=start + len(surface), surface=surface, score=0.25, is_wide=is_wide)
    todo = store.watches_to_detect()
    watches = {w.name: w for _, w in todo.watches}
    store.save_detections([Detection(source, watches, (), (), None, (doubt,))], todo.latest, now)
    if outcome is not None:
        [waiting] = [d for d in store.transcripts_to_hear_again(now) if d.transcript_id == source.transcript.id]
        likelihoods = LIKELIHOODS[said] if outcome is HearingOutcome.HEARD else ()
        hearing = Hearing(doubt=doubt, outcome=outcome, likelihoods=likelihoods, recogniser="tones 1")
        store.save_hearings(waiting, [HeardPlace(hearing, 8.0)], now)
    return doubt

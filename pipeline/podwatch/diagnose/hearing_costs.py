"""What it costs to hear the doubtful names of a watchlist again, by the newest transcripts. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from podwatch.line.detect import episode_fields
from podwatch.model import Watch
from podwatch.policy.wording import count_of
from podwatch.query import Engine
from podwatch.query.check_warnings import Finding, Level
from podwatch.query.second_hearing import CHARACTERS_AN_HOUR
from podwatch.store.detect import TranscriptSource

MAX_TRANSCRIPTS = 50  # the newest
SECONDS_A_PLACE = 7.5  # of audio; some more where the transcript was published, and the place has to be looked for


def find_hearing_costs(
    engine: Engine, watches: Sequence[Watch], sources: Iterable[TranscriptSource], *, widely: bool
) -> Iterator[Finding]:
    """A note for each watch by sound that is in doubt somewhere: how often, and how much audio that is an hour."""
    places: Counter[str] = Counter()
    characters = 0
    for source in sources:
        fields = replace(episode_fields(source, None), asks_audio=True, asks_widely=widely)
        places.update(d.name for d in engine(source.transcript, fields).doubts)
        characters += len(source.transcript.text)
    hours = max(1.0, characters / CHARACTERS_AN_HOUR)
    for w in watches:
        if count := sum(places[name] for name in w.names_by_sound):
            seconds = count * SECONDS_A_PLACE / hours
            what = (
                f"in doubt at {count_of(count, 'place')} in some {count_of(round(hours), 'hour')} of talk: about"
                f" {seconds:.0f} s of audio are heard again for it an hour"
            )
            yield Finding(Level.NOTE, w.name, 0, what)

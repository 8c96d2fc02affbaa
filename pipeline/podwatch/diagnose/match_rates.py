"""How often each watch is found in the newest transcripts, for `podwatch watches check`. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from podwatch.line.detect import episode_fields
from podwatch.model import Entity, Scope, Watch
from podwatch.policy.scopes import is_in_scope
from podwatch.query import Engine
from podwatch.query.check_warnings import MatchRate
from podwatch.store.detect import TranscriptSource

MAX_TRANSCRIPTS = 500  # searched: the newest


def measure_match_rates(
    engine: Engine, watches: Sequence[Watch], sources: Iterable[tuple[TranscriptSource, Sequence[Entity] | None]]
) -> Mapping[str, MatchRate]:
    """By the name of each watch, in how many of the transcripts in its scope it is found.

    sources: transcripts with their entities, or None when they were not read for entities.
    """
    scopes = tuple(dict.fromkeys(w.scope for w in watches))
    searched: Counter[Scope] = Counter()
    found: Counter[str] = Counter()
    for source, entities in sources:
        feed = (source.feed_url, source.feed_tags, source.transcript.language)
        inside = {scope for scope in scopes if is_in_scope(scope, *feed)}
        searched.update(inside)
        selected = None if len(inside) == len(scopes) else {w.name for w in watches if w.scope in inside}
        found.update({m.watch for m in engine(source.transcript, episode_fields(source, entities), selected).mentions})
    return {w.name: MatchRate(found[w.name], searched[w.scope]) for w in watches}

"""How often each watch would be found, measured on the newest transcripts there are. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from podwatch.line.detect import about, in_scope
from podwatch.model import Entity, Scope, Watch
from podwatch.query import Engine
from podwatch.query.lint import Share
from podwatch.store.detect import Source

NEWEST = 500  # transcripts that are looked through


def shares(
    engine: Engine, watches: Sequence[Watch], sources: Iterable[tuple[Source, Sequence[Entity] | None]]
) -> Mapping[str, Share]:
    """By the name of each watch, in how many of the transcripts in its scope it is.

    sources: transcripts with their entities; None when nobody looked for them.
    """
    scopes = tuple(dict.fromkeys(w.scope for w in watches))
    looked: Counter[Scope] = Counter()
    found: Counter[str] = Counter()
    for source, named in sources:
        inside = {scope for scope in scopes if in_scope(scope, source)}
        looked.update(inside)
        asked = None if len(inside) == len(scopes) else {w.name for w in watches if w.scope in inside}
        found.update({m.watch for m in engine(source.transcript, about(source, named), asked).mentions})
    return {w.name: Share(found[w.name], looked[w.scope]) for w in watches}

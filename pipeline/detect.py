"""detect: looks through the transcripts for the watches that were not yet looked for in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline import detectors
from pipeline.alerts import alerts
from pipeline.bugs import Bugs
from pipeline.detectors import Detector
from pipeline.entities.stage import find_entities
from pipeline.errors import PodwatchError
from pipeline.model import ALL, Scope, Shard, Tally, Watch
from pipeline.runtime import Runtime, log
from pipeline.store.detect import Source
from pipeline.transcripts.boilerplate import labels, marked, repeated

AGAIN = timedelta(hours=1)  # after a bug
RECENT = 30  # transcripts of the same feed in which a passage may be repeated


def detect(rt: Runtime, now: datetime, shard: Shard = ALL) -> Tally:
    """Looks for every watch in every transcript that has not seen it; a watch that cannot be built is stamped."""
    todo = rt.store.watches_to_detect()
    bugs = Bugs("detect")
    notes = find_entities(rt, now, shard, bugs)
    done = new = failed = 0
    broken = broken_watches(rt, [w for _, w in todo.watches])
    built: dict[tuple[int, ...], Detector] = {}
    for source in rt.store.transcripts_due(todo.latest, now, shard):
        done += 1
        asked = todo.after(source.through)
        usable = [w for w in asked if w.id not in broken and in_scope(w.scope, source)]
        try:
            ids = tuple(w.id for w in usable)
            if ids not in built:
                built[ids] = detectors.build(usable)
            found = list(built[ids](source.transcript))
            if found:
                others = rt.store.labels_of_feed(source.episode.feed_id, source.episode.id, RECENT)
                found = marked(found, labels(source.transcript, repeated(others)))
            told = alerts(found, usable, source.episode)
            sound = [w for w in asked if w.id not in broken]
            new += rt.store.save_detection(source, sound, found, told, todo.latest, now)
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            line = bugs.note(f"{source.episode.show}: {source.episode.title}", e)
            rt.store.save_detect_failure(source, line, now + AGAIN)
    bugs.raise_all()
    return Tally("detect", done, new, failed + len(broken), (*notes, *broken.values()))


def broken_watches(rt: Runtime, watches: Sequence[Watch]) -> dict[int, str]:
    """The watches that cannot be looked for, with why; each is stamped, and the others go on."""
    broken: dict[int, str] = {}
    for watch in watches:
        try:
            detectors.build([watch])
        except PodwatchError as e:
            broken[watch.id] = f"watch {watch.name}: {e.line}"
            log.warning("detect: %s", broken[watch.id])
            rt.store.save_watch_error(watch, e.line)
    return broken


def in_scope(scope: Scope, source: Source) -> bool:
    """Whether a watch looks at this feed at all; what is excluded wins over what is included."""
    tags, url = set(source.feed_tags), source.feed_url
    language = (source.transcript.language or "")[:2].lower()
    if tags & set(scope.not_tags) or url in scope.not_urls or language in _short(scope.not_languages):
        return False
    if scope.tags and not tags & set(scope.tags):
        return False
    if scope.urls and url not in scope.urls:
        return False
    return not scope.languages or language in _short(scope.languages)


def _short(languages: Sequence[str]) -> set[str]:
    return {name[:2].lower() for name in languages}

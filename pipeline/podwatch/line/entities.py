"""The step of detect that recognises entities: in transcripts whose revision was not read for names, newest first."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from podwatch.entities import recognition
from podwatch.entities.casing import unread_reason
from podwatch.entities.merge import merge_spans
from podwatch.errors import PodwatchError
from podwatch.line.bugs import RETRY_AFTER_BUG, Bugs
from podwatch.line.repeated_passages import PassageLabeller
from podwatch.model import Entity, EntityType, KnownName, Shard, Transcript, Watch
from podwatch.runtime import Runtime, log
from podwatch.store.entities import TranscriptEntities, UnreadTranscript
from podwatch.store.marks import NAMES_LEFT

# Characters in one run: some 100 hours of talk, four minutes of a core. The alerts of a store that was filled before
# there were entities must not wait for a day; the rest is read in the next runs.
MOST = 5_500_000


def find_entities(rt: Runtime, now: datetime, shard: Shard, bugs: Bugs, most: int = MOST) -> tuple[str, ...]:
    """Recognises and stores the entities of unread transcripts, of about ``most`` characters. Returns notes, in lines.

    Nothing happens when PODWATCH_ENTITIES is off. One note says when spaCy or its model is not installed. A bug is
    stamped on its transcript and gathered in ``bugs``.
    """
    if not rt.settings.entities:
        return ()
    known = known_names(rt.store.watches())
    done = 0
    for page in rt.store.unread_transcripts(now, shard):
        why = recognition.missing_requirement()
        if why is not None:
            return (why,)
        if done >= most:
            left = rt.store.count_unread()
            rt.store.set_mark(NAMES_LEFT, now, str(left))
            return (f"names: {left} older transcripts are read in the next runs",)
        try:
            found = _recognise_page(rt, page, known)
        except PodwatchError as e:  # the model cannot be loaded
            return (e.line,)
        except Exception as e:  # noqa: BLE001 - each again alone, to find the one with the bug
            log.debug("detect: names: one of %d transcripts fails (%s)", len(page), type(e).__name__)
            found = _recognise_one_by_one(rt, page, known, bugs, now)
        rt.store.save_entities(found, now)
        done += sum(len(u.transcript.text) for u in page)
    if (left_before := rt.store.mark(NAMES_LEFT)) is not None and left_before.value != "0":
        rt.store.set_mark(NAMES_LEFT, now, "0")
    return ()


def known_names(watches: Sequence[Watch]) -> tuple[KnownName, ...]:
    """The entities of the watchlist, with their aliases and types."""
    return tuple(
        KnownName(name=w.entity, type=EntityType(w.type) if w.type else None, aliases=w.aliases)
        for w in watches
        if w.entity is not None
    )


def entities_in(transcript: Transcript, watches: Sequence[Watch]) -> tuple[Entity, ...] | None:
    """The entities of a transcript that is in no store; None when its text cannot be read for names.

    Raises PodwatchError when the model cannot be loaded; recognition.missing_requirement says whether it is installed.
    """
    if unread_reason(transcript) is not None:
        return None
    [spans] = recognition.recognise_spans([transcript])
    return merge_spans(transcript.text, spans, known_names(watches))


def _recognise_page(
    rt: Runtime, page: Sequence[UnreadTranscript], known: Sequence[KnownName]
) -> list[TranscriptEntities]:
    skipped = [unread_reason(u.transcript) for u in page]
    readable = [u for u, why in zip(page, skipped, strict=True) if why is None]
    spans = iter(recognition.recognise_spans([u.transcript for u in readable]) if readable else ())
    found = []
    labeller = PassageLabeller(rt.store)
    for u, why in zip(page, skipped, strict=True):
        if why is not None:
            found.append(TranscriptEntities(u.transcript, (), (), why))
            continue
        entities = merge_spans(u.transcript.text, next(spans), known)
        found.append(TranscriptEntities(u.transcript, entities, _count_in_boilerplate(labeller, u, entities)))
    return found


def _recognise_one_by_one(
    rt: Runtime, page: Sequence[UnreadTranscript], known: Sequence[KnownName], bugs: Bugs, now: datetime
) -> list[TranscriptEntities]:
    found = []
    for u in page:
        try:
            found += _recognise_page(rt, [u], known)
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            line = bugs.note(f"names of {u.show}, transcript {u.transcript.id}", e)
            rt.store.save_entities_failure(u.transcript, line, now + RETRY_AFTER_BUG, now)
    return found


def _count_in_boilerplate(labeller: PassageLabeller, u: UnreadTranscript, entities: Sequence[Entity]) -> list[int]:
    """How many spans of each entity are in boilerplate."""
    passages = labeller.passages_of(u.feed_id, u.transcript)
    starts = [s.start for s in passages]

    def is_inside(span: tuple[int, int]) -> bool:
        i = bisect_right(starts, span[0]) - 1
        return i >= 0 and span[1] <= passages[i].end

    return [sum(map(is_inside, e.spans)) for e in entities]

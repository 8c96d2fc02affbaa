"""fetch: gets the transcripts of the episodes that have one to offer."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline import transcripts
from pipeline.bugs import Bugs
from pipeline.errors import HttpError, PodwatchError, TranscriptError
from pipeline.model import ALL, Episode, Shard, Tally, Transcript, TranscriptRef
from pipeline.runtime import Runtime, log

FIRST_WAIT = timedelta(hours=1)
LONGEST_WAIT = timedelta(days=1)
TRIES = 10  # with these waits about a week


def fetch(rt: Runtime, now: datetime, shard: Shard = ALL) -> Tally:
    """Fetches what is due; each failure is kept on its episode, with the address, and asked for again later."""
    done = new = failed = 0
    notes: list[str] = []
    bugs = Bugs("fetch")
    for episode in rt.store.episodes_due(now, shard):
        done += 1
        try:
            transcript = get(rt, episode)
        except PodwatchError as e:
            failed += 1
            notes.append(e.line)
            log.warning("fetch: %s: %s", episode.title, e.line)
            rt.store.save_fetch_failure(episode, e.line, again_at(episode, e.retryable, now))
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            line = bugs.note(f"{episode.show}: {episode.title}", e)
            rt.store.save_fetch_failure(episode, line, again_at(episode, True, now))
        else:
            new += rt.store.save_transcript(transcript, now)
    bugs.raise_all()
    return Tally("fetch", done, new, failed, tuple(notes))


def get(rt: Runtime, episode: Episode) -> Transcript:
    """The first transcript of the episode that can be read; raises the error of the best one when none can."""
    errors: list[PodwatchError] = []
    for ref in ranked(episode.transcripts, episode.language):
        try:
            answer = rt.http.get(ref.url)
            if answer.status != 200:
                raise HttpError(f"the server answered {answer.status}", where=ref.url, retryable=True)
            try:
                name, columns = transcripts.parse(answer.body, ref.media_type or answer.media_type, ref.url)
            except TranscriptError as e:
                raise TranscriptError(e.what, where=ref.url, todo=e.todo, retryable=True) from None
        except PodwatchError as e:
            errors.append(e)
            continue
        return columns.transcript(
            episode_id=episode.id,
            source=ref.url,
            media_type=name,
            language=ref.language or columns.language or episode.language,
            title=episode.title,
        )
    raise errors[0] if errors else TranscriptError("the feed offers no transcript", where=episode.title)


def ranked(offered: tuple[TranscriptRef, ...], language: str | None) -> list[TranscriptRef]:
    """The show's own language first, then the formats with the finest times."""

    def rank(ref: TranscriptRef) -> tuple[bool, int]:
        other = bool(ref.language and language and ref.language[:2].lower() != language[:2].lower())
        return other, transcripts.preference(ref.media_type)

    return sorted(offered, key=rank)


def again_at(episode: Episode, retryable: bool, now: datetime) -> datetime | None:
    """When to ask again: 1, 2, 4, ... hours later, at most a day; None when it is over."""
    if not retryable or episode.fetch_failures + 1 >= TRIES:
        return None
    return now + min(LONGEST_WAIT, FIRST_WAIT * (1 << min(episode.fetch_failures, 10)))

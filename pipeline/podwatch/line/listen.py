"""listen, fetch's second way to a transcript: recognises the audio of episodes that come without one.

An episode is claimed, its audio downloaded and recognised in chunks of some minutes. What was heard in a chunk is kept
at once, so that a run that is killed loses one chunk at most. The audio is deleted afterwards.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic, time
from typing import Any

from podwatch.errors import HttpError, PodwatchError, RecogniserError, SpeechError, StorageError
from podwatch.line.bugs import Bugs
from podwatch.line.listen_claim import ListenClaim
from podwatch.line.listen_plan import find_wanted, plan_day
from podwatch.line.search_index import tokens_of
from podwatch.logins import Login, origin_of
from podwatch.model import ALL, SPEECH, ListenRequest, RecognisedChunk, Shard, Tally, Watch
from podwatch.policy.listen_schedule import (
    next_listen_at,
)
from podwatch.policy.scopes import is_in_scope
from podwatch.redaction import display_address
from podwatch.runtime import Runtime, log
from podwatch.speech.chunks import split_at_silence
from podwatch.speech.decoding import open_audio
from podwatch.speech.phantoms import find_phantoms
from podwatch.speech.quality import measure_quality
from podwatch.speech.recognisers import Recogniser
from podwatch.speech.transcribing import chunk_seconds, to_transcript, transcribe
from podwatch.transcripts import sandboxed
from podwatch.transcripts.labels.boilerplate import Label, Passage

DOWNLOAD_SECONDS = 3600.0  # for a whole file
STALE = 2 * 86_400.0  # seconds after which audio that a killed run left is deleted


@dataclass(frozen=True, slots=True)
class ListenProgress:
    """done: seconds of audio heard so far, of this episode; of: how many it has, as far as known."""

    title: str
    done: float
    of: float | None


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """may_continue: asked before each episode and each chunk. progress: called after each chunk. most: episodes."""

    may_continue: Callable[[], bool] = lambda: True
    progress: Callable[[ListenProgress], None] = lambda p: None
    most: int | None = None


LISTEN_TO_ALL = ListenOptions()


def listen(rt: Runtime, now: datetime, shard: Shard = ALL, options: ListenOptions = LISTEN_TO_ALL) -> Tally:
    """Listens to what is due within the day's budget. A failure is stored on its episode, with when it is tried again.

    Raises SpeechError when there is something to listen to and the recogniser cannot be used, as with a wrong key.
    """
    plan = plan_day(rt, now, shard)
    notes: list[str] = []
    if plan.postponed:
        notes.append(f"{len(plan.postponed)} wait for another day: the hours of listening of this one are spent")
    chosen = plan.chosen[: options.most]
    tally = listen_to(rt, now, chosen, options)
    return Tally("listen", tally.done, tally.new, tally.failed, (*notes, *tally.notes))


def listen_to_episodes(rt: Runtime, now: datetime, ids: Sequence[int], options: ListenOptions) -> Tally:
    """Listens to these of the episodes that are still to be heard; the plan has decided that they are wanted."""
    return listen_to(rt, now, find_wanted(rt.store, rt.settings.speech, now, ids=ids), options)


def listen_to(rt: Runtime, now: datetime, requests: Sequence[ListenRequest], options: ListenOptions) -> Tally:
    """Listens to these episodes, one after the other, but for those that another run has claimed."""
    done = new = failed = 0
    notes: list[str] = []
    bugs = Bugs("listen")
    if not requests:
        return Tally("listen")
    recogniser = rt.recogniser()
    _delete_stale_audio(rt.settings.home)
    for request in requests:
        if not options.may_continue():
            break
        title, began = f"{request.episode.show}: {request.episode.title}", monotonic()
        with ListenClaim(rt.store, request.episode.id, now) as claim:
            if not claim.is_held:
                continue
            try:
                new += _listen_to_one(rt, claim, request, recogniser, options)
                done += 1
            except Stopped:
                break
            except (RecogniserError, StorageError):
                raise  # nothing is wrong with the episode: its claim is given back, and it is due again at once
            except RecordingTaken:
                claim.postpone()
            except PodwatchError as e:
                done, failed = done + 1, failed + 1
                notes.append(e.line)
                log.warning("listen: %s: %s", title, e.line)
                audio_path(rt.settings.home, request).unlink(missing_ok=True)  # it may be cut off
                claim.fail(e.line, next_listen_at(request.failures, e.retryable, claim.now()))
            except Exception as e:  # noqa: BLE001 - raised with the others at the end
                done += 1
                claim.fail(bugs.note(title, e), next_listen_at(request.failures, True, claim.now()))
            else:
                log.info("listen: %s: heard in %.0f s", title, monotonic() - began)
    bugs.raise_all()
    return Tally("listen", done, new, failed, tuple(notes))


class Stopped(Exception):
    """The run is to end: what was heard so far is kept."""


class RecordingTaken(Exception):
    """Another run hears the same audio, for another feed's episode."""


def _listen_to_one(
    rt: Runtime, claim: ListenClaim, request: ListenRequest, recogniser: Recogniser, options: ListenOptions
) -> bool:
    """Hears one episode; True when its transcript is new."""
    episode, settings = request.episode, rt.settings.speech
    path = audio_path(rt.settings.home, request)
    digest = download_audio(rt, request, path)
    recording = rt.store.open_recording(digest, recogniser.name, claim.now(), claim.until)
    if recording is None:
        raise RecordingTaken
    claim.hold_recording(recording.id)
    if recording.is_whole and (fields := rt.store.same_recording(recording.id)) is not None:
        path.unlink(missing_ok=True)
        claim.finish()
        return rt.store.save_heard(episode, fields, recording.id, {}, claim.now(), tokens_of(fields["body"]))
    finished = rt.store.chunks_of(recording.id)
    known_seconds = 0.0

    def save(number: int, chunk: RecognisedChunk) -> None:
        rt.store.save_chunk(recording.id, number, chunk)
        rt.store.count_heard(episode.id, chunk.end - chunk.start, claim.now())
        options.progress(ListenProgress(episode.title, chunk.end, known_seconds or episode.duration))
        if not options.may_continue():
            raise Stopped

    target, longest = chunk_seconds(recogniser)
    with open_audio(path, max_hours=settings.max_hours, where=display_address(episode.audio_url or "")) as audio:
        known_seconds = audio.seconds
        chunks = transcribe(
            split_at_silence(audio, target=target, longest=longest),
            recogniser,
            finished=finished,
            save=save,
            # Not what the feed says: of feeds that say "en" for a talk in German not a word would be right.
            language=settings.language or recording.language,
            hints=_keyterms(rt.store.watches(), request) if recogniser.takes_keyterms else (),
        )
    transcript = to_transcript(chunks, source=f"{SPEECH}{recogniser.name}")
    if not transcript.text:
        raise SpeechError("nobody speaks in it", where=display_address(episode.audio_url or ""))
    phantoms = [Passage(p.start, p.end, Label.PHANTOM, p.score, p.reason) for p in find_phantoms(chunks)]
    packed = sandboxed.pack_transcript(transcript, transcript.language or episode.language, phantoms)
    fields = asdict(packed) | {"source": transcript.source}
    quality: dict[str, Any] = asdict(measure_quality(chunks))
    claim.finish()
    tokens = tokens_of(packed.body)
    is_new = rt.store.save_heard(episode, fields, recording.id, quality, claim.now(), tokens)
    rt.store.forget_chunks(recording.id)
    if not settings.again:  # else it goes once the places in doubt were heard again
        path.unlink(missing_ok=True)
    return is_new


def _keyterms(watches: Sequence[Watch], request: ListenRequest) -> list[str]:
    """The names that are watched in an episode's feed, each once."""
    scoped = (w for w in watches if is_in_scope(w.scope, request.feed_url, request.tags, request.episode.language))
    return list(dict.fromkeys(name for w in scoped if w.entity for name in (w.entity, *w.aliases)))


def download_audio(rt: Runtime, request: ListenRequest, path: Path) -> str:
    """Brings the audio of an episode, from the first of its addresses that has it; returns the SHA-256 of its bytes.

    What a killed run has brought is used again: many hosts put other advertisements into each download, and then
    nothing that was heard so far would fit.
    """
    episode, settings = request.episode, rt.settings.speech
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    error: PodwatchError | None = None
    for url in (episode.audio_url, *episode.other_audio):
        if not url:
            continue
        login = login_for(rt, request, url)
        try:
            return rt.http.download(
                url, path, max_bytes=settings.max_bytes, deadline=DOWNLOAD_SECONDS, login=login
            ).sha256
        except HttpError as e:
            error = error or e
    raise error or SpeechError("its feed names no audio", where=episode.title)


def login_for(rt: Runtime, request: ListenRequest, url: str) -> Login | None:
    """The feed's login when the audio is on the feed's own server."""
    if request.login is None or origin_of(url) != origin_of(request.feed_url):
        return None
    return rt.keyring.login_for(request.feed_url, request.login)


def audio_path(home: Path, request: ListenRequest) -> Path:
    """Where the audio of an episode is while it is heard.

    Its number alone may be another episode's by the time that a killed run's file is used again: in another database,
    or after its feed was removed.
    """
    whose = f"{request.feed_url}\x1f{request.episode.guid}".encode("utf-8", "replace")
    return _audio_folder(home) / f"{request.episode.id}-{hashlib.sha256(whose).hexdigest()[:16]}"


def kept_audio(home: Path) -> list[Path]:
    """The audio files that are there, named as audio_path() does."""
    folder = home / "audio"
    return [p for p in folder.iterdir() if p.name.partition("-")[0].isdecimal()] if folder.is_dir() else []


def _audio_folder(home: Path) -> Path:
    folder = home / "audio"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _delete_stale_audio(home: Path) -> None:
    """Deletes what killed runs left, and nobody came back to."""
    for path in _audio_folder(home).iterdir():
        with suppress(OSError):
            if time() - path.stat().st_mtime > STALE:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

"""fetch: gets the transcripts of the episodes that have one to offer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from time import monotonic

from podwatch.errors import HttpError, PodwatchError, Postponed, TranscriptError
from podwatch.line.bugs import Bugs
from podwatch.model import ALL, Episode, Shard, Tally, Transcript, TranscriptRef, TranscriptRequest
from podwatch.net.client import Response
from podwatch.net.host_queue import host_of
from podwatch.net.worker_pool import run_by_host
from podwatch.policy.fetch_schedule import LEASE, next_check_at, next_retry_at
from podwatch.policy.host_limits import LIVE, HostLimits
from podwatch.runtime import Runtime, log
from podwatch.store.database import Store
from podwatch.store.fetch import FetchResult
from podwatch.transcripts import formats as transcripts
from podwatch.transcripts import sandboxed as boxed
from podwatch.transcripts.sources import SOURCES

BATCH = 50  # transcripts kept in one transaction

Result = FetchResult | PodwatchError | Exception


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How a run fetches: the live one, unless it says otherwise.

    search_by: until when only this run searches what it fetches; None: the next detect does.
    is_rechecked: whether a transcript is requested again later, to see whether it was corrected.
    """

    limits: HostLimits = LIVE
    search_by: datetime | None = None
    is_rechecked: bool = True


def fetch(rt: Runtime, now: datetime, shard: Shard = ALL) -> Tally:
    """Fetches what is due; each failure is kept on its episode, with the address, and asked for again later."""
    lease = Lease(rt.store, now)
    return fetch_claimed(rt, now, lease, lease.claim(shard), FetchOptions())


def fetch_claimed(
    rt: Runtime,
    now: datetime,
    lease: Lease,
    taken: Sequence[TranscriptRequest],
    options: FetchOptions,
    *,
    patience: CircuitBreaker | None = None,
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """Fetches the transcripts of the episodes that a lease has taken.

    patience: whom to ask no more; what is not asked for is due again. progress: called with how many are done.
    """
    done = new = failed = 0
    notes: list[str] = []
    bugs = Bugs("fetch")
    batch: list[FetchResult] = []
    failures: list[tuple[Episode, str, datetime | None]] = []
    outcomes = run_by_host(
        taken,
        lambda w: (
            fetch_unless_open(patience, w, lambda: request_transcript(rt, w, now=now))
            if patience
            else request_transcript(rt, w, now=now)
        ),
        host_of=first_host,
        postponed=lambda w: Postponed("its host asks to be left alone", where=w.episode.title),
        threads=rt.settings.poll_threads,
        pause=rt.settings.host_pause * options.limits.pause,
        is_saturated=boxed.was_saturated,
        per_host=options.limits.per_host,
    )
    try:
        for outcome in outcomes:
            if outcome is not None and not isinstance(outcome[1], Postponed):  # those stay due, for another run
                done += 1
                wanted, result = outcome
                if isinstance(result, FetchResult):
                    batch.append(apply_options(result, options))
                else:
                    line = (
                        bugs.note(display_name(wanted), result)
                        if not isinstance(result, PodwatchError)
                        else result.line
                    )
                    retryable = getattr(result, "retryable", True)
                    failures.append((wanted.episode, line, next_retry_at(wanted.episode, retryable, now)))
                    if isinstance(result, PodwatchError):
                        failed += 1
                        notes.append(line)
                        log.warning("fetch: %s: %s", display_name(wanted), line)
            if outcome is None or len(batch) + len(failures) >= BATCH:
                new += rt.store.save_transcripts(batch, now) if batch else 0
                rt.store.save_fetch_failures(failures)
                lease.release([*(f.episode.id for f in batch), *(f[0].id for f in failures)])
                batch, failures = [], []
                if progress is not None:
                    progress(done)
    finally:
        lease.release_all()
    bugs.raise_all()
    return Tally("fetch", done, new, failed, tuple(notes))


def apply_options(f: FetchResult, options: FetchOptions) -> FetchResult:
    """What was fetched, as the options say that it is stored. Pure."""
    if f.fields is not None and options.search_by is not None:
        f = replace(f, fields=f.fields | {"next_detect_at": options.search_by})
    return f if options.is_rechecked else replace(f, next_fetch_at=None)


class StoppedError(Postponed):
    """Nobody wants it any more: the rest of the host is let go of at once."""

    retry_after = float("inf")


class CircuitBreaker:
    """Whom a long run still asks: nobody once ``going`` says so, and no host that often gave no answer in a row.

    With one request at a time and a minute for each, a server that is gone would hold up all others. For any thread.
    """

    def __init__(self, going: Callable[[], bool] = lambda: True, tries: int = 3) -> None:
        self.going, self._tries = going, tries
        self._silent: Counter[str] = Counter()

    def allows(self, host: str) -> bool:
        return self._silent[host] < self._tries

    def record(self, host: str, result: Result) -> None:
        if isinstance(result, HttpError) and result.retryable and not result.status:
            self._silent[host] += 1
            if self._silent[host] == self._tries:
                log.warning(
                    "fetch: %s: gave no answer %s times in a row, and is left for another run", host, self._tries
                )
        else:
            self._silent[host] = 0


def fetch_unless_open(patience: CircuitBreaker, wanted: TranscriptRequest, ask_: Callable[[], Result]) -> Result:
    at = first_host(wanted)
    if not (patience.going() and patience.allows(at)):
        return StoppedError("is not asked for any more", where=wanted.episode.title)
    result = ask_()
    patience.record(at, result)
    return result


def first_host(wanted: TranscriptRequest) -> str:
    """Who is asked for a transcript first."""
    return host_of(next(iter(transcript_refs(wanted)), TranscriptRef(url="")).url)


class Lease:
    """The episodes that this run has taken, so that another that runs beside it asks for none of them.

    The lease is put off for as long as the run lasts; those of a run that was killed are due again when it is over.
    """

    def __init__(self, store: Store, now: datetime, length: timedelta = LEASE) -> None:
        self._store, self._now, self._began, self._length = store, now, monotonic(), length
        self._until = now + length
        self._left: set[int] = set()

    def claim(self, shard: Shard) -> list[TranscriptRequest]:
        return self.hold(self._store.claim_wanted(self._now, self._until, shard))

    @property
    def until(self) -> datetime:
        return self._until

    def hold(self, taken: list[TranscriptRequest]) -> list[TranscriptRequest]:
        """These were taken until ``until``."""
        self._left = {w.episode.id for w in taken}
        return taken

    def release(self, ids: Iterable[int]) -> None:
        """These were asked for, and what came of it is written down. Called often."""
        self._left.difference_update(ids)
        at = self._now + timedelta(seconds=monotonic() - self._began)
        if self._until - at < self._length / 2:
            self._extend(at + self._length)

    def release_all(self) -> None:
        """Those that were not asked for are due again."""
        self._extend(self._now)

    def _extend(self, until: datetime) -> None:
        if self._left:
            self._store.extend_claim(self._left, self._until, until)
        self._until = until


def display_name(wanted: TranscriptRequest) -> str:
    return f"{wanted.episode.show}: {wanted.episode.title}"


def transcript_refs(wanted: TranscriptRequest) -> list[TranscriptRef]:
    """Where to ask, in this order: what the feed names, then what its owner here has named."""
    return [ref for source in SOURCES.values() for ref in source(wanted)]


def request_transcript(rt: Runtime, wanted: TranscriptRequest, now: datetime) -> Result:
    """The first transcript that can be read; the error of the best one when none can. Errors are returned."""
    errors: list[PodwatchError] = []
    for ref in transcript_refs(wanted):
        try:
            if ref.rel == "page":
                rt.robots.check(ref.url)
            mine = ref.url == wanted.source
            answer = rt.http.get(
                ref.url,
                etag=wanted.etag if mine else None,
                last_modified=wanted.last_modified if mine else None,
                max_bytes=transcripts.MAX_BYTES,
            )
            again = next_check_at(wanted, now)
            if answer.status == 304:
                return FetchResult(episode=wanted.episode, fields=None, next_fetch_at=again)
            validators = {"etag": answer.headers.get("etag"), "last_modified": answer.headers.get("last-modified")}
            fields = asdict(read_transcript(wanted.episode, ref, answer)) | validators | {"source": ref.url}
            return FetchResult(episode=wanted.episode, fields=fields, next_fetch_at=again)
        except PodwatchError as e:
            errors.append(e)
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            return e
    if errors:
        return errors[0]
    return TranscriptError("neither the feed nor a page offers a transcript", where=wanted.episode.title)


def read_transcript(episode: Episode, ref: TranscriptRef, answer: Response) -> boxed.PackedTranscript:
    """The transcript in an answer; raises TranscriptError with its address when there is none in it."""
    kind, declared = ref.media_type or answer.media_type, ref.language or episode.language
    try:
        return boxed.read_transcript(answer.body, media_type=kind, name=ref.url, declared=declared)
    except TranscriptError as e:
        raise TranscriptError(e.what, where=ref.url, todo=e.todo, retryable=True) from None


def save_dropped_files(rt: Runtime, found: Sequence[tuple[Episode, Transcript]], now: datetime) -> Tally:
    """Keeps transcripts that somebody dropped in by hand, as files matched to their episodes."""
    kept = [
        FetchResult(
            episode=e, fields=asdict(boxed.pack_transcript(t, e.language)) | {"source": t.source}, next_fetch_at=None
        )
        for e, t in found
    ]
    new = rt.store.save_transcripts(kept, now)
    rt.store.take_from_backlog([e.id for e, _ in found])
    return Tally("fetch", done=len(found), new=new)

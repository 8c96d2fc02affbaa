"""fetch, the second verb: gets the transcripts of the episodes that are due, from where their feeds say they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial

from podwatch.errors import PodwatchError, Postponed, RunEnded, TranscriptError
from podwatch.line.bugs import Bugs
from podwatch.line.claim_renewal import Lease
from podwatch.line.search_index import index_transcripts, tokens_of
from podwatch.logins import Login, origin_of
from podwatch.model import ALL, Episode, Shard, Tally, Transcript, TranscriptRef, TranscriptRequest
from podwatch.net.circuit_breaker import CircuitBreaker
from podwatch.net.client import Response
from podwatch.net.host_queue import host_of
from podwatch.net.worker_pool import run_by_host
from podwatch.policy.fetch_schedule import next_check_at, next_retry_at
from podwatch.policy.host_limits import LIVE, HostLimits
from podwatch.runtime import Runtime, log
from podwatch.store.fetch import FetchResult
from podwatch.transcripts import sandboxed
from podwatch.transcripts.formats import MAX_BYTES
from podwatch.transcripts.sources import SOURCES

BATCH = 50  # results stored in one transaction
INDEXED_A_RUN = 500  # transcripts of before there was a search index, which a run adds to it: some seconds

Result = FetchResult | PodwatchError | Exception


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How a run fetches: the live one, unless it says otherwise.

    search_by: until when only this run searches what it fetches; None: the next detect does.
    is_rechecked: whether a transcript is requested again later, to see whether it was corrected.
    may_continue: asked before each request; once it says no, the rest is left due.
    breaker: keeps requests from hosts that do not answer; None: every host gets its own.
    seconds: after which no more is asked or waited for, 0: never.
    """

    limits: HostLimits = LIVE
    search_by: datetime | None = None
    is_rechecked: bool = True
    may_continue: Callable[[], bool] = lambda: True
    breaker: CircuitBreaker | None = None
    seconds: float = 0.0


class StoppedError(Postponed):
    """The run makes no more requests to this host."""

    retry_after = float("inf")  # seconds: so its other items are postponed, too


def fetch(rt: Runtime, now: datetime, shard: Shard = ALL) -> Tally:
    """Fetches what is due. A failure is stored on its episode, with the address and when it is tried again."""
    lease = Lease(rt.store, now)
    claimed = lease.hold(rt.store.claim_wanted(now, lease.until, shard))
    tally = fetch_claimed(rt, now, lease, claimed, FetchOptions(seconds=rt.settings.run_seconds))
    if shard.index == 0:
        index_transcripts(rt.store, most=INDEXED_A_RUN)
    return tally


def fetch_claimed(
    rt: Runtime,
    now: datetime,
    lease: Lease,
    claimed: Sequence[TranscriptRequest],
    options: FetchOptions,
    *,
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """Fetches the transcripts of claimed episodes; those that end without a request are due again.

    progress: called with how many are done.
    """
    done = new = failed = left = 0
    notes: list[str] = []
    bugs = Bugs("fetch")
    batch: list[FetchResult] = []
    failures: list[tuple[Episode, str, datetime | None]] = []
    rt.http.limit_run(options.seconds)
    results = run_by_host(
        claimed,
        partial(_request_if_allowed, rt, now, options),
        host_of=first_host,
        postponed=lambda wanted: Postponed("its host asks to be left alone", where=wanted.episode.title),
        threads=rt.settings.poll_threads,
        per_host=options.limits.per_host,
        pause=rt.settings.host_pause * options.limits.pause,
        is_saturated=sandboxed.was_saturated,
        seconds=options.seconds,
        cut=lambda wanted: RunEnded("is left to the next run", where=wanted.episode.title),
    )
    try:
        for outcome in results:
            left += outcome is not None and isinstance(outcome[1], RunEnded)
            if outcome is not None and not isinstance(outcome[1], Postponed):
                done += 1
                wanted, result = outcome
                if isinstance(result, FetchResult):
                    batch.append(apply_options(result, options))
                elif isinstance(result, PodwatchError):
                    failed += 1
                    notes.append(result.line)
                    log.warning("fetch: %s: %s", display_name(wanted), result.line)
                    again_at = next_retry_at(wanted.episode, result.retryable, now)
                    failures.append((wanted.episode, result.line, again_at))
                else:
                    line = bugs.note(display_name(wanted), result)
                    failures.append((wanted.episode, line, next_retry_at(wanted.episode, True, now)))
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
    if left:
        notes.append(f"{left} transcripts are left to the next run: the time of this one is over")
    return Tally("fetch", done, new, failed, tuple(notes), left)


def apply_options(f: FetchResult, options: FetchOptions) -> FetchResult:
    """The result as a run with these options stores it. Pure."""
    if f.fields is not None and options.search_by is not None:
        f = replace(f, fields=f.fields | {"next_detect_at": options.search_by})
    return f if options.is_rechecked else replace(f, next_fetch_at=None)


def display_name(wanted: TranscriptRequest) -> str:
    return f"{wanted.episode.show}: {wanted.episode.title}"


def transcript_refs(wanted: TranscriptRequest) -> list[TranscriptRef]:
    """Where the transcript may be, best first: what the feed names, then the page that its owner here has named."""
    return [ref for source in SOURCES.values() for ref in source(wanted)]


def first_host(wanted: TranscriptRequest) -> str:
    """The host that the first request for a transcript goes to."""
    return host_of(next(iter(transcript_refs(wanted)), TranscriptRef(url="")).url)


def _request_if_allowed(rt: Runtime, now: datetime, options: FetchOptions, wanted: TranscriptRequest) -> Result:
    host, breaker = first_host(wanted), options.breaker
    if not options.may_continue() or (breaker and not breaker.allows(host)):
        return StoppedError("is not asked for any more", where=wanted.episode.title)
    result = request_transcript(rt, wanted, now)
    if breaker:
        breaker.record(host, result)
    return result


def request_transcript(rt: Runtime, wanted: TranscriptRequest, now: datetime) -> Result:
    """The first transcript that can be read; when none can, the error of the best source. Errors are returned."""
    errors: list[PodwatchError] = []
    for ref in transcript_refs(wanted):
        try:
            if ref.rel == "page":
                rt.robots.check(ref.url)
            is_stored = ref.url == wanted.source
            answer = rt.http.get(
                ref.url,
                etag=wanted.etag if is_stored else None,
                last_modified=wanted.last_modified if is_stored else None,
                max_bytes=MAX_BYTES,
                login=_login_for(rt, wanted, ref.url),
            )
            again_at = next_check_at(wanted, now)
            if answer.status == 304:
                return FetchResult(episode=wanted.episode, fields=None, next_fetch_at=again_at)
            validators = {"etag": answer.headers.get("etag"), "last_modified": answer.headers.get("last-modified")}
            fields = asdict(read_transcript(wanted.episode, ref, answer)) | validators | {"source": ref.url}
            tokens = tokens_of(fields["body"])
            return FetchResult(episode=wanted.episode, fields=fields, next_fetch_at=again_at, tokens=tokens)
        except PodwatchError as e:
            errors.append(e)
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            return e
    if errors:
        return errors[0]
    return TranscriptError("neither the feed nor a page offers a transcript", where=wanted.episode.title)


def _login_for(rt: Runtime, wanted: TranscriptRequest, url: str) -> Login | None:
    """The feed's login when the transcript is on the feed's own server; only then has it to be decrypted."""
    if wanted.login is None or origin_of(url) != origin_of(wanted.feed_url):
        return None
    return rt.keyring.login_for(wanted.feed_url, wanted.login)


def read_transcript(episode: Episode, ref: TranscriptRef, answer: Response) -> sandboxed.PackedTranscript:
    """The transcript in a response, packed; raises TranscriptError with its address when there is none in it."""
    kind = (ref.media_type or answer.media_type) + answer.parameters
    declared = ref.language or episode.language
    try:
        return sandboxed.read_transcript(answer.body, media_type=kind, name=ref.url, declared=declared)
    except TranscriptError as e:
        raise TranscriptError(e.what, where=ref.url, todo=e.todo, retryable=True) from None


def save_dropped_files(rt: Runtime, found: Sequence[tuple[Episode, Transcript]], now: datetime) -> Tally:
    """Stores transcripts from files that somebody dropped in by hand, matched to their episodes."""
    results = []
    for e, t in found:
        fields = asdict(sandboxed.pack_transcript(t, e.language)) | {"source": t.source}
        results.append(FetchResult(episode=e, fields=fields, next_fetch_at=None, tokens=tokens_of(fields["body"])))
    new = rt.store.save_transcripts(results, now)
    rt.store.take_from_backlog([e.id for e, _ in found])
    return Tally("fetch", done=len(found), new=new)

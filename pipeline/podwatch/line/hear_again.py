"""The second hearing, a step of listen: asks the audio about names of which the text alone is in doubt.

Places that detect has left undecided are looked up in the episode's audio, within the day's seconds; what the audio
says is stored, and the transcript is searched again with it. A place whose audio is gone, or has other words, is left
to the text: never is anything told first and taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from podwatch.errors import PodwatchError, RecogniserError, SpeechError, StorageError
from podwatch.line.bugs import Bugs
from podwatch.line.hearing_audio import AudioFile, PublishedAudio
from podwatch.line.listen import audio_path, kept_audio
from podwatch.line.place_hearing import PlaceHearing
from podwatch.model import ALL, SPEECH, Hearing, HearingOutcome, ListenRequest, Shard, Tally
from podwatch.policy.hearing_schedule import next_hearing_at, outcome_without_budget
from podwatch.policy.leases import HEARING_LEASE
from podwatch.policy.listen_schedule import next_day
from podwatch.policy.wording import count_of
from podwatch.runtime import Runtime, log
from podwatch.store.hearings import DoubtfulTranscript, HeardPlace


def hear_again(rt: Runtime, now: datetime, shard: Shard = ALL) -> Tally:
    """Hears again what is due, within the day's seconds. A failure is stored, with when it is tried again.

    Where no recogniser can be used the text alone decides, and a note says why.
    """
    delete_heard_audio(rt)
    speech = rt.settings.speech
    done = new = failed = 0
    notes: list[str] = []
    bugs = Bugs("hear again")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    left = speech.again_seconds - rt.store.seconds_heard_again(midnight)
    waiting = 0
    due = rt.store.transcripts_to_hear_again(now, shard)
    missing = _missing_recogniser(rt) if due and speech.again else ""
    notes += [missing] if missing else []
    began = monotonic()
    for doubtful in due:
        claim = HearingClaim(rt, doubtful, now, began)
        if not rt.store.claim_hearings(doubtful, now, claim.until):
            continue
        if missing or not speech.again:
            _decide(rt, doubtful, HearingOutcome.NO_MODEL if missing else HearingOutcome.NOT_IN_TIME, now)
            continue
        if left <= 0:
            waiting += 1
            _wait_for_next_day(rt, doubtful, now)
            continue
        title = f"{doubtful.episode.show}: {doubtful.episode.title}"
        try:
            heard = _hear(rt, doubtful, left, claim.extend)
        except (RecogniserError, StorageError):
            rt.store.postpone_hearings(doubtful, now, failed=False)
            raise
        except PodwatchError as e:
            done, failed = done + 1, failed + 1
            notes.append(f"{title}: {e.line}")
            _retry_or_decide(rt, doubtful, e.retryable, now)
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            done += 1
            bugs.note(title, e)
            _retry_or_decide(rt, doubtful, True, now)
        else:
            done += 1
            seconds = sum(h.seconds for h in heard)
            left -= seconds
            new += sum(h.hearing.outcome is HearingOutcome.HEARD for h in heard)
            rt.store.save_hearings(doubtful, heard, now)
            if rt.store.doubts_waiting(doubtful.transcript_id):
                waiting += 1
                _wait_for_next_day(rt, doubtful, now)
            else:
                _audio_of(rt, doubtful).unlink(missing_ok=True)
            log.info("hear again: %s: %d places, %.0f s", title, len(heard), seconds)
    if waiting:
        notes.append(f"{count_of(waiting, 'transcript')} in doubt: the seconds of hearing again of this day are spent")
    bugs.raise_all()
    return Tally("hear again", done, new, failed, tuple(notes))


class HearingClaim:
    """Lasts until ``until``, and is extended while its places are heard: no other run takes them meanwhile.

    began: what monotonic() said at ``now``.
    """

    def __init__(self, rt: Runtime, doubtful: DoubtfulTranscript, now: datetime, began: float) -> None:
        self._rt, self._doubtful, self._now, self._began = rt, doubtful, now, began
        self.until = self._at() + HEARING_LEASE

    def extend(self) -> None:
        """Called often: it extends the claim once half of it is over."""
        if self.until - self._at() < HEARING_LEASE / 2:
            self.until = self._at() + HEARING_LEASE
            self._rt.store.postpone_hearings(self._doubtful, self.until, failed=False)

    def _at(self) -> datetime:
        return self._now + timedelta(seconds=monotonic() - self._began)


def _missing_recogniser(rt: Runtime) -> str:
    """Why no recogniser can be used, "" when one can: without the extra, or a model, no alert waits for it."""
    try:
        rt.recogniser()
    except SpeechError as e:
        return e.line
    return ""


def delete_heard_audio(rt: Runtime) -> None:
    """Deletes the audio that listen has left for the second hearing, of episodes that need none."""
    files = {int(path.name.partition("-")[0]): path for path in kept_audio(rt.settings.home)}
    for episode in rt.store.heard_out(sorted(files)) if files else ():
        files[episode].unlink(missing_ok=True)


def _retry_or_decide(rt: Runtime, d: DoubtfulTranscript, retryable: bool, now: datetime) -> None:
    again_at = next_hearing_at(d.asked_at, d.failures, retryable, now)
    if again_at is None:
        _decide(rt, d, HearingOutcome.NO_AUDIO, now)
    else:
        rt.store.postpone_hearings(d, again_at, failed=True)


def _wait_for_next_day(rt: Runtime, d: DoubtfulTranscript, now: datetime) -> None:
    """What the day's seconds did not suffice for waits for the next ones, while it may."""
    outcome = outcome_without_budget(d.asked_at, next_day(now))
    if outcome is None:
        rt.store.postpone_hearings(d, next_day(now), failed=False)
    else:
        _decide(rt, d, outcome, now)


def _decide(rt: Runtime, d: DoubtfulTranscript, outcome: HearingOutcome, now: datetime) -> None:
    """Leaves the places to the text alone."""
    doubts = rt.store.doubts_waiting(d.transcript_id)
    rt.store.save_hearings(d, [HeardPlace(Hearing(doubt=x, outcome=outcome)) for x in doubts], now)
    _audio_of(rt, d).unlink(missing_ok=True)


def _audio_of(rt: Runtime, d: DoubtfulTranscript) -> Path:
    return audio_path(rt.settings.home, _request(d))


def _request(d: DoubtfulTranscript) -> ListenRequest:
    return ListenRequest(episode=d.episode, feed_url=d.feed_url, login=d.login)


def _hear(rt: Runtime, d: DoubtfulTranscript, seconds: float, progress: Callable[[], None]) -> list[HeardPlace]:
    """What became of each doubt of a transcript. seconds: of audio that may be heard; progress: called after each."""
    doubts = rt.store.doubts_waiting(d.transcript_id)
    [source] = rt.store.load_sources([d.transcript_id])
    transcript = source.transcript
    recogniser = rt.recogniser()
    hearer = recogniser.forced_decoder(transcript.language or d.episode.language or "en")
    if hearer is None:
        return [HeardPlace(Hearing(doubt=x, outcome=HearingOutcome.NO_MODEL)) for x in doubts]
    path, request = _audio_of(rt, d), _request(d)
    is_own = transcript.source.startswith(SPEECH)
    if is_same := path.is_file():
        kept = AudioFile(path, rt.settings.speech.max_hours)
        return PlaceHearing(kept, transcript, recogniser, hearer, is_own, is_same).hear(doubts, seconds, progress)
    with closing(PublishedAudio(rt, request, path, progress)) as audio:
        places = PlaceHearing(audio, transcript, recogniser, hearer, is_own, is_same)
        heard = places.hear(doubts, seconds, progress)
        log.info("hear again: %s: %s: %s", d.episode.show, d.episode.title, audio.describe())
    return heard

"""Whether podwatch can hear: which model there is, whether its bytes are right, what an hour of talk costs here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.util import find_spec

from podwatch.diagnose.findings import Finding, Health
from podwatch.errors import SpeechError
from podwatch.line.listen_plan import find_wanted
from podwatch.policy.wording import agree, count_of
from podwatch.settings import Settings
from podwatch.speech.cost import HourCost, cost_here
from podwatch.speech.models import LocalModel, find_model, wrong_files
from podwatch.speech.recognisers import Recogniser, build_recogniser
from podwatch.store.database import Store

CHECK = "speech"
LATE = timedelta(days=1)  # for which an episode may wait to be heard


def check_backlog(store: Store, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Whether somebody hears what is to be heard: a paused DAG, or a pool that does not exist, says nothing itself."""
    wanted = find_wanted(store, settings.speech, now)
    late = [r for r in wanted if now - (r.episode.first_seen_at or now) > LATE]
    if late:
        what = f"{count_of(len(late), 'episode')} due to be heard for more than a day"
        todo = "podwatch listen; in Airflow: is podwatch_listen unpaused, and are its pool and its queue there?"
        yield Finding(CHECK, Health.WRONG, what, todo)
    if doubts := store.count_waiting_hearings():
        what = f"{count_of(doubts, 'name')} in doubt {agree(doubts, 'waits', 'wait')} to be heard again"
        yield Finding(CHECK, Health.NOTE, what, "podwatch listen --again")


def check_speech(settings: Settings, *, listens: bool) -> Iterator[Finding]:
    """The findings; none where nothing is listened to and no model is there. listens: whether a feed is on."""
    speech = settings.speech
    bad = Health.WRONG if listens else Health.NOTE
    if speech.recogniser != "faster-whisper":
        try:
            recogniser = build_recogniser(settings)
        except SpeechError as e:
            yield Finding(CHECK, bad, f"{e.where}: {e.what}", e.todo)
        else:
            recogniser.close()
            yield Finding(CHECK, Health.OK, f"audio is sent to {recogniser.name}")
        return
    try:
        model = find_model(speech)
    except SpeechError as e:
        if listens:
            yield Finding(CHECK, bad, f"{e.what} ({e.where})", e.todo)
        return
    if find_spec("faster_whisper") is None or find_spec("av") is None:
        message = f"the model {model.name} is there, and faster-whisper is not installed"
        yield Finding(CHECK, bad, message, "pip install 'podwatch[speech]'")
        return
    if wrong := wrong_files(model.folder):
        message = f"{', '.join(wrong)} in {model.folder} is not what podwatch pins"
        yield Finding(CHECK, Health.WRONG, message, f"podwatch listen --get-model {model.name}")
        return
    try:
        recogniser = build_recogniser(settings)
    except SpeechError as e:
        yield Finding(CHECK, bad, f"{e.where}: {e.what}", e.todo)
        return
    yield from _describe(settings, recogniser, model)
    recogniser.close()


def _describe(settings: Settings, recogniser: Recogniser, model: LocalModel) -> Iterator[Finding]:
    try:
        cost = cost_here(settings, recogniser)
    except SpeechError as e:
        yield Finding(CHECK, Health.WRONG, f"does not hear: {e.what}", e.todo)
        return
    if not cost.words:
        todo = "another PODWATCH_SPEECH_MODEL, or PODWATCH_SPEECH_COMPUTE=float32"
        yield Finding(CHECK, Health.WRONG, f"{recogniser.name} hears nothing in a sample of talk", todo)
        return
    yield Finding(CHECK, Health.OK, f"{recogniser.name} in {model.folder}: {describe_cost(cost)}")


def describe_cost(cost: HourCost) -> str:
    """What an hour of talk costs, in words."""
    took = f"took {cost.clock / 60:,.1f} minutes by the clock"
    return f"an hour of talk costs {cost.cpu:,.0f} CPU seconds here, and {took} when that was measured"

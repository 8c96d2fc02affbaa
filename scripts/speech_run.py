"""`make run SPEECH=1`: the model is fetched if it is not there, and after the line has run its first time, the DAG
podwatch_listen hears the episode of the sample that has no transcript; its alerts appear as the others do.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_local import LISTEN_DAG, AirflowApi
from first_run import FirstRun
from podwatch.errors import SpeechError
from podwatch.settings import Settings
from podwatch.speech.models import find_model, models_folder
from preflight import RefusedError, RunFailedError

if TYPE_CHECKING:
    from podwatch.runtime import Runtime
    from terminal import Progress

PACKAGED = ("base", "tiny.en")  # the models that speech_models.py fetches
UNHEARD = "back-channel-2026-11-10"  # the guid of the sample's episode that has no transcript
PATIENCE_SECONDS = 180.0  # from the end of the run to its first alert: another DAG tells it
OTHERS_SECONDS = 20.0  # from there to the alerts of its other watches, of which some may never be told by themselves


def command_for_model(settings: Settings) -> Sequence[str] | None:
    """The command that fetches the model which the settings name; None when it is there, or a service is chosen.

    Raises RefusedError when this cannot fetch it.
    """
    s = settings.speech
    if s.recogniser != "faster-whisper":
        return None
    try:
        find_model(s)
    except SpeechError as e:
        if s.model in PACKAGED:
            script = Path(__file__).with_name("speech_models.py")
            return (sys.executable, str(script), str(models_folder(s)), s.model)
        raise RefusedError(f"SPEECH=1: {e}") from None
    return None


class SpeechRun:
    """Call ``is_told`` until it returns True: what was heard has been told, or there was nothing to hear.

    It raises RunFailedError when the audio could not be heard, or nobody was told.
    """

    def __init__(self, rt: Runtime, logs: Path, port: int, since: datetime, progress: Progress) -> None:
        self._rt, self._progress, self._logs, self._parsed_since = rt, progress, logs, since
        self._api = AirflowApi(logs, port, LISTEN_DAG)
        self._run = self._follow(since)
        self._is_second = False
        self._ended_at: float | None = None  # of time.monotonic: when the run had ended
        self._told_at: float | None = None  # when the first alert was seen

    def _follow(self, since: datetime) -> FirstRun:
        return FirstRun(self._api, self._logs, since, self._progress, self._parsed_since)

    def note_model(self) -> None:
        """The model has come just now: what ran before could not hear."""
        self._run = self._follow(datetime.now(UTC))

    def is_told(self) -> bool:
        if self._ended_at is None:
            if self._run.has_succeeded():
                self._ended_at = time.monotonic()
            return False
        if told := self._told_watches():
            self._told_at = self._told_at or time.monotonic()
            found = {f.mention.watch for f in self._rt.store.mentions() if f.episode.guid == UNHEARD}
            return found <= told or time.monotonic() - self._told_at > OTHERS_SECONDS
        if problems := self._rt.store.errors()["audio"]:
            raise RunFailedError("\n  ".join(["an episode could not be heard", *problems[:5]]))
        if "success" not in self._run.states_of("hear"):
            if not self._is_waited_for():
                return True
            if self._is_second:
                raise RunFailedError("the episode without a transcript was not chosen - podwatch coverage says why")
            self._run, self._ended_at = self._follow(datetime.now(UTC)), None  # it had begun before the feed was polled
            self._is_second = True
            return False
        if time.monotonic() - self._ended_at > PATIENCE_SECONDS:
            raise RunFailedError(
                "the episode without a transcript was heard, and no alert came of it - see the DAGs'"
                f" logs in {self._logs}/logs, and whether seeds/watchlist.yaml is in use"
            )
        self._progress.show_step("waiting for the alerts of what was heard")
        return False

    def _told_watches(self) -> set[str]:
        """The watches that told somebody of the sample's episode."""
        began = datetime(2000, 1, 1, tzinfo=UTC)
        sent = (alert for _, alert in self._rt.store.alerts_sent_after(began))
        return {alert.watch.name for alert in sent if alert.episode.guid == UNHEARD}

    def _is_waited_for(self) -> bool:
        """Whether the sample's episode is in the store, and without a transcript."""
        return any(e.guid == UNHEARD for e in self._rt.store.episodes_without_transcript())

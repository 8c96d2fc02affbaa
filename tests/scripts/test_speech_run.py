"""scripts/speech_run.py: `make run SPEECH=1` fetches the model, and ends when somebody was told of what was heard."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from podwatch.model import Episode
from podwatch.settings import Settings, from_environment
from scripts.speech_models import PACKAGED

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import first_run  # noqa: E402
import preflight  # noqa: E402
import speech_run  # noqa: E402
import terminal  # noqa: E402

START = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)


class HeardStore:
    """told: the watches whose alerts of the sample's episode were sent; found: those with mentions in it."""

    def __init__(self, *told: str, found: tuple[str, ...] = ("grain",), error: str = "", waits: bool = True) -> None:
        self.told, self.found, self.problems, self.waits = told, found, [error] if error else [], waits
        self.episode = Episode(guid=speech_run.UNHEARD)

    def alerts_sent_after(self, moment: datetime) -> list[tuple[datetime, Any]]:
        other = SimpleNamespace(watch=SimpleNamespace(name="black-sea"), episode=Episode(guid="another"))
        alerts = [SimpleNamespace(watch=SimpleNamespace(name=name), episode=self.episode) for name in self.told]
        return [(moment, a) for a in [other, *alerts]]

    def mentions(self) -> list[Any]:
        return [SimpleNamespace(mention=SimpleNamespace(watch=w), episode=self.episode) for w in self.found]

    def errors(self) -> dict[str, list[str]]:
        return {"audio": self.problems}

    def episodes_without_transcript(self) -> list[Episode]:
        return [self.episode] if self.waits else []


def listening(store: HeardStore, *states: str, monkeypatch: pytest.MonkeyPatch) -> speech_run.SpeechRun:
    """A run of podwatch_listen that has succeeded, with its tasks `hear` in these states."""
    monkeypatch.setattr(first_run.FirstRun, "has_succeeded", lambda self: True)
    monkeypatch.setattr(first_run.FirstRun, "states_of", lambda self, task: list(states))
    rt: Any = SimpleNamespace(store=store)
    found = speech_run.SpeechRun(rt, Path("/logs"), 1, START, terminal.Progress())
    assert not found.is_told()  # the run has just ended
    return found


def test_it_is_done_when_every_watch_that_found_something_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    store = HeardStore(found=("grain", "dobrynin"))
    heard = listening(store, "success", monkeypatch=monkeypatch)
    for told, done in (((), False), (("grain",), False), (("grain", "dobrynin"), True)):
        store.told = told
        assert heard.is_told() == done


def test_a_watch_that_is_never_told_by_itself_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = listening(HeardStore("grain", found=("grain", "digest")), "success", monkeypatch=monkeypatch)
    assert not heard.is_told()
    monkeypatch.setattr(speech_run, "OTHERS_SECONDS", -1.0)
    assert heard.is_told()


NOT_TOLD = {
    "the audio could not be heard": (HeardStore(error="x.opus: is no audio"), ("success",), "x.opus: is no audio"),
    "nothing was found in it": (HeardStore(), ("success",), "no alert came of it"),
    "a budget was spent": (HeardStore(), ("skipped",), "was not chosen - podwatch coverage says why"),
}


@pytest.mark.parametrize("why", NOT_TOLD)
def test_an_episode_that_nobody_was_told_of_fails_the_run_with_the_reason(
    why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, states, line = NOT_TOLD[why]
    heard = listening(store, *states, monkeypatch=monkeypatch)
    monkeypatch.setattr(speech_run, "PATIENCE_SECONDS", -1.0)
    if why == "a budget was spent":  # it may have begun before the feed was polled: one more is waited for
        assert not heard.is_told()
        assert not heard.is_told()
    with pytest.raises(preflight.RunFailedError, match=re.escape(line)):
        heard.is_told()


def test_a_store_without_the_sample_is_heard_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listening(HeardStore(waits=False), "skipped", monkeypatch=monkeypatch).is_told()


def speech_settings(tmp_path: Path, **env: str) -> Settings:
    return from_environment({"PODWATCH_HOME": str(tmp_path), **env})


def test_a_model_that_is_not_there_is_fetched_into_the_folder_of_models(tmp_path: Path) -> None:
    command = speech_run.command_for_model(speech_settings(tmp_path))
    assert command is not None
    assert list(command[1:]) == [str(ROOT / "scripts/speech_models.py"), str(tmp_path / "models"), "base"]
    assert speech_run.command_for_model(speech_settings(tmp_path, PODWATCH_SPEECH_RECOGNISER="openai")) is None
    other = speech_settings(tmp_path, PODWATCH_SPEECH_MODEL="small")
    with pytest.raises(preflight.RefusedError, match=r"^SPEECH=1: .*podwatch listen --get-model small$"):
        speech_run.command_for_model(other)


def test_the_models_that_it_fetches_are_those_that_are_packaged() -> None:
    assert set(speech_run.PACKAGED) == set(PACKAGED)

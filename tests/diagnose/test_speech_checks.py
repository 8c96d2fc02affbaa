"""podwatch doctor on hearing: which model is there, whether its bytes are right, and what an hour of talk costs here."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from podwatch.diagnose.findings import Finding, Health
from podwatch.diagnose.speech_checks import check_backlog, check_speech
from podwatch.model import Episode, Feed
from podwatch.settings import Secret, Settings
from podwatch.speech import cost
from podwatch.speech.cost import HourCost, known_cost
from podwatch.store.database import Store
from tests.support.speech_models import need_model
from tests.support.stored_transcripts import save_poll


def found(settings: Settings, **speech: object) -> list[Finding]:
    heard = replace(settings, speech=replace(settings.speech, **speech))  # type: ignore[arg-type]
    return list(check_speech(heard, listens=heard.speech.may_listen))


def test_where_nothing_is_listened_to_and_no_model_is_there_nothing_is_said(settings: Settings, tmp_path: Path) -> None:
    assert found(settings, models=str(tmp_path)) == []


def test_where_it_is_on_a_missing_model_is_wrong_and_said_with_what_to_do(settings: Settings, tmp_path: Path) -> None:
    (finding,) = found(settings, models=str(tmp_path), listen=True)
    assert (finding.health, finding.todo) == (Health.WRONG, "podwatch listen --get-model base")


def test_the_cost_of_an_hour_is_measured_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    models = str(need_model())
    (finding,) = found(settings, models=models, model="tiny.en", threads=1)
    assert finding.health is Health.OK
    assert "faster-whisper tiny.en@0d3d19a int8" in finding.message
    assert "an hour of talk costs" in finding.message
    kept = known_cost(settings, "faster-whisper tiny.en@0d3d19a int8")
    assert kept is not None
    assert kept.words > 40
    assert kept.cpu > 10
    monkeypatch.setattr(cost, "open_audio", None)
    (again,) = found(settings, models=models, model="tiny.en", threads=1)
    assert again.message == finding.message


def test_a_model_with_a_changed_byte_is_wrong(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "tiny.en"
    shutil.copytree(need_model() / "tiny.en", folder)
    with (folder / "vocabulary.txt").open("r+b") as file:
        file.write(b"?")
    (finding,) = found(settings, models=str(tmp_path), model="tiny.en")
    assert finding.health is Health.WRONG
    assert "vocabulary.txt" in finding.message
    assert finding.todo == "podwatch listen --get-model tiny.en"


@pytest.mark.parametrize("name", ["openai", "deepgram"])
def test_of_a_service_it_is_said_where_audio_goes_and_what_is_missing(name: str, settings: Settings) -> None:
    (missing,) = found(settings, recogniser=name, listen=True)
    assert (missing.health, "PODWATCH_SPEECH_KEY" in missing.message) == (Health.WRONG, True)
    (ready,) = found(settings, recogniser=name, key=Secret("k"))
    assert ready.health is Health.OK
    assert ready.message.startswith(f"audio is sent to {name} ")


def test_a_kept_cost_that_cannot_be_read_is_measured_again(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    file = settings.home / cost.FILE
    for text in ("", "[]", '{"parrot": {"cpu": 1}}', '{"parrot": 3}', '{"parrot": {"nonsense": 1}}'):
        file.write_text(text)
        assert known_cost(settings, "parrot") is None
    file.write_text('{"parrot": {"cpu": 1.0, "clock": 2.0, "words": 3}}')
    assert known_cost(settings, "parrot") == HourCost(1.0, 2.0, 3)


def test_what_waits_to_be_heard_for_more_than_a_day_is_wrong_and_what_came_today_is_not(
    store: Store, settings: Settings
) -> None:
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    store.add_feeds([Feed(url="https://a.example/feed")], now)
    [feed] = store.feeds()
    save_poll(store, feed, now, Episode(guid="one", title="one", audio_url="https://a.example/1.mp3", published_at=now))
    assert list(check_backlog(store, settings, now + timedelta(days=2))) == []  # nobody wants it
    store.set_listen(feed.id, True)
    assert list(check_backlog(store, settings, now + timedelta(hours=23))) == []
    (late,) = check_backlog(store, settings, now + timedelta(hours=25))
    assert (late.health, late.message) == (Health.WRONG, "1 episode due to be heard for more than a day")

"""podwatch scan and podwatch parse on audio files, as people type them: heard, then looked through like any transcript."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from podwatch.errors import SpeechError
from podwatch.settings import Settings
from tests.support.command_runner import run_command
from tests.support.speech_models import ROOT, need_model
from tests.support.speech_services import KEY, SpeechServer

TALK = ROOT / "pipeline/podwatch/speech/sample/talk.opus"
WATCHLIST = """
defaults: {channel: "#trade"}
watches:
  - {name: grain, query: 'ships NEAR/5 grain'}
  - {name: envoy, entity: Anatoly Dobrynin, type: person, sounds_like: true}
"""


@pytest.fixture
def watchlist(tmp_path: Path) -> Path:
    file = tmp_path / "watchlist.yaml"
    file.write_text(WATCHLIST)
    return file


@pytest.fixture
def whisper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODWATCH_SPEECH_MODELS", str(need_model()))
    monkeypatch.setenv("PODWATCH_SPEECH_MODEL", "tiny.en")


@pytest.mark.usefixtures("whisper")
def test_scan_hears_a_name_that_was_misspelt_at_its_second(settings: Settings, watchlist: Path) -> None:
    status, lines, _ = run_command(settings, "scan", TALK, "--watchlist", watchlist)
    found = {m["watch"]: m for m in map(json.loads, lines)}
    assert status == 0
    assert found.keys() == {"grain", "envoy"}
    assert (found["envoy"]["kind"], found["envoy"]["episode"]) == ("sounds_like", "talk")
    assert 6.5 < found["envoy"]["seconds"] < 8.5
    assert found["grain"]["approximate"] is False


@pytest.mark.usefixtures("whisper")
def test_parse_shows_what_was_said_and_how_sure_that_is(settings: Settings) -> None:
    status, lines, notes = run_command(settings, "parse", TALK, "-v")
    assert status == 0
    assert lines[0].startswith("0:00:00\t0:00:0")
    assert any("Tuesday" in line for line in lines)
    assert any(note.startswith("heard by faster-whisper tiny.en@0d3d19a") for note in notes)


def test_without_a_model_it_is_one_line_and_the_transcripts_are_still_scanned(
    settings: Settings, watchlist: Path, tmp_path: Path
) -> None:
    text = tmp_path / "talk.txt"
    text.write_text("Two ships with grain left.")
    status, lines, said = run_command(settings, "scan", TALK, text, "--watchlist", watchlist)
    assert status == 1
    assert [json.loads(line)["watch"] for line in lines] == ["grain"]
    assert [s for s in said if "podwatch listen --get-model base" in s] == said


def test_a_file_that_only_begins_as_audio_is_one_line(settings: Settings, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"ID3" + bytes(range(256)) * 40)
    with SpeechServer() as server, pytest.raises(SpeechError, match=r"broken\.mp3") as e:
        run_with(server, settings, broken)
    assert "\n" not in str(e.value)


def test_a_service_hears_too(settings: Settings) -> None:
    with SpeechServer() as server:
        status, lines, _ = run_with(server, settings, TALK, "--json")
    assert status == 0
    assert [json.loads(line)["speaker"] for line in lines] == ["Speaker 1", "Speaker 2"]


def run_with(server: SpeechServer, settings: Settings, *arguments: object) -> tuple[int, list[str], list[str]]:
    patch = pytest.MonkeyPatch()
    patch.setenv("PODWATCH_SPEECH_RECOGNISER", "deepgram")
    patch.setenv("PODWATCH_SPEECH_URL", server.url)
    patch.setenv("PODWATCH_SPEECH_KEY", KEY)
    patch.setenv("PODWATCH_ALLOW_ADDRESSES", "127.0.0.0/8")
    try:
        return run_command(settings, "parse", *arguments)
    finally:
        patch.undo()

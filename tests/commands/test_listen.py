"""podwatch listen, from a shell: a feed without transcripts is heard with a real model, and what is found is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from podwatch.errors import PodwatchError
from podwatch.settings import CHECKOUT, Settings
from tests.support.command_runner import run_command
from tests.support.podcast_host import Podcast, item, rss
from tests.support.speech_models import need_model, need_speaker_model

TALK = CHECKOUT / "pipeline/podwatch/speech/sample/talk.opus"
WATCHLIST = "watches:\n  - {name: talk, query: the, channel: '#talk'}\n"


@dataclass
class Shell:
    """A shell in which podwatch is called. errors: stderr of the last command, or the line of its expected error."""

    settings: Settings
    errors: str = ""

    def run(self, *arguments: str) -> str:
        try:
            _, lines, errors = run_command(self.settings, *arguments)
        except PodwatchError as e:
            self.errors = e.line
            return ""
        self.errors = "\n".join(errors)
        return "\n".join(lines)


@pytest.fixture
def shell(settings: Settings, tmp_path: Path, podcast: Podcast, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A home with one watch and one feed, whose episode has audio and no transcript; it is polled."""
    for name, value in {
        "PODWATCH_ALLOW_ADDRESSES": "127.0.0.1",
        "PODWATCH_SPEECH_MODEL": "tiny.en",
        "PODWATCH_SPEECH_MODELS": tmp_path / "models",
        "PODWATCH_ENTITIES": "off",
    }.items():
        monkeypatch.setenv(name, str(value))
    podcast.serve("/talk.opus", TALK.read_bytes(), "audio/ogg")
    feed = podcast.serve("/feed.xml", rss(item("one", audio=podcast.url("/talk.opus"))))
    (tmp_path / "w.yaml").write_text(WATCHLIST, encoding="utf-8")
    opened = Shell(settings)
    for command in (("feeds", "add", feed), ("watches", "sync", str(tmp_path / "w.yaml")), ("poll",)):
        opened.run(*command)
    return opened


def test_nothing_is_heard_until_somebody_says_so(shell: Shell) -> None:
    assert shell.run("listen") == "listen: 0 done, 0 new, 0 failed"
    assert "no feed is listened to: podwatch feeds set FEED --listen on" in shell.errors


def test_without_a_model_one_line_says_what_to_do_and_the_line_itself_still_runs(shell: Shell) -> None:
    shell.run("feeds", "set", "1", "--listen", "on")
    shell.run("listen")
    assert "the speech model tiny.en is not there - podwatch listen --get-model" in shell.errors
    assert "deliver: 0 done" in shell.run("run", "--console")
    assert "the speech model tiny.en is not there" in shell.errors


def test_a_run_ends_with_what_was_heard_and_tells_what_it_found(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODWATCH_SPEECH_MODELS", str(need_model()))
    assert shell.run("feeds", "set", "1", "--listen", "on").endswith(": listen on")
    said = shell.run("run", "--console")
    assert "listen: 1 done, 1 new, 0 failed" in said
    assert "talk in " in said
    assert "listened to 1 of 1 episode" in said
    heard = json.loads(shell.run("mentions", "--json", "--limit", "1").splitlines()[0])
    assert heard["watch"] == "talk"
    assert heard["seconds"] is not None
    assert "listen: 0 done" in shell.run("run", "--console")


def test_a_backfill_says_what_the_past_would_cost_and_then_hears_it_without_telling(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODWATCH_SPEECH_MODELS", str(need_model()))
    past = ("backfill", "--since", "2026-11-01", "--until", "2026-11-30", "--listen", "2")
    plan = shell.run(*past, "--dry-run")
    assert "to hear: 1 episode, 1.0 hours of audio" in plan
    assert "hours of a processor" in plan
    done = shell.run(*past)
    assert "listen: 1 done, 1 new, 0 failed" in done
    assert "nobody told" in done
    assert shell.run("deliver", "--console") == "deliver: 0 done, 0 new, 0 failed"


def test_a_backfill_leaves_what_the_live_run_is_to_hear_to_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODWATCH_SPEECH_MODELS", str(need_model()))
    shell.run("feeds", "set", "1", "--listen", "on")
    past = ("backfill", "--since", "2026-11-01", "--until", "2026-11-30", "--listen", "2")
    assert "listen: 0 done, 0 new, 0 failed" in shell.run(*past)
    assert "talk in " in shell.run("run", "--console")


def test_a_feed_goes_back_to_what_the_settings_say(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODWATCH_LISTEN", "on")
    shell.run("feeds", "set", "1", "--listen", "off")
    shell.run("listen")
    assert "no feed is listened to" in shell.errors
    shell.run("feeds", "set", "1", "--listen", "default")
    shell.run("listen")
    assert "the speech model tiny.en is not there" in shell.errors


def test_a_model_that_podwatch_does_not_know_is_named_with_those_it_does(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODWATCH_SPEECH_MODEL", "enormous")
    shell.run("listen", "--get-model")
    assert "enormous: is none of the models that podwatch gets: tiny, tiny.en" in shell.errors
    shell.run("listen", "--get-model", "huge")
    assert shell.errors.startswith("huge: is none of the models")


def test_a_model_that_is_there_is_not_downloaded_again(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODWATCH_SPEECH_MODELS", str(need_model()))
    assert shell.run("listen", "--get-model", "tiny.en") == f"tiny.en@0d3d19a is in {need_model() / 'tiny.en'}"


def test_the_model_that_tells_voices_apart_is_fetched_like_one(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODWATCH_SPEECH_MODELS", str(need_speaker_model()))
    said = shell.run("listen", "--get-model", "speakers")
    assert said == f"campplus@92f29b9 is in {need_speaker_model() / 'speakers'}; PODWATCH_SPEECH_SPEAKERS=on uses it"


def test_speakers_without_their_model_are_one_line_with_what_to_do(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "tiny.en").symlink_to(need_model() / "tiny.en")
    monkeypatch.setenv("PODWATCH_SPEECH_SPEAKERS", "on")
    shell.run("feeds", "set", "1", "--listen", "on")
    shell.run("listen")
    assert "the model that tells speakers apart is not there" in shell.errors
    assert "podwatch listen --get-model speakers, or PODWATCH_SPEECH_SPEAKERS=off" in shell.errors
    (models / "speakers").mkdir()
    (models / "speakers/campplus_cn_en_common.pt").write_bytes(b"PK")
    shell.run("listen")
    assert "is not the model of speakers that podwatch pins" in shell.errors

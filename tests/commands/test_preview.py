"""podwatch preview, as people type it: the cards that a transcript would bring, which nobody is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from podwatch.errors import PodwatchError
from podwatch.settings import Settings
from tests.support.command_runner import run_command

TALK = "WEBVTT\n\n00:05.000 --> 00:09.000\n<v Marta Ellison>The grain left the harbour.\n"
WATCHES = """
defaults: {channel: "#trade"}
watches:
  - {name: grain, query: grain}
  - {name: harbour, query: harbour, channel: "#ports"}
  - {name: quarantine, query: quarantine}
"""


@pytest.fixture
def talk(tmp_path: Path) -> tuple[Path, str, Path]:
    file, watchlist = tmp_path / "talk.vtt", tmp_path / "w.yaml"
    file.write_text(TALK, encoding="utf-8")
    watchlist.write_text(WATCHES, encoding="utf-8")
    return file, "--watchlist", watchlist


def test_each_watch_that_is_found_has_its_card(settings: Settings, talk: tuple[Path, str, Path]) -> None:
    status, lines, said = run_command(settings, "preview", *talk)
    assert (status, said) == (0, [])
    assert [line for line in lines if line] == [
        "#trade", "grain in “talk”", "  about 0:00:05 · Marta Ellison", "  > The *grain* left the harbour.",
        "#ports", "harbour in “talk”", "  about 0:00:07 · Marta Ellison", "  > The grain left the *harbour*.",
    ]  # fmt: skip


def test_without_a_file_it_shows_an_example(settings: Settings) -> None:
    status, lines, said = run_command(settings, "preview")
    assert (status, said, lines[0]) == (0, [], "#trade")
    assert any("*Black Sea*" in line for line in lines)


def test_json_is_the_message_and_its_thread(settings: Settings, talk: tuple[Path, str, Path]) -> None:
    _, lines, _ = run_command(settings, "preview", *talk, "--json")
    cards = [json.loads(line) for line in lines]
    assert [(card["watch"], card["channel"]) for card in cards] == [("grain", "#trade"), ("harbour", "#ports")]
    assert all(card["blocks"][0]["type"] == "header" and card["thread"] == [] for card in cards)


def test_blocks_are_what_the_builder_takes(settings: Settings, talk: tuple[Path, str, Path]) -> None:
    status, lines, said = run_command(settings, "preview", *talk, "--blocks")
    assert said == ["podwatch: the card of grain; --watch chooses among grain, harbour"]
    assert (status, list(json.loads("\n".join(lines)))) == (0, ["blocks"])
    _, lines, said = run_command(settings, "preview", *talk, "--blocks", "--watch", "harbour")
    assert "harbour in" in json.loads("\n".join(lines))["blocks"][0]["text"]["text"]
    assert said == []


def test_buttons_are_shown_where_somebody_hears_them(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for token, shown in (("", False), ("xapp-1", True)):
        monkeypatch.setenv("SLACK_APP_TOKEN", token)
        blocks = json.loads("\n".join(run_command(settings, "preview", "--blocks")[1]))["blocks"]
        assert ("actions" in [block["type"] for block in blocks]) is shown


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nobody", "nobody: is not in the watchlist - choose one of its watches"),
        ("quarantine", "brings no card: no watch is found in it"),
    ],
)
def test_what_brings_no_card_says_so(settings: Settings, talk: tuple[Path, str, Path], name: str, said: str) -> None:
    with pytest.raises(PodwatchError) as error:
        run_command(settings, "preview", *talk, "--watch", name)
    assert said in error.value.line

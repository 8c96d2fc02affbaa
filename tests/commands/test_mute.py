"""podwatch mute, as its users meet it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from podwatch.commands import app, error_lines
from podwatch.errors import PodwatchError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PODWATCH_HOME", str(tmp_path))
    (tmp_path / "w.yaml").write_text("watches: [{name: grain, query: grain}]")
    assert run("watches", "sync", str(tmp_path / "w.yaml")).exit_code == 0
    assert run("feeds", "add", "https://a.example/feed").exit_code == 0
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_a_watch_in_a_show_is_muted_listed_and_heard_again(home: Path) -> None:
    done = run("mute", "add", "--watch", "grain", "--feed", "https://a.example/feed", "--until", "2099-12-24")
    assert done.stdout == "muted grain in https://a.example/feed until 2099-12-24 00:00 UTC (mute 1)\n"
    [row] = [json.loads(line) for line in run("mute", "list", "--json").stdout.splitlines()]
    assert (row["id"], row["watch"], row["until"]) == (1, "grain", "2099-12-24T00:00:00+00:00")
    assert json.loads(run("mute", "end", "1", "--json").stdout) == {"ended": 1}
    assert run("mute", "list", "--json").stdout == ""
    assert len(run("mute", "list", "--all", "--json").stdout.splitlines()) == 1


def test_a_mute_lasts_as_long_as_is_said(home: Path) -> None:
    before = datetime.now(UTC)
    made = json.loads(run("mute", "add", "--watch", "grain", "--for", "2d", "--json").stdout)
    assert timedelta(0) <= datetime.fromisoformat(made["until"]) - before - timedelta(days=2) < timedelta(minutes=5)
    assert run("mute", "add", "--watch", "grain").exit_code == 2, "neither how long nor until when"
    assert run("mute", "add", "--watch", "grain", "--for", "2d", "--until", "2099-01-01").exit_code == 2
    assert run("mute", "add", "--watch", "grain", "--for", "soon").exit_code == 2


# name: (arguments, the line)
MISTAKES = {
    "nothing to mute": (("--until", "2099-01-01"), "podwatch mute add: says neither --watch nor --feed"),
    "a date in the past": (("--watch", "grain", "--until", "2020-01-01"), "--until 2020-01-01T00:00: is in the past"),
    "no such watch": (("--watch", "rice", "--until", "2099-01-01"), "rice: is not among the watches"),
    "no such show": (("--feed", "Rice Hour", "--until", "2099-01-01"), "Rice Hour: is not among the feeds"),
    "a title of two feeds": (("--feed", "", "--until", "2099-01-01"), "is the title of 2 feeds - give the feed's address"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES, ids=str)
def test_a_mistake_is_one_line(case: str, home: Path) -> None:
    arguments, line = MISTAKES[case]
    run("feeds", "add", "https://b.example/feed")  # neither feed was polled, so neither has a title
    done = run("mute", "add", *arguments)
    assert isinstance(done.exception, PodwatchError)
    [said] = error_lines(done.exception)
    assert said.startswith(line)

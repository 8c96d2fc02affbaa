"""podwatch watches sync: shows what it changes, and changes nothing that nobody agreed to."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from podwatch.commands import app
from podwatch.settings import Secret, Settings
from podwatch.store.database import open_store
from tests.support.terminal import in_terminal

IN_USE = "watches: [{name: grain, query: grain, channel: '#a'}, {name: sea, query: sea}]"
HOOK = "https://hooks.example/T0/B0/"


@pytest.fixture
def sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Syncs a text; IN_USE is in use already."""
    monkeypatch.setenv("PODWATCH_HOME", str(tmp_path))

    def run(text: str, *options: str) -> Result:
        (tmp_path / "w.yaml").write_text(text)
        return CliRunner().invoke(app, ["watches", "sync", str(tmp_path / "w.yaml"), *options])

    assert run(IN_USE).exit_code == 0
    return run


def in_use(home: Path) -> dict[str, tuple[str | None, str, str]]:
    store = open_store(Settings(home=home, database_url=Secret(f"sqlite:///{home}/podwatch.db")))
    try:
        return {w.name: (w.query, w.channel, w.deliver.value) for w in store.watches()}
    finally:
        store.close()


# name: what is wrong with a list, all of which `watches check` calls errors
ERRORS: dict[str, str] = {
    "a typing mistake": "watches: [{name: a, qurey: x}]",
    "a query that matches nothing": "watches: [{name: a, query: 'x AND NOT x'}]",
    "a query that cannot be read": "watches: [{name: a, query: '(x'}]",
    "a mail address that is none": "watches: [{name: a, query: x, channel: 'mailto:nobody'}]",
    "two of a name": "watches: [{name: a, query: x}, {name: a, query: y}]",
    "no list": "[",
    "a watch twice": "watches: [{name: grain, query: grain}, {name: corn, query: grain, was: [grain]}]",
}


@pytest.mark.parametrize("options", [(), ("--yes",), ("--dry-run",), ("--json",)], ids=str)
@pytest.mark.parametrize("case", ERRORS)
def test_a_list_with_errors_changes_nothing(
    case: str, options: tuple[str, ...], sync: Callable[..., Result], tmp_path: Path
) -> None:
    before = in_use(tmp_path)
    done = sync(ERRORS[case], *options)
    assert done.exit_code == 1
    assert in_use(tmp_path) == before


CHANGED = (
    "watches: [{name: corn, query: grain, channel: '#b', was: [grain]}, {name: sea, query: sea, deliver: digest},"
    " {name: new, query: x}]"
)


def test_the_changes_are_shown_as_a_diff(sync: Callable[..., Result], tmp_path: Path) -> None:
    before = in_use(tmp_path)
    lines = ["+ new", "~ corn  was grain", "~ corn  #a -> #b", "~ sea  is delivered in another way"]
    dry = sync(CHANGED, "--dry-run")
    assert (dry.exit_code, dry.stdout.splitlines()[:-1], in_use(tmp_path)) == (0, lines, before)
    assert dry.stdout.splitlines()[-1].startswith("3 watches: would be 1 new")
    done = sync(CHANGED)
    assert (done.exit_code, done.stdout.splitlines()[:-1]) == (0, lines)
    assert in_use(tmp_path)["corn"] == ("grain", "#b", "each")
    again = sync(CHANGED)
    assert again.stdout == "3 watches: 0 new, 0 changed, 0 removed\n"


def test_the_changes_show_no_token_of_an_address(sync: Callable[..., Result]) -> None:
    hook = "watches: [{name: grain, query: grain, channel: '%s'}, {name: sea, query: sea}]"
    for options in (("--dry-run",), ("--json", "--dry-run"), ()):
        done = sync(hook % (HOOK + "first"), *options)
        assert "first" not in done.output
        assert "hooks.example" in done.stdout
    done = sync(hook % (HOOK + "second"), "--json")
    assert ("first" in done.output, "second" in done.output) == (False, False)


SHORTER = "watches: [{name: grain, query: grain, channel: '#a'}]"


@pytest.mark.parametrize("text", [SHORTER, "watches: []"], ids=["one fewer", "empty"])
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["in words", "json"])
def test_nothing_is_removed_unless_somebody_agrees(
    text: str, options: tuple[str, ...], sync: Callable[..., Result], tmp_path: Path
) -> None:
    before = in_use(tmp_path)
    done = sync(text, *options)
    assert (done.exit_code, in_use(tmp_path)) == (1, before)
    assert "nothing was changed - to do it: --yes; to look: --dry-run" in done.stderr
    assert sync(text, *options, "--yes").exit_code == 0
    assert set(in_use(tmp_path)) == set(before) - {"sea"} - ({"grain"} if text != SHORTER else set())


# name: (what is typed, whether it is removed)
TYPED = {"yes": ("y\n", True), "no": ("n\n", False), "nothing": ("\n", False)}


@pytest.mark.parametrize("case", TYPED)
def test_on_a_terminal_it_asks(case: str, sync: Callable[..., Result], tmp_path: Path) -> None:
    typed, removed = TYPED[case]
    (tmp_path / "w.yaml").write_text(SHORTER)
    command = [sys.executable, "-m", "podwatch", "watches", "sync", str(tmp_path / "w.yaml")]
    assert "Remove 1 watch (sea)?" in in_terminal(command, typed, until="[y/N]")
    assert ("sea" not in in_use(tmp_path)) is removed


def test_json_is_one_object(sync: Callable[..., Result]) -> None:
    for text, options in ((CHANGED, ("--dry-run",)), (CHANGED, ()), (SHORTER, ("--yes",)), (IN_USE, ())):
        done = sync(text, "--json", *options)
        said: dict[str, Any] = json.loads(done.stdout)
        assert done.stdout.count("\n") == 1
        assert said["dry_run"] is ("--dry-run" in options)

"""podwatch watches list and learn, over a store where people have answered."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from podwatch.commands import app
from podwatch.model import Answer, Verdict, Watch
from podwatch.settings import Secret, Settings
from podwatch.store.answers import AlertSubject
from podwatch.store.database import open_store
from tests.support.stored_transcripts import store_transcripts
from tests.support.terminal import in_terminal

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A watchlist in use, and three answers to its alerts."""
    monkeypatch.setenv("PODWATCH_HOME", str(tmp_path))
    path = tmp_path / "w.yaml"
    path.write_text(
        "watches:\n  - name: witkoff   # the envoy\n    entity: Steve Witkoff\n    type: person\n  - {name: quiet, query: quiet}\n"
    )
    assert CliRunner().invoke(app, ["watches", "sync", str(path)]).exit_code == 0
    store = open_store(Settings(home=tmp_path, database_url=Secret(f"sqlite:///{tmp_path}/podwatch.db")))
    watch: Watch = next(w for w in store.watches() if w.name == "witkoff")
    for key, verdict, spelling in (
        ("k1", "relevant", "Wit Goff"),
        ("k2", "relevant", "Wit Goff"),
        ("k3", "wrong", "Wolves"),
    ):
        asked = AlertSubject(watch.id, watch.name, watch.revision, 1, "The Show", ((spelling, "sounds_like"),))
        store.save_answer(Answer(key=key, verdict=Verdict(verdict), user="U1", at=NOW), asked, None, NOW)
    store_transcripts(
        store,
        NOW,
        {"one": "Then Wit Goff spoke.\nWit Goff again.", "two": "The Wolves won.", "three": "A limit goffer."},
    )
    store.close()
    CliRunner().invoke(app, ["detect"])
    return path


def rows(*arguments: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_list_says_how_precise_a_watch_is(file: Path) -> None:
    quiet, witkoff = rows("watches", "list")
    assert (witkoff["relevant"], witkoff["wrong"], witkoff["precision"]) == (2, 1, pytest.approx(2 / 3))
    assert (quiet["relevant"], quiet["wrong"], quiet["precision"]) == (0, 0, None)


def test_proposals_are_listed_and_nothing_is_written(file: Path) -> None:
    before = file.read_text()
    says = ("watch", "change", "spelling", "relevant", "wrong", "transcripts", "gained", "lost", "written")
    alias, exclude = rows("watches", "learn")
    assert [alias[k] for k in says] == ["witkoff", "alias", "Wit Goff", 2, 0, 1, 2, 0, False]
    assert [exclude[k] for k in says] == ["witkoff", "exclude", "Wolves", 0, 1, 1, 0, 0, False]
    assert [s["snippet"] for s in alias["gained_samples"]] == ["Then Wit Goff spoke.", "Wit Goff again."]
    assert file.read_text() == before
    table = CliRunner().invoke(app, ["watches", "learn"]).stdout
    assert table.splitlines()[1] == "witkoff\talias\tWit Goff\t2\t0\t1\t2\t0"


def test_proposals_are_written_once_and_gone_when_the_watchlist_is_in_use(file: Path) -> None:
    assert [r["written"] for r in rows("watches", "learn", "--write", str(file))] == [True, True]
    assert file.read_text() == (
        "watches:\n  - name: witkoff   # the envoy\n    entity: Steve Witkoff\n    aliases: [Wit Goff]\n"
        "    exclude: [Wolves]\n    type: person\n  - {name: quiet, query: quiet}\n"
    )
    assert [r["written"] for r in rows("watches", "learn", "--write", str(file))] == [False, False]
    rows("watches", "sync", str(file))
    assert rows("watches", "learn") == []
    assert [w["exclude"] for w in rows("watches", "list")] == [[], ["Wolves"]]


# name: (what is typed when it asks, whether it writes)
TYPED: dict[str, tuple[str, bool]] = {"yes": ("y\n", True), "no": ("n\n", False), "nothing": ("\n", False)}


@pytest.mark.parametrize("name", TYPED)
def test_on_a_terminal_the_effect_is_shown_before_anything_is_written(file: Path, name: str) -> None:
    typed, written = TYPED[name]
    before = file.read_text()
    command = [sys.executable, "-m", "podwatch", "watches", "learn", "--write", str(file)]
    shown = in_terminal(command, typed, until="[y/N]")
    assert shown.index("Then Wit Goff spoke.") < shown.index("Write these into")
    assert (file.read_text() != before) is written


def test_one_watch_may_be_asked_for(file: Path) -> None:
    assert rows("watches", "learn", "--watch", "quiet") == []
    assert CliRunner().invoke(app, ["watches", "learn", "--watch", "none"]).exit_code == 1

"""podwatch entities, and scan with an entity: clause, as people type them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from podwatch import runtime
from podwatch.commands import app
from podwatch.entities.recognition import missing_requirement
from podwatch.settings import Settings
from podwatch.store.entities import TranscriptEntities
from tests.support.migrated_database import place_database
from tests.support.stored_entities import KELLOGG, MOSCOW, list_unread, save_for_all
from tests.support.stored_transcripts import save_text, store_episodes

needs_model = pytest.mark.skipif(missing_requirement() is not None, reason=missing_requirement() or "")


def typed(settings: Settings, *arguments: str, names: str = "on") -> tuple[int, list[str], str]:
    """(exit status, lines of stdout, stderr) of podwatch with these arguments."""
    env = {
        "PODWATCH_HOME": str(settings.home),
        "PODWATCH_DATABASE_URL": settings.database_url.reveal(),
        "PODWATCH_ENTITIES": names,
    }
    done = CliRunner().invoke(app, arguments, env=env)
    return done.exit_code, done.stdout.splitlines(), done.stderr


def test_who_is_talked_about_is_listed_and_filtered(settings: Settings) -> None:
    now = datetime.now(UTC)
    place_database(settings.home)
    with runtime.build(settings) as rt:
        for e in store_episodes(rt.store, now, "a", 1, 20):
            save_text(rt.store, e, "x", now)
        save_for_all(rt.store, now, KELLOGG, replace(MOSCOW, spans=((1, 2), (3, 4))))
    status, lines, said = typed(settings, "entities")
    assert (status, said) == (0, "")
    assert [line.split("\t")[:5] for line in lines] == [
        ["name", "type", "episodes", "feeds", "count"],
        ["Keith Kellogg", "person", "2", "1", "6"],
        ["Moscow", "place", "2", "1", "4"],
    ]
    day = f"{now - timedelta(days=9):%Y-%m-%d}"
    _, lines, _ = typed(settings, "entities", "--since", day, "--type", "place", "--json")
    assert [json.loads(line)["episodes"] for line in lines] == [1]
    assert len(typed(settings, "entities", "--limit", "1")[1]) == 1 + 1
    assert typed(settings, "entities", "--type", "planet")[0] == 2


def test_what_surges_is_listed_with_its_reason(settings: Settings) -> None:
    now = datetime.now(UTC)
    place_database(settings.home)
    with runtime.build(settings) as rt:
        recent = set()
        for show in ("a", "b", "c"):
            for i, e in enumerate(store_episodes(rt.store, now, show, *[d + 0.1 for d in range(40)])):
                save_text(rt.store, e, f"{show} {i}", now)
                recent |= {e.id} if i < 2 else set()
        for t in list_unread(rt.store, now):
            said = (MOSCOW, KELLOGG) if t.episode_id in recent else (MOSCOW,)
            rt.store.save_entities([TranscriptEntities(t, said, [0] * len(said))], now)
    _, lines, _ = typed(settings, "entities", "--surges", "--json")
    [found] = [json.loads(line) for line in lines]
    assert (found["name"], found["type"], found["episodes"], found["feeds"]) == ("Keith Kellogg", "person", 6, 3)
    assert found["reason"].startswith("named in 6 of 9 episodes, in 3 feeds")


def test_what_was_not_read_is_said(settings: Settings) -> None:
    now = datetime.now(UTC)
    place_database(settings.home)
    with runtime.build(settings) as rt:
        for e in store_episodes(rt.store, now, "a", 1):
            save_text(rt.store, e, "x", now)
    status, lines, said = typed(settings, "entities", names="off")
    assert (status, lines) == (0, [])
    assert "1 transcript was not read for names yet - names are not looked for: PODWATCH_ENTITIES is off" in said
    assert "no names yet" in said


@pytest.mark.parametrize("value", ["maybe", "2"])
def test_the_setting_is_on_or_off(settings: Settings, value: str) -> None:
    with pytest.raises(Exception, match="neither on nor off") as raised:
        raise CliRunner().invoke(app, ["entities"], env={"PODWATCH_ENTITIES": value}).exception or AssertionError
    assert f"PODWATCH_ENTITIES={value}" in str(raised.value)


@needs_model
def test_scan_finds_an_entity_by_all_its_forms(settings: Settings, tmp_path: Path) -> None:
    talk, watches = tmp_path / "talk.txt", tmp_path / "watches.yaml"
    talk.write_text("Robert Kennedy met Anatoly Dobrynin. Ambassador Dobrynin cabled Moscow. They had met before.\n")
    watches.write_text("watches:\n  - name: d\n    query: 'entity:\"Anatoly Dobrynin\"'\n")
    arguments = ("scan", str(talk), "--watchlist", str(watches), "--json")
    found = [json.loads(line)["surface"] for line in typed(settings, *arguments)[1]]
    assert found == ["Anatoly Dobrynin", "Ambassador Dobrynin"]
    found = [json.loads(line)["surface"] for line in typed(settings, *arguments, names="off")[1]]
    assert found == ["Anatoly Dobrynin"], "the words of the name alone"

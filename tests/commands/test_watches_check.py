"""podwatch watches check and schema, as people type them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from podwatch import runtime
from podwatch.commands import app
from podwatch.errors import PodwatchError
from podwatch.query import check_warnings
from podwatch.settings import Settings
from tests.support.command_runner import run_command
from tests.support.migrated_database import place_database
from tests.support.stored_transcripts import save_text, store_dialogues, store_episodes

SEEDS = Path(__file__).parents[2] / "seeds"


def findings(settings: Settings, file: Path, *more: str) -> tuple[int, list[dict[str, Any]]]:
    status, lines, _ = run_command(settings, "watches", "check", file, "--json", *more)
    found = [json.loads(line) for line in lines]
    assert found.pop() == {"file": str(file), "watches": found_watches(file)}
    assert all(
        list(f) == ["level", "file", "line", "column", "watch", "message", "todo"] and f["file"] == str(file)
        for f in found
    )
    return status, [f for f in found if f["level"] != "note"]


def found_watches(file: Path) -> int:
    text = file.read_text()
    return 0 if "qurey" in text else text.count("name:")


# name: (watches as YAML, level, line, column, watch, what is said)
FINDINGS: dict[str, tuple[str, str, int, int | None, str, str]] = {
    "an unknown field": ("  - {name: a, qurey: x}", "error", 2, 15, "a", "qurey: is not a known field"),
    "a mistake in a query": ("  - name: a\n    query: grain AND\n    # qurey", "error", 3, 21, "a", "column 10: ends where"),
    "an expression that is none": ("  - name: a\n    query: grain /(a/", "error", 3, 18, "a", "is no regular expression"),
    "an expression that finds nothing": ("  - name: a\n    query: '/a*/'", "error", 3, 13, "a", "finds nothing at all"),
    "never true": ("  - name: a\n    query: '\"x\" AND NOT \"x\"'", "error", 3, 13, "a", "can never be true"),
    "a part that is never true": ("  - name: a\n    query: y OR (x -x)", "warning", 3, 18, "a", "x -x can never be true"),
    "two languages": ("  - name: a\n    query: x lang:en lang:de", "warning", 3, 14, "a", "wants the languages de and en"),
    "an operator in lower case": ("  - name: a\n    query: x and y", "warning", 3, 14, "a", "the operator is AND"),
    "a query over lines": ("  - name: a\n    query: >\n      x\n      and y", "warning", 3, None, "a", "the operator is AND"),
    "mail to nobody": (
        "  - {name: a, query: x, channel: 'mailto:'}", "error", 2, 5, "a", "channel mailto:: has no address",
    ),
    "mail to what is no address": (
        "  - {name: a, query: x, channel: 'mailto:desk@example.org,desk'}", "error", 2, 5, "a", "holds what is no address",
    ),
    "a webhook without a name": (
        "  - {name: a, query: x, channel: 'webhook:'}", "error", 2, 5, "a", "channel webhook:: names no webhook",
    ),
    "a webhook without a host": (
        "  - {name: a, query: x, channel: 'https:///hook'}", "error", 2, 5, "a", "is not an http(s) address",
    ),
    "twice the same": (
        "  - {name: a, query: grain sea}\n  - {name: b, query: Sea AND grain}",
        "warning", 3, 5, "b", "looks for the same as a in the same feeds",
    ),
}  # fmt: skip


# name: (the watches' channels, the channel with rules, what is said; "" nothing)
RULES: dict[str, tuple[list[str], str, str]] = {
    "the same": (["#trade"], "#trade", ""),
    "one of two": (["#desk", "#trade"], "#trade", ""),
    "another case": (["#trade"], "#Trade", ""),
    "another case in the watches": (["#Trade"], "#trade", ""),
    "no mark": (["#trade"], "trade", ""),
    "a mark too many": (["trade"], "##trade", "write #trade, as the watches do"),
    "a letter less": (["#trade-desk"], "#trade-dsk", "write #trade-desk, as the watches do"),
    "a blank": (["mailto:a@x.org,b@x.org"], "mailto:a@x.org, b@x.org", "write mailto:a@x.org,b@x.org, as"),
    "another channel": (["#trade"], "#grain-market", "take them out, or correct the name"),
    "no channel": ([], "#trade", "take them out, or correct the name"),
}


@pytest.mark.parametrize("case", RULES)
def test_rules_of_a_channel_that_no_watch_has_are_a_warning_with_a_suggestion(
    case: str, settings: Settings, tmp_path: Path
) -> None:
    used, ruled, says = RULES[case]
    file = tmp_path / "w.yaml"
    watches = [f"  - {{name: w{n}, query: word{n}, channel: {json.dumps(c)}}}" for n, c in enumerate(used)]
    watches = watches or ["  - {name: w, query: word}"]
    file.write_text("\n".join(["watches:", *watches, "channels:", f"  {json.dumps(ruled)}: {{ceiling: 3}}"]) + "\n")
    status, found = findings(settings, file)
    assert status == 0
    if not says:
        assert found == []
        return
    [f] = found
    assert (f["level"], f["watch"], f["line"], f["column"]) == ("warning", None, len(watches) + 3, 3)
    assert f["message"] == f"channel {ruled}: no watch has this channel, so its rules hold for nothing"
    assert f["todo"].startswith(says)
    assert findings(settings, file, "--strict")[0] == 1


def test_rules_of_a_channel_whose_watches_deliver_nothing_are_a_warning(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text('watches: [{name: a, query: x, channel: "#a", deliver: none}]\nchannels: {"#a": {ceiling: 3}}\n')
    _, [f] = findings(settings, file)
    assert f["message"] == "channel #a: every watch of it has deliver: none"


@pytest.mark.parametrize("case", FINDINGS, ids=str)
def test_a_finding_has_its_level_and_its_place(case: str, settings: Settings, tmp_path: Path) -> None:
    text, level, line, column, watch, says = FINDINGS[case]
    file = tmp_path / "w.yaml"
    file.write_text(f"watches:\n{text}\n")
    status, [f] = findings(settings, file)
    assert status == (level == "error")
    assert (f["level"], f["line"], f["column"], f["watch"]) == (level, line, column, watch)
    assert says in f["message"]
    assert findings(settings, file, "--strict")[0] == 1


ONE_EACH = {
    "channels of every kind": "\n".join(
        f"  - {{name: w{n}, query: word{n}, channel: '{channel}'}}"
        for n, channel in enumerate(
            ("#b", "@bo", "C0123456", "mailto:a@example.org, b@example.org", "webhook:desk", "https://a.example:8443/x")
        )
    ),
    "another channel": "  - {name: a, query: x}\n  - {name: b, query: x, channel: '#b'}",
    "other feeds": "  - {name: a, query: x}\n  - {name: b, query: x, feeds: {tags: [t]}}",
    "a narrower query": "  - {name: a, query: x}\n  - {name: b, query: x y}",
    "an operator in quotes": "  - {name: a, query: 'x \"and\" y'}",
}


@pytest.mark.parametrize("case", ONE_EACH, ids=str)
def test_what_may_be_meant_so_is_no_warning(case: str, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(f"watches:\n{ONE_EACH[case]}\n")
    assert findings(settings, file, "--strict") == (0, [])


def test_errors_are_on_stderr_and_warnings_on_stdout(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text("watches:\n  - name: a\n    query: x and y\n  - name: b\n    query: x -x\n")
    status, out, err = run_command(settings, "watches", "check", file)
    assert status == 1
    assert out[0].startswith(f"{file}:3:14: watch a: warning: and is looked for as a word")
    assert err == [
        f"podwatch: {file}:5:12: watch b: can never be true: what it wants and what it excludes contradict each other"
        " - take one of the two out"
    ]


def test_a_list_without_a_mistake_says_so_and_that_nothing_was_measured(settings: Settings) -> None:
    file = SEEDS / "watchlist.yaml"
    status, out, err = run_command(settings, "watches", "check", file, "--strict")
    assert (status, err) == (0, [])
    assert [line for line in out if "sounds near to" not in line] == [
        f"{file}: note: how common the watches are was not measured: there is no database yet",
        f"{file}: 6 watches, no mistakes",
    ]
    assert not settings.home.exists(), "check has made a database"


def keep(settings: Settings, now: datetime, tag: str, texts: list[str]) -> None:
    place_database(settings.home)
    with runtime.build(settings) as rt:
        store_dialogues(rt.store, now, tag, texts)


def test_a_watch_that_is_said_almost_everywhere_is_pointed_out(
    settings: Settings, tmp_path: Path, now: datetime
) -> None:
    keep(settings, now, "x", ["the grain came"] * 4 + ["the sea was calm"] * 8)
    keep(settings, now, "y", ["grain and sea"] * 2 + ["nothing"] * 10)
    file = tmp_path / "w.yaml"
    scope = "feeds: {tags: [x]}"
    file.write_text(
        f"watches:\n  - {{name: sea, query: sea}}\n  - {{name: grain, query: grain}}\n"
        f"  - {{name: here, query: grain, {scope}}}\n  - {{name: none, query: calm, feeds: {{tags: [z]}}}}\n"
    )
    _, found = findings(settings, file)
    assert [(f["watch"], f["message"]) for f in found] == [
        ("sea", "is said in 10 of 24 transcripts looked at (42%)"),
        ("here", "is said in 4 of 12 transcripts looked at (33%)"),
        ("none", "no feed has the tag z"),
    ]


def test_of_a_few_transcripts_nothing_is_concluded(settings: Settings, tmp_path: Path, now: datetime) -> None:
    keep(settings, now, "x", ["grain"] * (check_warnings.MIN_TRANSCRIPTS - 1))
    (tmp_path / "w.yaml").write_text("watches: [{name: a, query: grain}]")
    assert findings(settings, tmp_path / "w.yaml", "--strict") == (0, [])


def test_a_database_that_cannot_be_reached_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("watches: [{name: a, query: grain}]")
    env = {"PODWATCH_HOME": str(tmp_path / "h"), "PODWATCH_DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"}
    done = CliRunner().invoke(app, ["watches", "check", str(tmp_path / "w.yaml")], env=env)
    assert done.exit_code == 0
    assert "not measured: postgresql://u:***@127.0.0.1:1/x: the database cannot be opened" in done.stdout


def test_the_schema_is_printed(settings: Settings) -> None:
    status, out, _ = run_command(settings, "watches", "schema")
    assert status == 0
    assert json.loads("\n".join(out))["title"] == "Watchlist of podwatch"


def test_each_name_is_told_with_what_it_competes(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "watchlist.yaml"
    file.write_text(
        "watches:\n  - {name: waltz, entity: Mike Waltz, type: person, sounds_like: true}\n"
        "  - {name: garcia, entity: Kilmar Abrego Garcia, type: person, sounds_like: true}\n"
        "  - {name: exact, entity: Mike Waltz, type: person, channel: '#other'}\n",
        "utf-8",
    )
    _, lines, _ = run_command(settings, "watches", "check", file, "--json")
    found = [json.loads(line) for line in lines]
    noted = {f["watch"]: f["message"] for f in found if f.get("level") == "note" and "% of news" in f["message"]}
    assert sorted(noted) == ["garcia", "waltz"]
    assert "Wallace (in 1.5% of news)" in noted["waltz"]
    assert "shares the surname with Robert Garcia" in noted["garcia"]


def test_a_name_that_is_too_short_to_go_by_its_sound_is_noted(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(
        "watches:\n  - {name: a, query: grain ~~Wu}\n  - {name: b, entity: Steve Witkoff, sounds_like: true}\n"
    )
    status, lines, _ = run_command(settings, "watches", "check", file, "--json")
    noted = [f for f in map(json.loads, lines) if "its sound" in f.get("message", "")]
    assert status == 0
    assert [(f["level"], f["watch"], f["line"], f["column"]) for f in noted] == [("note", "a", 2, 28)]


def test_without_a_file_the_one_of_the_settings_is_taken(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "team.yaml"
    file.write_text("watches: [{name: grain, query: grain}]")
    monkeypatch.delenv("PODWATCH_WATCHLIST", raising=False)
    with pytest.raises(PodwatchError, match="FILE: is not given - name a watchlist, or set PODWATCH_WATCHLIST"):
        run_command(settings, "watches", "check")
    monkeypatch.setenv("PODWATCH_WATCHLIST", str(file))
    status, out, _ = run_command(settings, "watches", "check")
    assert (status, out[-1].startswith(f"{file}: 1 watch")) == (0, True)
    assert run_command(settings, "watches", "sync")[0] == 0


def test_a_name_that_is_heard_again_is_noted_with_what_that_costs(
    settings: Settings, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_database(settings.home)
    with runtime.build(settings) as rt:
        [episode] = store_episodes(rt.store, now, "show", 1.0)
        save_text(rt.store, episode, "Grain came from witcop today, and ships leave again.", now)
    file = tmp_path / "watchlist.yaml"
    file.write_text("watches:\n  - {name: witkoff, entity: Steve Witkoff, type: person, sounds_like: true}\n")
    note = "in doubt at 1 place in some 1 hour of talk: about 4 s of audio are heard again for it an hour"
    for value in ("on", "off"):
        monkeypatch.setenv("PODWATCH_HEAR_AGAIN", value)
        _, lines, _ = run_command(settings, "watches", "check", file, "--json")
        assert (note in [json.loads(line).get("message") for line in lines]) is (value == "on")

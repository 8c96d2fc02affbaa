"""Every change by a command leaves an audit row, and `podwatch audit` shows them beside those of the page and Slack."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from podwatch.commands import app
from podwatch.line.answers import save_answer
from podwatch.model import Answer, Verdict
from podwatch.runtime import Runtime
from podwatch.store.audit import Action, AuditFilter
from tests.support.page_visitors import browse, find_mentions, store_show

FIRST = "watches:\n- {name: grain, query: grain}\n- {name: corn, query: corn}\n"
SECOND = "watches:\n- {name: grain, query: grain OR wheat}\n- {name: rye, query: rye}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PODWATCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PODWATCH_ALLOW_ADDRESSES", "127.0.0.0/8")
    monkeypatch.setenv("USER", "ada")
    monkeypatch.setenv("LOGNAME", "ada")
    for name, text in (("first", FIRST), ("second", SECOND)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def run(home: Path, line: str, input: str = "") -> Result:
    done = CliRunner().invoke(app, [a.replace("HOME", str(home)) for a in line.split()], input=input)
    assert done.exit_code == 0, done.output
    return done


def rows(home: Path, *arguments: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["audit", "--json", *arguments])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


# the command, behind those that prepare it: (action, subject, before, after) of the rows that it leaves
ADD = "feeds add http://127.0.0.1:9/f?token=hush"
SHOWN = "http://127.0.0.1:9/f?token=***"
GRAIN = {"name": "grain", "query": "grain", "channel": "#podcasts"}
COMMANDS: list[tuple[list[str], str, list[tuple[str, str, Any, Any]]]] = [
    ([], "watches sync HOME/first.yaml", [
        ("add watch", "watch corn", None, {"name": "corn", "query": "corn", "channel": "#podcasts"}),
        ("add watch", "watch grain", None, GRAIN)]),
    (["watches sync HOME/first.yaml"], "watches sync HOME/second.yaml --yes", [
        ("switch off watch", "watch corn", {"name": "corn", "query": "corn", "channel": "#podcasts"}, None),
        ("edit watch", "watch grain", GRAIN, GRAIN | {"query": "grain OR wheat"}),
        ("add watch", "watch rye", None, {"name": "rye", "query": "rye", "channel": "#podcasts"})]),
    (["watches sync HOME/first.yaml"], "watches sync HOME/first.yaml", []),
    (["watches sync HOME/first.yaml"], "watches sync HOME/second.yaml --dry-run", []),
    (["watches sync HOME/first.yaml", "watches sync HOME/second.yaml --yes"], "watches sync HOME/first.yaml --yes", [
        ("edit watch", "watch grain", GRAIN | {"query": "grain OR wheat"}, GRAIN),
        ("switch off watch", "watch rye", {"name": "rye", "query": "rye", "channel": "#podcasts"}, None),
        ("switch on watch", "watch corn", None, {"name": "corn", "query": "corn", "channel": "#podcasts"})]),
    (["watches sync HOME/first.yaml"], "mute add --watch grain --until 2099-01-02 --reason holiday",
     [("mute", "grain", None, {"until": "2099-01-02T00:00Z", "reason": "holiday"})]),
    (["watches sync HOME/first.yaml", "mute add --watch grain --until 2099-01-02"], "mute end 1",
     [("end mute", "grain", {"until": "2099-01-02T00:00Z"}, None)]),
    ([ADD], "feeds set 1 --tag a --tag b", [
        ("set feed", SHOWN, {"title": "", "tags": []}, {"title": "", "tags": ["a", "b"]})]),
    ([ADD], "feeds set 1 --listen on --keep 90d", [
        ("set feed", SHOWN, {"title": "", "tags": []}, {"title": "", "tags": [], "listen": "on", "keep": "90d"})]),
    ([ADD], "feeds disable 1", [("set feed", SHOWN, {"disabled": False}, {"disabled": True})]),
    ([ADD], "feeds remove 1", [("remove feed", SHOWN, {"title": "", "tags": []}, None)]),
    ([ADD], "backfill --since 2026-01-01 --until 2026-01-02 --dry-run", []),
]  # fmt: skip


@pytest.mark.parametrize(("before", "command", "expected"), COMMANDS, ids=[c for _, c, _ in COMMANDS])
def test_a_command_that_changes_something_leaves_who_when_what_before_and_after(
    before: list[str], command: str, expected: list[tuple[str, str, Any, Any]], home: Path
) -> None:
    for line in before:
        run(home, line)
    known = len(rows(home))
    run(home, command)
    found = rows(home)
    new = found[: len(found) - known]
    found_rows = [(r["action"], r["subject"], r["before"], r["after"]) for r in new]
    assert sorted(found_rows, key=str) == sorted(expected, key=str)
    assert {r["who"] for r in new} <= {"command:ada"}
    assert "hush" not in json.dumps(found)


def test_feeds_and_logins_are_noted_without_their_secrets(home: Path) -> None:
    run(home, ADD)
    run(home, "feeds login 1 --user me", input="password123\n")
    login, added = rows(home)
    assert (added["action"], added["subject"], added["after"]) == ("add feeds", "1 new of 1 feeds", {"feeds": [SHOWN]})
    assert (login["action"], login["before"], login["after"]) == ("set login", {"login": False}, {"login": True})
    assert "password123" not in json.dumps([login, added])


def test_who_and_what_choose_among_them(home: Path) -> None:
    run(home, "watches sync HOME/first.yaml")
    run(home, "mute add --watch grain --until 2099-01-02")
    assert [r["action"] for r in rows(home, "--what", "mute")] == ["mute"]
    assert [r["subject"] for r in rows(home, "--of", "WATCH G")] == ["watch grain"]
    assert rows(home, "--who", "nobody") == []
    assert len(rows(home, "--limit", "2")) == 2
    shown = run(home, "audit --what mute").stdout
    assert "until: 2099-01-02T00:00Z" in shown


def test_a_list_of_thousands_is_noted_as_one_change(home: Path) -> None:
    many = "".join(f"- {{name: w{i}, query: w{i}}}\n" for i in range(300))
    (home / "many.yaml").write_text(f"watches:\n{many}")
    run(home, "watches sync HOME/many.yaml")
    [row] = rows(home)
    assert (row["action"], row["after"]["new"]) == ("sync watchlist", 300)


def test_a_button_in_slack_leaves_one_row_however_often_slack_sends_it(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    key = rt.store.streamed_alert(1, shown=0)
    assert key is not None
    answer = Answer(key=key.key, verdict=Verdict.WRONG, user="U012AB", at=now)
    for _ in range(2):
        save_answer(rt.store, answer, now, who="slack:U012AB")
    [entry] = rt.store.list_audit(AuditFilter(who="slack:U012AB", action=Action.ANSWER.value))
    assert (entry.before, entry.after) == ({"answers": []}, {"answer": "wrong"})
    assert entry.subject == "alert of grain in The Show"
    shown = browse(rt, now).read("/changes?who=slack:U012AB")
    assert "alert of grain in The Show" in shown
    assert "No change fits this filter" in browse(rt, now).read("/changes?who=ada&what=answer")

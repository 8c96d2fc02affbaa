"""podwatch hearings, explain and scan --hearings: what waits to be heard again, and what became of it, in one wording."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from podwatch.commands.agent_tools import AgentTools
from podwatch.model import HearingOutcome, Watch
from podwatch.runtime import Runtime
from tests.support.command_runner import run_command
from tests.support.stored_doubts import TEXT, save_doubt
from tests.support.stored_transcripts import store_episodes

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
WITKOFF = Watch(name="witkoff", entity="Steve Witkoff", type="person", sounds_like=True)
WAITS = (
    f"waits to be heard again since {NOW:%Y-%m-%d %H:%M} UTC,"
    f" until {NOW + timedelta(days=2):%Y-%m-%d %H:%M} UTC at the latest"
)
# case: (what became of it, in words)
CASES = {
    "waits": (None, WAITS),
    "left": (HearingOutcome.NO_TIMES, "not heard again: the transcript has no times"),
    "heard": (HearingOutcome.HEARD, "heard again: Steve Witkoff far likelier than witcop"),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_hearings_explain_and_agents_say_the_same_of_a_name_in_doubt(case: str, rt: Runtime) -> None:
    outcome, words = CASES[case]
    rt.store.sync_watches([WITKOFF], NOW)
    [episode] = store_episodes(rt.store, NOW, "talk", 1.0)
    save_doubt(rt.store, episode, NOW, outcome=outcome)
    _, out, _ = run_command(rt.settings, "hearings")
    assert out[1].split("\t") == ["Steve Witkoff", "witcop", "0.25", "1.00" if case == "heard" else "-", words, "talk", "talk 0"]  # fmt: skip
    _, [line], _ = run_command(rt.settings, "hearings", "--json")
    found = json.loads(line)
    assert (found["why"], found["episode"], found["outcome"]) == (words, episode.id, outcome)
    assert datetime.fromisoformat(found["asked_at"]) == NOW
    _, out, _ = run_command(rt.settings, "explain", "--watch", "witkoff", "--episode", str(episode.id))
    said = f"hearing: witcop: {words}"
    assert (said in out) or (f"{said}: podwatch listen --again" in out)
    agents = AgentTools(rt, NOW).explain("witkoff", str(episode.id))["lines"]
    assert [x for x in agents if x.startswith("hearing: ")] == [x for x in out if x.startswith("hearing: ")]


def test_coverage_says_what_waits_in_its_rows_and_its_summary(rt: Runtime) -> None:
    rt.store.sync_watches([WITKOFF], NOW)
    [episode] = store_episodes(rt.store, NOW, "talk", 1.0)
    save_doubt(rt.store, episode, NOW)
    said = "1 episode has a name in doubt that waits to be heard again"
    for by in ("feed", "watch"):
        _, out, err = run_command(rt.settings, "coverage", "--by", by)
        assert [line.split("\t")[-1] for line in out[1:]] == [said, said]
        assert err == [f"1 of 1 episode listened to; {said} (podwatch hearings lists them)"]


def test_an_agent_that_finds_nothing_is_told_what_waits(rt: Runtime) -> None:
    rt.store.sync_watches([WITKOFF], NOW)
    [episode] = store_episodes(rt.store, NOW, "talk", 1.0)
    save_doubt(rt.store, episode, NOW)
    tools = AgentTools(rt, NOW)
    found = tools.mentions("witkoff", "", "", "", 20)
    assert found["mentions"] == []
    assert "1 episode has a name in doubt that waits to be heard again" in found["coverage"]
    total = tools.coverage(30, "witkoff")["total"]
    assert (total["awaiting_hearing"], total["left_to_text"]) == (1, {})


def test_what_still_waits_is_no_hearing_for_scan(rt: Runtime, tmp_path: Path) -> None:
    rt.store.sync_watches([WITKOFF], NOW)
    heard, waits = store_episodes(rt.store, NOW, "talk", 1.0, 2.0)
    save_doubt(rt.store, heard, NOW, outcome=HearingOutcome.HEARD)
    save_doubt(rt.store, waits, NOW, surface="he left")
    _, lines, _ = run_command(rt.settings, "hearings", "--json")
    assert len(lines) == 2
    (tmp_path / "hearings.jsonl").write_text("\n".join(lines))
    (tmp_path / "talk.txt").write_text(TEXT)
    (tmp_path / "w.yaml").write_text(
        "watches:\n  - {name: w, entity: Steve Witkoff, type: person, sounds_like: true, channel: '#x'}\n"
    )
    status, found, errors = run_command(
        rt.settings, "scan", tmp_path / "talk.txt", "--watchlist", tmp_path / "w.yaml", "--hearings", tmp_path / "hearings.jsonl"
    )  # fmt: skip
    assert (status, errors) == (0, [])
    assert ["heard again" in json.loads(f)["reason"] for f in found] == [True]

"""The tools of the Slack tests themselves: a server that leaves nothing behind, and limits that are Slack's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import is_group_running
from tests.support.slack import emulator
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import over_limit


def group_of(running: Emulator) -> int:
    assert running._process is not None
    return running._process.pid


def test_a_stopped_emulator_leaves_no_process_and_no_file() -> None:
    running = Emulator().start()
    group, folder = group_of(running), Path(running._folder.name)
    running.stop()
    running.stop()
    assert not is_group_running(group)
    assert not folder.exists()


def test_two_emulators_are_two_workspaces() -> None:
    with Emulator() as one, Emulator() as other:
        one.call("chat.postMessage", channel=one.channel_id("trade"), text="hello")
        assert [len(e.messages("#trade")) for e in (one, other)] == [1, 0]


def test_without_a_registry_the_installation_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(emulator.HERE / name, tmp_path)
    monkeypatch.setattr(emulator, "HERE", tmp_path)
    monkeypatch.setattr(emulator, "ENTRY", tmp_path / "node_modules" / "nothing.js")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(RuntimeError) as caught:
        emulator.install()
    line = str(caught.value)
    assert line.startswith(f"npm could not install the Slack emulator into {tmp_path}: ")
    assert "127.0.0.1:9" in line
    assert line.endswith("check that npm reaches its registry (npm config get registry), then try again")
    assert "\n" not in line


def test_the_lock_file_names_no_host() -> None:
    assert "resolved" not in (emulator.HERE / "package-lock.json").read_text()


def header(words: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": words}}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


BLOCKS = {
    "a header": ([header("x" * 150)], ""),
    "a header too long": ([header("x" * 151)], "invalid_blocks"),
    "an empty header": ([header("")], "invalid_blocks"),
    "fifty blocks": ([header("x")] * 50, ""),
    "fifty-one blocks": ([header("x")] * 51, "msg_blocks_too_long"),
    "a section": ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}], ""),
    "a section too long": ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}], "invalid_blocks"),
    "rich text": ([rich({"type": "text", "text": "x"})], ""),
    "rich text without elements": ([rich()], "invalid_blocks"),
    "rich text without text": ([rich({"type": "text", "text": ""})], "invalid_blocks"),
    "a link to a script": ([rich({"type": "link", "text": "x", "url": "javascript:x"})], "invalid_blocks"),
    "too much in all": ([rich({"type": "text", "text": "x" * 3000})] * 5, "msg_blocks_too_long"),
    "a block nobody knows": ([{"type": "marquee"}], "invalid_blocks"),
}


@pytest.mark.parametrize("case", BLOCKS, ids=str)
def test_the_proxy_keeps_slacks_limits_on_blocks(case: str) -> None:
    blocks, code = BLOCKS[case]
    assert over_limit(blocks) == code

"""One watch changed in a watchlist's text: the rest stays as it was written, and the whole reads as it should."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import WatchlistError
from podwatch.model import DeliverMode, Scope, Watch
from podwatch.watchlist.entry_edits import diff_of, edit_watch
from podwatch.watchlist.loader import parse_watchlist

SEED = (Path(__file__).resolve().parents[2] / "seeds/watchlist.yaml").read_text(encoding="utf-8")
OURS = """# ours
defaults: {deliver: digest, channel: "#desk"}
channels: {"#desk": {digest: "daily 08:00"}}
watches:
- name: a   # first
  query: >
     long
     text
  # about deliver
  deliver: each # c
- {name: b, query: b}

# the next one
- query: c
  name: c
  aliases: []
"""
QUOTED = """watches:
  - name: "a"
    query: 'it''s "no # comment"'   # one

  - name: b
    query: b
"""


def watch(text: str, name: str) -> Watch:
    [found] = [w for w in parse_watchlist(text, "f")[0] if w.name == name]
    return found


def changed(text: str, name: str, changes: dict[str, object]) -> str:
    return edit_watch(text, "f", name, replace(watch(text, name), **changes))  # type: ignore[arg-type]


def difference(before: str, after: str) -> list[str]:
    return [line for line in diff_of(before, after, "f").splitlines()[2:] if line[0] in "+-"]


# (the text, the watch, what changes): the lines that differ
EDITS: list[tuple[str, str, dict[str, object], list[str]]] = [
    (SEED, "grain", {"query": '"grain deal"'}, ["-    query: grain", "+    query: '\"grain deal\"'"]),
    (SEED, "grain", {"minimum": 2}, ["+    minimum: 2"]),
    (SEED, "dobrynin", {"sounds_like": False}, ["-    sounds_like: true"]),
    (SEED, "dobrynin", {"scope": Scope(tags=("a",))}, ["+    feeds: {tags: [a]}"]),
    (SEED, "black-sea", {"channel": "#else"}, ["+    channel: '#else'"]),
    (SEED, "grain", {"name": "corn", "query": "corn", "was": ("grain",)},
     ["-  - name: grain", "-    query: grain", "+  - name: corn", "+    query: corn", "+    was: [grain]"]),
    (OURS, "a", {"deliver": DeliverMode.DIGEST}, ["-  deliver: each # c", "+  deliver: digest # c"]),
    (OURS, "a", {"query": "b"}, ["-  query: >", "-     long", "-     text", "+  query: b"]),
    (OURS, "c", {"query": "d"}, ["-- query: c", "+- query: d"]),
    (OURS, "b", {"query": "d"}, ["-- {name: b, query: b}", "+- name: b", "+  query: d", "+  channel: '#desk'",
                                 "+  deliver: digest", "+  minimum: 1"]),
    (QUOTED, "a", {"query": "x"}, ["-    query: 'it''s \"no # comment\"'   # one", "+    query: x   # one"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "changes", "lines"), EDITS)
def test_only_the_lines_of_what_changed_are_touched(
    text: str, name: str, changes: dict[str, object], lines: list[str]
) -> None:
    assert difference(text, changed(text, name, changes)) == lines


@pytest.mark.parametrize("text", [SEED, OURS, QUOTED], ids=["seed", "ours", "quoted"])
def test_a_watch_is_added_behind_the_last_and_taken_out_again(text: str) -> None:
    new = Watch(name="new", query="new", channel="#new", deliver=DeliverMode.NONE)
    added = edit_watch(text, "f", None, new)
    assert not [line for line in difference(text, added) if line.startswith("-")]
    assert parse_watchlist(added, "f")[0][-1].name == "new"
    assert edit_watch(added, "f", "new", None).split() == text.split()


def test_a_watch_is_taken_out_whole() -> None:
    assert difference(SEED, edit_watch(SEED, "f", "grain", None)) == [
        "-  - name: grain",
        "-    query: grain",
        '-    channel: "#trade"',
    ]


@pytest.mark.parametrize("text", ["watches: []\n", "# x\nwatches: []   # none yet\n"])
def test_the_first_watch_of_an_empty_list(text: str) -> None:
    filled = edit_watch(text, "f", None, Watch(name="w", query="w"))
    assert [w.name for w in parse_watchlist(filled, "f")[0]] == ["w"]
    assert parse_watchlist(edit_watch(filled, "f", "w", None), "f")[0] == []


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("watches: [{name: a, query: a}]\n", "a", "cannot be edited without harm"),
        ("watches:\n  - name: b\n    query: b\n", "a", "is not in it"),
        ("watches: [", "a", "is not YAML"),
    ],
)
def test_what_cannot_be_edited_is_said(text: str, name: str, said: str) -> None:
    with pytest.raises(WatchlistError, match=said):
        edit_watch(text, "f", name, Watch(name="a", query="x"))


@given(
    text=st.sampled_from([SEED, OURS, QUOTED]),
    data=st.data(),
    query=st.sampled_from(["x", 'it\'s "# y"', '"a b" NEAR/5 (c OR d)']),
    minimum=st.integers(1, 3),
    deliver=st.sampled_from(list(DeliverMode)),
    channel=st.sampled_from(["#podcasts", "#desk", "mailto:a@b.example"]),
)
def test_whatever_changes_the_others_stay_and_their_comments_too(
    text: str, data: st.DataObject, query: str, minimum: int, deliver: DeliverMode, channel: str
) -> None:
    before, _ = parse_watchlist(text, "f")
    one = data.draw(st.sampled_from(before))
    target = {"query": query, "entity": None, "aliases": (), "sounds_like": False, "type": None}
    wanted = replace(one, **target, minimum=minimum, deliver=deliver, channel=channel)  # type: ignore[arg-type]
    after, _ = parse_watchlist(edited := edit_watch(text, "f", one.name, wanted), "f")
    assert after == [wanted if w.name == one.name else w for w in before]
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert [line for line in edited.splitlines() if line.lstrip().startswith("#")] == comments

"""libyaml reads a usual watchlist as ruamel.yaml does, values and places, and leaves the rest to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from podwatch.watchlist.fast_yaml import read_usual_yaml

SEEDS = Path(__file__).resolve().parents[2] / "seeds/watchlist.yaml"
LIST = """# a comment
defaults: {channel: "#pod", deliver: each}   # behind
channels:
  "#trade": {digest: daily 08:00 Europe/Berlin, ceiling: 12}
watches:
- name: a
  query: 'it''s "x y" OR *gate OR R&D'
  feeds: {tags: [a, 'b', "c d"], exclude: {urls: [https://a.b/c?d=e&f, x]}}
- name: "b\\u00e9 \\x41"
  entity: >-
    Folded words

    go on
     here
  aliases:
    - one
    - two three   \n    - |
      literal
       text
  sounds_like: true
  threshold: 0.85
  minimum: 3
- {name: c, query: a OR b, repeat_after: 12h}
-
  name: d
  query: several
    lines of
    plain text
  was: []
  exclude: [

   a,
   b ]
"""
UNUSUAL = {
    "an alias": "a: &x 1\nb: *x",
    "a merged mapping": "a: &x {c: d}\nb:\n  <<: *x",
    "a tag": "a: !!str 1",
    "a tag without a name": "a: ! 1",
    "a key twice": "a: b\na: c",
    "a key that is no text": "1: b",
    "no value": "a:\nb: c",
    "a number with a blank line of digits": "a: 1_000",
    "an octal number": "a: 0o17",
    "an exponent": "a: 1e3",
    "a day": "a: 2026-11-03",
    "infinity": "a: .inf",
    "a directive": "%YAML 1.1\n---\na: b",
    "two documents": "a: b\n---\nc: d",
    "a list": "- a",
    "a mistake": "a: [b",
    "a tab": "a:\tb",
    "nothing": "",
}
VALUES = {
    "yes": "yes",
    "off": "off",
    "True": True,
    "~": None,
    "0": 0,
    "-12": -12,
    "0.75": 0.75,
    "12h": "12h",
    "99% Invisible": "99% Invisible",
    "3 men": "3 men",
    "'1'": "1",
    "https://a.example/x": "https://a.example/x",
    "[a, b]": ["a", "b"],
    "{c: d}": {"c": "d"},
}
PIECES = [
    *" :#-[]{},'\"|>\n&*!?%@`0.~<=+1exno\\/é𝄞",
    "\n  ",
    "\n    - ",
    ": ",
    "- ",
    " #",
    "': ",
    "<<: ",
    "---\n",
    "&a ",
]
PIECES += ["*a ", "1_0", "0x1f", "1e3", "2001-01-01", "null", "yes", "~", ".5", "1:30", ".inf", "|+\n", ">2\n", "''"]


@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL)
def test_what_is_unusual_is_left_to_ruamel(text: str) -> None:
    assert read_usual_yaml(text) is None


@pytest.mark.parametrize("written", VALUES)
def test_values_are_those_of_yaml_1_2(written: str) -> None:
    found = read_usual_yaml(f"a: {written}")
    assert found == {"a": VALUES[written]}
    assert found is not None
    assert type(found["a"]) is type(VALUES[written]) or isinstance(found["a"], list | dict)


@pytest.mark.parametrize(
    "text", [LIST, SEEDS.read_text(encoding="utf-8")], ids=["of all forms", "seeds/watchlist.yaml"]
)
def test_a_usual_list_is_read_as_ruamel_reads_it(text: str) -> None:
    found = read_usual_yaml(text)
    assert found is not None
    assert differences(found, YAML(typ="rt").load(text)) == []


@given(st.data())
def test_what_is_taken_is_what_ruamel_reads_with_the_same_places(data: st.DataObject) -> None:
    lines = LIST.splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 1))
    text = "".join(lines[first : first + data.draw(st.integers(2, len(lines)))])
    for piece in data.draw(st.lists(st.sampled_from(PIECES), max_size=5)):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + piece + text[at + data.draw(st.integers(0, 1)) :]
    found = read_usual_yaml(text)
    if found is not None:
        assert differences(found, YAML(typ="rt").load(text)) == []


def differences(found: Any, wanted: Any, path: str = "") -> list[str]:
    """Where two trees differ in a value, its kind or its place."""
    if isinstance(wanted, dict):
        if not isinstance(found, dict) or list(found) != list(wanted):
            return [path]
        wrong = [f"{path}.{k} at {found.lc.data[k]}" for k in wanted if list(found.lc.data[k]) != wanted.lc.data[k]]  # type: ignore[attr-defined]
        return wrong + [d for k in wanted for d in differences(found[k], wanted[k], f"{path}.{k}")]
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return [path]
        wrong = [f"{path}.{i}" for i in range(len(wanted)) if tuple(found.lc.item(i)) != tuple(wanted.lc.item(i))]  # type: ignore[attr-defined]
        return wrong + [d for i, v in enumerate(wanted) for d in differences(found[i], v, f"{path}.{i}")]
    return [] if found == wanted and isinstance(wanted, type(found)) else [f"{path}: {found!r}, not {wanted!r}"]

"""What is plainly right in a watchlist is read without pydantic, as pydantic reads it; the rest is left to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from podwatch.watchlist import plain_entries
from podwatch.watchlist.schema import ChannelEntry, Defaults, WatchEntry

TEXTS = st.sampled_from(
    ["a", " b ", "c\n", "", " ", "x\x00", "two words", "ä\x85", "\u200b", "person", "each", "12h", "a" * 101]
)
TEXTS |= st.text(max_size=12)
PAUSES = st.sampled_from(["12h", " 3d ", "soon", "", "0m"])
NUMBERS = st.sampled_from([0, 1, 10_000, 10_001, -1, 0.5, 0.4, 1.0, 1.1, True, False, 3])
LISTS = st.lists(TEXTS | NUMBERS, max_size=3) | st.lists(
    st.sampled_from(["person", "sponsor", "repeated", "x"]), max_size=2
)
SIDES = st.fixed_dictionaries({}, optional={"tags": LISTS, "urls": LISTS, "languages": LISTS, "other": LISTS})
SCOPES = st.builds(lambda inner, outer: outer | inner, st.fixed_dictionaries({}, optional={"exclude": SIDES}), SIDES)
SURGES = st.fixed_dictionaries({}, optional={"types": LISTS})
VALUES = st.one_of(st.none(), TEXTS, PAUSES, NUMBERS, LISTS, SCOPES, SURGES)
ENTRY_FIELDS = dict.fromkeys([*sorted({*WatchEntry.model_fields} - {"name"}), "unknown"], VALUES)
FULL: dict[str, Any] = {
    "name": "grain",
    "was": ["corn"],
    "entity": " Keith Kellogg\n",
    "type": "person",
    "aliases": ["General Kellogg"],
    "exclude": ["Kellogg's"],
    "sounds_like": True,
    "threshold": 0.75,
    "skip": ["sponsor"],
    "feeds": {"tags": ["news"], "exclude": {"urls": ["https://a.example/f"], "languages": ["de"]}},
    "channel": "#trade",
    "deliver": "digest",
    "minimum": 3,
    "repeat_after": "12h",
    "silent_after": "2w",
}
SURGE: dict[str, Any] = {"name": "new-names", "surge": {"types": ["person", "place"]}}


def values(form: Any) -> Any:
    """The fields of a form of either kind, lists as tuples."""
    if isinstance(form, list | tuple):
        return tuple(map(values, form))
    if isinstance(form, BaseModel):
        return {name: values(getattr(form, name)) for name in type(form).model_fields}
    if hasattr(form, "__dataclass_fields__"):
        names = [name for name in form.__dataclass_fields__ if name != "model_fields_set"]
        return {name: values(getattr(form, name)) for name in names}
    return form


@pytest.mark.parametrize("raw", [FULL, SURGE, {"name": "q", "query": "a"}], ids=["an entity", "a surge", "a query"])
def test_a_usual_watch_needs_no_pydantic(raw: dict[str, Any]) -> None:
    entry = plain_entries.read_entry(raw)
    assert values(entry) == values(WatchEntry.model_validate(raw))
    assert entry.model_fields_set == set(raw)


@given(st.fixed_dictionaries({"name": st.just("n") | TEXTS}, optional=ENTRY_FIELDS))
def test_a_watch_is_read_as_pydantic_reads_it_or_left_to_it(raw: dict[str, Any]) -> None:
    check(plain_entries.read_entry, WatchEntry, raw)


@given(st.sampled_from(sorted(WatchEntry.model_fields)), VALUES)
def test_each_field_of_a_watch_is_read_as_pydantic_reads_it_or_left_to_it(name: str, value: Any) -> None:
    check(plain_entries.read_entry, WatchEntry, {"name": "n", name: value})


@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*Defaults.model_fields, "unknown"], VALUES)))
def test_defaults_are_read_as_pydantic_reads_them_or_left_to_it(raw: dict[str, Any]) -> None:
    check(plain_entries.read_defaults, Defaults, raw)


RULES = st.sampled_from(["daily 08:00 Europe/Berlin", "weekly mon", "22:00-07:00", "22:00-22:00", " weekdays 07:30 "])


@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*ChannelEntry.model_fields, "unknown"], VALUES | RULES)))
def test_rules_of_a_channel_are_read_as_pydantic_reads_them_or_left_to_it(raw: dict[str, Any]) -> None:
    check(lambda given: plain_entries.read_channels({"#c": given})["#c"], ChannelEntry, raw)


def check(read: Any, form: Any, raw: dict[str, Any]) -> None:
    try:
        found = read(raw)
    except plain_entries.NotPlain:
        return
    try:
        wanted = form.model_validate(raw)
    except ValidationError as e:
        raise AssertionError(f"taken, though {e}") from None
    assert values(found) == values(wanted)

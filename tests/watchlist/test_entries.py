"""A watch as an entry of a watchlist: written and read again it is the same, whatever is in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import DeliverMode, EntityType, Scope, Watch
from podwatch.watchlist.entries import EntryMistakes, entry_of, format_entry, format_pause, parse_entry
from podwatch.watchlist.loader import parse_watchlist
from podwatch.watchlist.times import parse_pause

WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30).map(str.strip)
TEXTS = WORDS.filter(lambda t: t and any(c.isalnum() for c in t))
NAMES = st.from_regex(r"[a-z#:'\"{}\[\],&*!|>%@`-]{1,12}x", fullmatch=True)
LISTS = st.lists(TEXTS, max_size=3, unique=True).map(tuple)
SCOPES = st.builds(
    Scope, tags=LISTS, languages=LISTS, not_tags=LISTS, urls=st.sampled_from([(), ("https://x.example/f?a=1",)])
)


@given(name=NAMES, entity=TEXTS, aliases=LISTS, scope=SCOPES, minimum=st.integers(1, 50), sounds=st.booleans())
def test_an_entry_is_read_as_the_watch_that_it_was_made_of(
    name: str, entity: str, aliases: tuple[str, ...], scope: Scope, minimum: int, sounds: bool
) -> None:
    watch = Watch(
        name=name,
        entity=entity,
        aliases=aliases,
        scope=scope,
        minimum=minimum,
        sounds_like=sounds,
        threshold=0.8 if sounds else None,
        channel="#desk",
        deliver=DeliverMode.DIGEST,
        repeat_after=3600.0,
    )
    read = parse_entry(entry_of(watch))
    assert replace(read, line=0, column=0, value_at=(0, 0)) == watch
    [listed], _ = parse_watchlist(f"watches:\n{format_entry(entry_of(watch))}", "f")
    assert listed == watch


@pytest.mark.parametrize(
    "query", ["grain", 'it\'s "a b" NEAR/5 c', '"a # b"', '"a: b"', "two\nlines", "yes", "é OR 東京", "12"]
)
def test_a_query_keeps_every_sign(query: str) -> None:
    watch = Watch(name="w", query=query)
    assert parse_entry(entry_of(watch)).query == query


def test_a_surge_has_its_types_and_nothing_else() -> None:
    watch = Watch(name="who", surge=(EntityType.ORGANISATION, EntityType.PERSON))
    assert parse_entry(entry_of(watch)) == watch
    assert format_entry(entry_of(watch)) == (
        "  - name: who\n    surge: {types: [organisation, person]}\n    channel: '#podcasts'\n"
    )


@pytest.mark.parametrize("text", ["30m", "12h", "3d", "2w", "90m", "36h"])
def test_a_pause_is_written_as_it_is_read(text: str) -> None:
    assert parse_pause(format_pause(parse_pause(text))) == parse_pause(text)


# the entry: (the field, the column in it, what is said)
MISTAKES: list[tuple[dict[str, Any], tuple[str, int, str]]] = [
    ({"name": "a", "query": "x AND ("}, ("query", 8, "ends where a word")),
    ({"name": "a b", "query": "x"}, ("name", 0, "should be one word")),
    ({"name": "", "query": "x"}, ("name", 0, "at least 1 character")),
    ({"name": "a"}, ("", 0, "has neither query nor entity")),
    ({"name": "a", "query": "x", "entity": "y"}, ("", 0, "has both query and entity")),
    ({"name": "a", "entity": "x", "threshold": 0.8}, ("threshold", 0, "without sounds_like")),
    ({"name": "a", "query": "x", "deliver": "now"}, ("deliver", 0, "'each', 'digest' or 'none'")),
    ({"name": "a", "query": "x", "minimum": "two"}, ("minimum", 0, "valid integer")),
    ({"name": "a", "entity": "x", "exclude": ["X"]}, ("exclude", 0, "both looked for and excluded")),
    ({"name": "a", "surge": {"types": []}}, ("surge", 0, "at least 1 item")),
    ({"name": "a", "query": "x", "feeds": {"tags": "news"}}, ("feeds", 0, "valid list")),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "expected"), MISTAKES)
def test_a_mistake_is_said_at_its_field(entry: dict[str, Any], expected: tuple[str, int, str]) -> None:
    with pytest.raises(EntryMistakes) as caught:
        parse_entry(entry)
    field, column, what = expected
    found = [m for m in caught.value.mistakes if m.field == field and m.column == column]
    assert any(what in m.what for m in found), caught.value.mistakes


def test_every_mistake_is_said_at_once() -> None:
    with pytest.raises(EntryMistakes) as caught:
        parse_entry({"name": "a b", "query": "x (", "deliver": "now"})
    assert {m.field for m in caught.value.mistakes} == {"name", "query", "deliver"}

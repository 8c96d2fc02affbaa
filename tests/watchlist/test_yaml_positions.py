"""A place in a query is a place in its file, however YAML writes the query."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from podwatch.errors import WatchlistError
from podwatch.watchlist.loader import parse_watchlist
from podwatch.watchlist.yaml_positions import position_within

# how it is written: (file, which character of the value, line, column)
PLACES = {
    "plain": ("query: grain AND", 7, 1, 14),
    "behind the last character": ("query: grain AND", 10, 1, 17),
    "in single quotes": ("query: 'grain AND'", 7, 1, 15),
    "behind a doubled quote": ("query: 'O''Brien AND'", 9, 1, 18),
    "in double quotes": ('query: "grain AND"', 7, 1, 15),
    "behind an escaped quote": ('query: "\\"black sea\\" AND"', 13, 1, 23),
    "behind a character by its number": ('query: "Z\\u00fcrich AND"', 8, 1, 21),
    "with blanks in front": ("query: '  grain AND'", 7, 1, 17),
    "in a flow": ("{name: a, query: grain AND, channel: x}", 7, 1, 24),
    "in another line": ("name: a\r\nquery: grain AND", 7, 2, 14),
    "in a block": ("query: |\n  grain AND", 7, 1, 0),
    "folded": ("query: >-\n  grain\n  AND", 7, 1, 0),
    "over two lines": ("query: 'grain\n  AND sea'", 11, 1, 0),
    "of an anchor": ("query: &a grain AND", 7, 1, 0),
}


@pytest.mark.parametrize("case", PLACES, ids=str)
def test_a_character_of_a_value_is_found_in_the_file(case: str) -> None:
    text, column, *place = PLACES[case]
    tree = YAML(typ="rt").load(text)
    line, start = tree.lc.value("query")
    assert list(position_within(text, (line + 1, start + 1), column)) == place


def test_of_a_value_that_stands_elsewhere_nothing_is_known() -> None:
    assert position_within("query: x", (0, 0), 1) == (0, 0)


shown = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cc"]), min_size=1)


@given(shown.filter(lambda t: t.strip() == t), st.data())
def test_every_character_in_quotes_is_where_it_is_said_to_be(value: str, data: st.DataObject) -> None:
    wanted = data.draw(st.integers(0, len(value) - 1))
    for written in (json.dumps(value), json.dumps(value, ensure_ascii=False), "'" + value.replace("'", "''") + "'"):
        text = f"a: 1\nquery: {written}"
        line, column = position_within(text, (2, 8), wanted + 1)
        rest = text.splitlines()[line - 1][column - 1 :]
        assert rest[0] in (value[wanted], "\\")


# mistake: (watchlist, line, column)
MISTAKES = {
    "a field misspelt": ("watches:\n  - name: a\n    qurey: x\n", 3, 5),
    "a query": ("watches:\n  - name: a\n    query: black sea AND\n", 3, 25),
    "a query in double quotes": ('watches:\n  - name: a\n    query: "(\\"b\\" OR a"\n', 3, 24),
    "a query in a block": ("watches:\n  - name: a\n    query: |\n      black AND\n", 3, 0),
    "a scope": ("watches:\n  - name: a\n    query: x\n    feeds:\n      tag: [y]\n", 5, 7),
    "no name": ("watches:\n  - query: x\n", 2, 5),
    "a name twice": ("watches:\n  - {name: a, query: x}\n  - {name: a, query: y}\n", 3, 6),
    "not YAML": ("watches:\n  - name: [a\n", 3, 1),
    "a number in quotes": ('watches:\n  - {name: a, entity: B, sounds_like: true, threshold: "0.7"}\n', 2, 45),
    "a number that is none": ("watches:\n  - {name: a, entity: B, sounds_like: true, threshold: true}\n", 2, 45),
    "a default": ("defaults:\n  chanel: x\nwatches: []\n", 2, 3),
}


@pytest.mark.parametrize("case", MISTAKES, ids=str)
def test_a_mistake_has_its_line_and_column(case: str) -> None:
    text, *place = MISTAKES[case]
    with pytest.raises(WatchlistError) as e:
        parse_watchlist(text, "w.yaml")[0]
    assert list(e.value.at) == place

"""The stored parse table is that of the grammar, and what is parsed by it is what lark would parse."""

from __future__ import annotations

from typing import Any

import lark
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from podwatch.query import parser
from podwatch.query.table_parser import Token, Tree, parse_by_table
from tests.support.hypothesis_profiles import examples

PIECES = (
    *("grain", '"black sea"', "AND", "OR", "NOT", "NEAR/5", "ONEAR/3", "NEAR/2f", "NOT NEAR/3", "AND NOT NEAR/2"),
    *("WITHIN 60s", "WITHIN 5 minutes", "WITHIN", "SAME SEGMENT", "(", ")", "-", "+", "!", "&&", "||", "~", "~2"),
    *("~~", "title:", "Speaker:", "ſpeaker:", "entity:", "x:", "/gr.in/", "/", "{3,}", "{2}", "{1,4}", "{", "=US"),
    *(
        '="US Steel"',
        "F-35",
        "10:30",
        "and/or",
        "gra*n",
        "–",
        "ORACLE",
        "ANDy",
        "é",
        "삼성",
        "o'b",
        '"',
        "=",
        "\\",
        "[",
    ),
)
pieces = st.tuples(st.sampled_from(PIECES), st.sampled_from((" ", " ", "", "\n", "\u2003", "\x1c"))).map("".join)
texts = st.lists(pieces, max_size=12).map("".join) | st.text(max_size=20)


def plain(node: Any) -> Any:
    """A tree of lark's, or of ours, as tuples: names, spans and words."""
    if isinstance(node, str):
        assert isinstance(node, Token | lark.Token)
        return str(node), node.column
    start, end = (node.start, node.end) if isinstance(node, Tree) else (node.meta.start_pos, node.meta.end_pos)
    return str(node.data), start, end, [plain(child) for child in node.children]


@given(texts)
@settings(max_examples=examples(400))
@example("grain\n(AND{2}")
@example("((black OR sea) NEAR/5 grain) -recipe")
@example("")
def test_a_text_has_the_tree_that_lark_gives_it_or_none_where_lark_gives_none(text: str) -> None:
    try:
        wanted = plain(parser.read_grammar().parse(text))
    except lark.UnexpectedInput:
        wanted = None
    found = parse_by_table(text)
    assert (found and plain(found)) == wanted


def test_the_stored_table_is_made_of_the_grammar() -> None:
    from scripts.write_parse_table import TABLE, write_table

    stored = TABLE.read_text(encoding="utf-8")
    assert stored == write_table(parser.read_grammar()), "run scripts/write_parse_table.py"


@pytest.mark.parametrize("query", ["grain AND", "(grain", "grain)", 'a "b', "x:y"])
def test_a_text_that_is_no_query_has_no_tree_and_an_error(query: str) -> None:
    assert parse_by_table(query) is None
    with pytest.raises(parser.QueryError):
        parser.parse(query)

"""Parses a query by the stored table of the grammar: lark makes the same tree, but to make its table takes it longer
than a command takes to start. A text that is no query has no tree here; lark says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from podwatch.query.parse_table import END_STATE, RULES, STATES, TERMINALS

END = "$END"


class Token(str):
    """A word of the query that is a part of a clause. column: where it stands in its line, from 1."""

    __slots__ = ("column",)
    column: int


class Tree:
    """A clause by the name of its rule. start, end: its span in the text."""

    __slots__ = ("children", "data", "end", "start")

    def __init__(self, data: str, children: list[Tree | Token], start: int, end: int) -> None:
        self.data, self.children, self.start, self.end = data, children, start, end


Match = Callable[[str, int], "re.Match[str] | None"]


@lru_cache(maxsize=1)
def _states() -> list[dict[str, int]]:
    """Of each state what to do at a symbol: a state to go to, or -1 - the number of a rule."""
    rows = (line.split() for line in STATES)
    return [dict(zip(row[::2], map(int, row[1::2]), strict=True)) for row in rows]


@lru_cache(maxsize=len(TERMINALS))
def _matcher(pattern: str) -> Match:
    return re.compile(pattern).match


@lru_cache(maxsize=8192)
def _candidates(state: int, character: str) -> list[tuple[str, Match]]:
    """The terminals that may stand in a state and begin with a character; only these are compiled."""
    actions = _states()[state]
    return [
        (name, _matcher(pattern))
        for name, pattern, first in TERMINALS
        if name in actions and (first is None or character in first)
    ]


def parse_by_table(text: str) -> Tree | None:
    """The tree of a query; None when it is none."""
    states, stack, state = _states(), [0], 0
    values: list[tuple[Tree | Token, int, int]] = []  # with their spans
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        name, stop = END, at
        if at < len(text):
            for name, match in _candidates(state, text[at]):  # noqa: B007 - read below
                if found := match(text, at):
                    stop = found.end()
                    break
            else:
                return None
        while (action := states[state].get(name)) is not None and action < 0:
            origin, size, data, kept, spliced = RULES[-1 - action]
            parts = values[-size:]
            del values[-size:], stack[-size:]
            start, end = parts[0][1], parts[-1][2]
            values.append((_reduce(data, parts, kept, spliced), start, end))
            state = states[stack[-1]][origin]
            stack.append(state)
            if name is END and state == END_STATE:
                tree = values[0][0]
                return tree if isinstance(tree, Tree) else None
        if action is None:
            return None
        token = Token(text[at:stop])
        token.column = at - text.rfind("\n", 0, at)
        values.append((token, at, stop))
        stack.append(action)
        state, at = action, stop


def _reduce(
    data: str, parts: list[tuple[Tree | Token, int, int]], kept: tuple[int, ...], spliced: tuple[int, ...]
) -> Tree | Token:
    """The clause that a rule makes of its parts, or the one part that stays as it is."""
    if not data:
        return parts[kept[0]][0]
    children: list[Tree | Token] = []
    for i in kept:
        part = parts[i][0]
        if i in spliced and isinstance(part, Tree):
            children += part.children
        else:
            children.append(part)
    return Tree(data, children, parts[0][1], parts[-1][2])

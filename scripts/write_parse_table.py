"""Writes the parse table of the watch language, pipeline/podwatch/query/parse_table.py, from its grammar.lark.

    python scripts/write_parse_table.py            # after each change of the grammar; a test fails until it is done

lark makes the table, and takes longer for it than a command takes to start: so it is stored.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lark import Lark
from lark.parsers.lalr_analysis import Shift

TABLE = Path(__file__).resolve().parent.parent / "pipeline/podwatch/query/parse_table.py"
BLANKS = "__IGNORE_0"
CHARACTERS = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
HEAD = '''"""The parse table of grammar.lark, made by scripts/write_parse_table.py; not to be edited."""

# fmt: off
# ruff: noqa: E501

'''


def first_characters(pattern: str) -> str | None:
    """The characters that a match of a terminal may begin with; None when they are too many to list."""
    found: set[str] = set()
    for part in _alternatives(re._parser.parse(pattern)):
        if part is None:
            return None
        flags, codes = part
        found.update(c for code in codes for c in re.findall(re.escape(chr(code)), CHARACTERS, flags))
    return "".join(sorted(found))


def _alternatives(parsed: Any, flags: int = 0) -> list[tuple[int, list[int]] | None]:
    """(flags, code points) of each way in which a parsed pattern may begin; None: with anything."""
    ways: list[tuple[int, list[int]] | None] = []
    for operator, value in parsed:
        name = str(operator)
        if name == "LITERAL":
            return [*ways, (flags, [value])]
        if name == "IN" and all(str(kind) in ("LITERAL", "RANGE") for kind, _ in value):
            spans = [(v, v) if str(kind) == "LITERAL" else v for kind, v in value]
            return [*ways, (flags, [code for low, high in spans for code in range(low, high + 1)])]
        if name == "SUBPATTERN":
            return ways + _alternatives(value[3], flags | value[1])
        if name == "BRANCH":
            return ways + [way for branch in value[1] for way in _alternatives(branch, flags)]
        if name != "MAX_REPEAT":
            return [None]
        least, _, repeated = value
        ways += _alternatives(repeated, flags)
        if least:
            return ways
    return [None]


def write_table(grammar: Lark) -> str:
    """The module's text; equal for equal grammars."""
    front: Any = grammar.parser
    table, lexer = front.parser.parser.parse_table, front.lexer.root_lexer
    terminals = [t for t in lexer.terminals if t.name != BLANKS]
    rules = list(grammar.rules)
    # lark numbers the states anew in each process: here they are numbered as they are reached.
    numbers = {table.start_states["start"]: 0}
    waiting = [*numbers]
    rows: list[dict[str, int]] = []
    while waiting:
        actions = table.states[waiting.pop(0)]
        row: dict[str, int] = {}
        for symbol, (action, to) in sorted(actions.items()):
            if action is Shift:
                if to not in numbers:
                    numbers[to] = len(numbers)
                    waiting.append(to)
                row[symbol] = numbers[to]
            else:
                row[symbol] = -1 - rules.index(to)
        rows.append(row)
    parts = [
        "# A terminal, its regular expression, and the characters that it may begin with (None: any); the first that",
        "# matches counts.",
        "TERMINALS = (",
        *(f"    {_terminal_row(terminal)!r}," for terminal in terminals),
        ")",
        "# What a rule makes: the symbol, of so many others, the name of the clause (none: one part stays as it is),",
        "# which of them are parts, and which of them have their own parts put in their place.",
        "RULES = (",
        *(f"    {_rule_row(rule)!r}," for rule in rules),
        ")",
        "# A line for each state: what to do at a symbol. 5: shift, go to state 5; -5: reduce by rule 4.",
        "STATES = (",
        *(f'    "{_join(row.items())}",' for row in rows),
        ")",
        f"END_STATE = {numbers[table.end_states['start']]}",
    ]
    return HEAD + "\n".join(parts) + "\n"


def _terminal_row(terminal: Any) -> tuple[str, str, str | None]:
    pattern = terminal.pattern.to_regexp()
    return str(terminal.name), str(pattern), first_characters(pattern)


def _rule_row(rule: Any) -> tuple[str, int, str, tuple[int, ...], tuple[int, ...]]:
    symbols = rule.expansion
    name = rule.alias or ("" if rule.options.expand1 else rule.origin.name)
    kept = tuple(i for i, s in enumerate(symbols) if not (s.is_term and s.filter_out))
    spliced = tuple(i for i in kept if not symbols[i].is_term and symbols[i].name.startswith("_"))
    assert name or len(kept) == 1, rule
    return str(rule.origin.name), len(symbols), str(name), kept, spliced


def _join(row: Iterable[tuple[str, int]]) -> str:
    return " ".join(f"{symbol} {number}" for symbol, number in row)


def main() -> int:
    from podwatch.query.parser import read_grammar

    TABLE.write_text(write_table(read_grammar()), encoding="utf-8")
    print(f"wrote {TABLE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

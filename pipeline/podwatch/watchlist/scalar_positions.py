"""Where a character of a value stands in its YAML file, so that a mistake in a query is pointed at in the editor."""

from __future__ import annotations

import re

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # where YAML 1.1, and so ruamel, ends a line
_LONGER = {"x": 4, "u": 6, "U": 10}  # characters that an escape of "..." takes; all others take two


def position_within(text: str, at: tuple[int, int], column: int) -> tuple[int, int]:
    """The line and column in the file of the ``column``-th character of a value that begins ``at`` (all from 1).

    The column is 0, not known, where the value goes over several lines or is written elsewhere (an alias).
    Blanks around a value do not count, as they are taken away when a watchlist is read.
    """
    line, start = at
    if not line:
        return 0, 0
    rest = _BREAK.split(text, line)[line - 1][start - 1 :]
    wanted = column - 1
    if rest[:1] in ("", "|", ">", "&", "*"):
        return line, 0
    if rest[0] not in "'\"":
        return (line, start + wanted) if wanted <= len(rest.rstrip()) else (line, 0)
    quote, i, seen = rest[0], 1, 0
    while rest[i : i + 1] in (" ", "\t"):
        i += 1
    while i < len(rest):
        ended = rest[i] == quote and (quote == '"' or rest[i + 1 : i + 2] != "'")
        if seen == wanted:  # a mistake may be behind the last character
            return line, start + i
        if ended:
            return line, 0
        if quote == "'":
            i += 2 if rest[i] == "'" else 1
        else:
            i += _LONGER.get(rest[i + 1 : i + 2], 2) if rest[i] == "\\" else 1
        seen += 1
    return line, 0

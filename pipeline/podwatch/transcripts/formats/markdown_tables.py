"""Tables of times, speakers and words in Markdown, each row as a line of a transcript.

Source: the tables of GitHub Flavored Markdown. The header says what the columns hold; where it does not, the cells do:
one that is a clock in all rows, and of two others the shorter one names who speaks.
"""

from __future__ import annotations

import re

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.delimited_tables import Roles, find_roles
from podwatch.transcripts.formats.speaker_names import MAX_NAME_LENGTH
from podwatch.transcripts.formats.written_times import CLOCK

_TABLE = lazy_pattern(
    r"^\|?([^\n|]*\|[^\n]*)\n\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?[ \t]*\n((?:[^\n]*\|[^\n]*(?:\n|\Z))+)",
    re.M,
)
_RULER = lazy_pattern(r"\n\|?[ \t]*:?-+:?[ \t]*\|")  # below a header: a sign of a table, found fast
_TIME = lazy_pattern(rf"[\[(*`]*({CLOCK})[\])*`]*")
_CELL = lazy_pattern(r"(?<!\\)\|")


def read_tables(text: str) -> str:
    """The text with the rows of its tables as "[0:07 --> 0:09] Marta Quill: words"; other tables as they are."""
    return _TABLE.sub(_read_table, text) if _RULER.search(text) else text


def _read_table(m: re.Match[str]) -> str:
    header, rows = _cells(m[1]), [_cells(row) for row in m[2].strip("\n").split("\n")]
    roles = find_roles([re.sub("[*_`]", "", cell) for cell in header])
    if roles is None or roles.start < 0:
        roles = _guess_roles(rows)
    if roles is None or not any(_TIME.fullmatch(_at(row, roles.start)) for row in rows):
        return m[0]
    return "\n\n".join(_line(row, roles) for row in rows) + "\n\n"


def _cells(row: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELL.split(row.strip().strip("|"))]


def _at(row: list[str], i: int) -> str:
    return row[i] if 0 <= i < len(row) else ""


def _guess_roles(rows: list[list[str]]) -> Roles | None:
    width = min(map(len, rows))
    times = [i for i in range(width) if all(_TIME.fullmatch(row[i]) for row in rows if row[i])]
    others = [i for i in range(width) if i not in times]
    if not times or not others:
        return None
    text = max(others, key=lambda i: sum(len(row[i]) for row in rows))
    names = [i for i in others if i != text and all(len(row[i]) <= MAX_NAME_LENGTH for row in rows)]
    return Roles(times[0], times[1] if len(times) > 1 else -1, names[0] if len(names) == 1 else -1, text)


def _line(row: list[str], roles: Roles) -> str:
    """All cells of a row: those of no role stand before the words."""
    start, end = (_TIME.fullmatch(_at(row, i)) for i in (roles.start, roles.end))
    others = [c for i, c in enumerate(row) if c and i not in roles]
    head = f"[{start[1]}{f' --> {end[1]}' if end else ''}] " if start else f"{_at(row, roles.start)} "
    speaker = re.sub(r"^[*_`]+|[*_`:]+$", "", _at(row, roles.speaker))
    return f"{head}{f'{speaker}: ' if speaker else ''}{' '.join([*others, _at(row, roles.text)])}".strip()

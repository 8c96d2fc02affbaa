"""What every command prints with: JSON lines for programs, a table on a terminal, tab-separated lines in a pipe."""

from __future__ import annotations

import csv
import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podwatch.errors import PodwatchError

if TYPE_CHECKING:  # every command prints, and few need these
    from podwatch.model import Mention, Tally, Watch
    from podwatch.runtime import Runtime
    from podwatch.settings import Settings

# Control characters, bidirectional controls (Unicode TR 9) and halves of a character, which no encoding can write.
_CONTROL: dict[int, str | None] = dict.fromkeys((*range(32), *range(127, 160), *range(8234, 8239), *range(8294, 8298)))
_CONTROL |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")

MAX_SENTENCE = 500  # characters of a sentence in a line


class Output(StrEnum):
    """What a list is printed as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


StyledLine = list[tuple[str, str]]  # (style, text), ...


def load_settings() -> Settings:
    from podwatch.settings import from_environment

    return from_environment(os.environ)


def open_runtime() -> Runtime:
    from podwatch.runtime import build

    return build(load_settings())


def utc_now() -> datetime:
    """The only clock of the command line."""
    return datetime.now(UTC)


def emit_json(row: Mapping[str, Any]) -> None:
    """One JSON line; a number that JSON does not have (NaN, infinity) becomes null."""
    import orjson

    data = row if isinstance(row, dict) else dict(row)
    try:
        encoded = orjson.dumps(data, default=_encode_path)
    except TypeError:  # a file name that is not UTF-8: Python holds its bytes as lone surrogates
        encoded = orjson.dumps(_printable(data), default=_encode_path)
    text = encoded.decode()
    if not text.isascii() and (sys.stdout.encoding or "").lower().replace("-", "") != "utf8":
        text = json.dumps(orjson.loads(encoded))  # \u escapes: an ASCII locale must not lose a letter
    sys.stdout.write(text + "\n")


def print_stderr(text: str) -> None:
    """A line for people; stdout holds nothing but what was asked for."""
    print(strip_control(text), file=sys.stderr)


def show_rows(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    as_json: bool,
    empty: str,
    *,
    as_csv: bool = False,
    header: bool = True,
) -> None:
    """Rows as JSON lines, as a table (terminal), or as tab-separated lines behind one with the columns' names (pipe).

    ``empty`` is said on stderr when there are none. CSV (RFC 4180) has its header also then.
    """
    if as_json:
        for row in rows:
            emit_json(row)
        return
    listed = list(rows)
    if not listed:
        print_stderr(empty)
    if as_csv:
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(columns)
        out.writerows([csv_cell(row.get(c)) for c in columns] for row in listed)
    if not listed or as_csv:
        return
    if not sys.stdout.isatty():
        if header:
            print("\t".join(columns))
        for row in listed:
            print("\t".join(format_cell(row.get(c)) for c in columns))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in listed:
        table.add_row(*(Text(format_cell(row.get(c)), style="red" if c == "error" else "") for c in columns))
    Console().print(table)


def print_line(line: StyledLine) -> None:
    """In colours on a terminal."""
    if not sys.stdout.isatty():
        print("".join(text for _, text in line))
        return
    from rich.console import Console
    from rich.text import Text

    Console(highlight=False, soft_wrap=True).print(Text.assemble(*((text, style) for style, text in line)))


def format_cell(value: Any) -> str:
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(format_cell(v) for v in value)
    return strip_control(str(value))


def csv_cell(value: Any) -> str:
    """A value for a spreadsheet: nothing where it is not known, and no formula, for names come from strangers."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "; ".join(csv_cell(v) for v in value)
    if isinstance(value, bool | int | float):
        return str(value).lower()
    from podwatch.notifiers.escaping import defuse_cell

    return defuse_cell(strip_control(str(value).replace("\n", " ")))


def strip_control(text: str) -> str:
    """Untrusted text without what would move the cursor, colour the screen or reverse the writing."""
    return text.translate(_CONTROL)


def mention_json(m: Mention, transcript: int | str, episode: int | str) -> dict[str, Any]:
    """The mention in the form that DESIGN.md fixes."""
    return {
        "watch": m.watch,
        "kind": m.kind.value,
        "score": m.score,
        "reason": m.reason,
        "surface": m.surface,
        "start": m.start,
        "end": m.end,
        "seconds": m.seconds,
        "approximate": m.approximate,
        "segment": m.segment,
        "speaker": m.speaker,
        "snippet": m.snippet,
        "transcript": transcript,
        "episode": episode,
    }


def style_sentence(watch: Watch, m: Mention, style: str) -> StyledLine:
    """The sentence of a mention, what matched in the style; long ones are cut between what matched."""
    from podwatch.notifiers.excerpt import excerpt

    return [(style if p.hit else "", strip_control(p.text)) for p in excerpt(watch, m, MAX_SENTENCE)]


def format_moment(m: Mention) -> str:
    """The time of a mention: 0:12:34, ~0:12:34 when only the times around it are known, - when none is."""
    return f"~{format_clock(m.seconds)}" if m.approximate else format_clock(m.seconds)


def format_clock(seconds: float) -> str:
    """0:12:34, or - when the time is not known."""
    from podwatch.notifiers import escaping

    return escaping.format_clock(seconds) or "-"


def finite_or_none(number: float) -> float | None:
    """The number where JSON has it; None for NaN (a time that is not known) and infinity."""
    return number if math.isfinite(number) else None


def print_tally(t: Tally, as_json: bool) -> None:
    if as_json:
        emit_json({"verb": t.verb, "done": t.done, "new": t.new, "failed": t.failed, "notes": list(t.notes)})
        return
    for note in t.notes:
        print_stderr(f"{t.verb}: {note}")
    print(f"{t.verb}: {t.done} done, {t.new} new, {t.failed} failed")


def require_utf8(text: str) -> str:
    """The text of an argument; raises PodwatchError when its bytes were not UTF-8: no column or file can hold them."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise PodwatchError("is not UTF-8 text", where=strip_control(text), todo="type it anew in a UTF-8 terminal")
    return text


def _printable(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _printable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(v) for v in value]
    return strip_control(str(value)) if isinstance(value, str | Path) else value


def _encode_path(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)

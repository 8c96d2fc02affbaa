"""How every command answers: JSON lines for programs, a table on a terminal, plain lines in a pipe."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from podwatch.errors import PodwatchError
from podwatch.model import Mention, Tally
from podwatch.runtime import Runtime, build
from podwatch.settings import Settings, from_environment

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout, nothing else there.")]
_CONTROL: dict[int, str | None] = dict.fromkeys((*range(32), *range(127, 160), *range(8234, 8239), *range(8294, 8298)))
_CONTROL |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # what no encoding can write


def settings() -> Settings:
    return from_environment(os.environ)


def runtime() -> Runtime:
    return build(settings())


def now() -> datetime:
    """The only clock of the command line."""
    return datetime.now(UTC)


def emit(row: Mapping[str, Any]) -> None:
    """One JSON line; a number that JSON does not have becomes null."""
    data = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
    try:
        encoded = orjson.dumps(data, default=_default)
    except TypeError:  # a file name that is not UTF-8: Python holds its bytes as lone surrogates
        encoded = orjson.dumps(_sayable(data), default=_default)
    text = encoded.decode()
    if not text.isascii() and (sys.stdout.encoding or "").lower().replace("-", "") != "utf8":
        text = json.dumps(orjson.loads(encoded))  # \u escapes: an ASCII locale must not lose a letter
    sys.stdout.write(text + "\n")


def say(text: str) -> None:
    """A line for people on stderr, so that stdout stays what was asked for."""
    print(plain(text), file=sys.stderr)


def show(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], as_json: bool, empty: str) -> None:
    """Rows as JSON lines, as a table (terminal) or as tab-separated lines (pipe)."""
    if as_json:
        for row in rows:
            emit(row)
        return
    listed = list(rows)
    if not listed:
        say(empty)
        return
    if not sys.stdout.isatty():
        for row in listed:
            print("\t".join(cell(row.get(c)) for c in columns))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in listed:
        table.add_row(*(Text(cell(row.get(c)), style="red" if c == "error" else "") for c in columns))
    Console().print(table)


def cell(value: Any) -> str:
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(cell(v) for v in value)
    return plain(str(value))


def plain(text: str) -> str:
    """A stranger's text without what would move the cursor, colour the screen or turn the writing round."""
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


def moment(m: Mention) -> str:
    """When a mention is said: 0:12:34, ~0:12:34 when only the times around it are known, - when none is."""
    return f"~{clock(m.seconds)}" if m.approximate else clock(m.seconds)


def clock(seconds: float) -> str:
    """0:12:34, or - when the time is not known."""
    if math.isnan(seconds):
        return "-"
    whole = int(seconds)
    return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"


def tally(t: Tally, as_json: bool) -> None:
    if as_json:
        emit({"verb": t.verb, "done": t.done, "new": t.new, "failed": t.failed, "notes": list(t.notes)})
        return
    for note in t.notes:
        say(f"{t.verb}: {note}")
    print(f"{t.verb}: {t.done} done, {t.new} new, {t.failed} failed")


def utf8(text: str) -> str:
    """The text of an argument; raises PodwatchError when its bytes were not UTF-8, for nothing can hold them then."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise PodwatchError("is not UTF-8 text", where=plain(text), todo="type it anew in a UTF-8 terminal")
    return text


def _sayable(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _sayable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(v) for v in value]
    return plain(str(value)) if isinstance(value, str | Path) else value


def _default(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)

"""One watch as an entry of a watchlist: the fields that say it, as YAML, and back through the loader.

What the page edits is such an entry, so that a form, a file and `watches check` refuse and accept the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podwatch.errors import WatchlistError
from podwatch.model import DeliverMode, Scope, Watch
from podwatch.query.parser import QueryError, parse
from podwatch.watchlist.loader import parse_watchlist

Entry = Mapping[str, Any]
# In the order in which people read them, and docs/watchlist.md has them.
FIELDS = ("name", "query", "entity", "surge", "type", "aliases", "sounds_like", "threshold", "exclude", "feeds", "skip",
          "channel", "deliver", "minimum", "repeat_after", "silent_after", "was")  # fmt: skip
SIDES = ("tags", "urls", "languages")
_PLAIN = Watch(name="plain")
_UNITS = ((7 * 86400, "w"), (86400, "d"), (3600, "h"), (60, "m"))
_BARE = re.compile(r"[A-Za-z][\w.-]*(?: [\w.-]+)*")
_WORDS_OF_YAML = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


@dataclass(frozen=True, slots=True)
class FieldMistake:
    """What is wrong with an entry. field: "" for the whole; column: in that field's text, from 1, 0 for all of it."""

    field: str
    column: int
    what: str
    todo: str = ""


class EntryMistakes(Exception):
    """An entry that makes no watch."""

    def __init__(self, mistakes: Sequence[FieldMistake]) -> None:
        super().__init__("; ".join(m.what for m in mistakes))
        self.mistakes = tuple(mistakes)


def entry_of(watch: Watch, *, explicit: bool = False) -> dict[str, Any]:
    """The fields that say the watch; explicit: also those that are as a watchlist without defaults has them."""
    w = watch
    found: dict[str, Any] = {"name": w.name}
    for name in ("query", "entity"):
        if (value := getattr(w, name)) is not None:
            found[name] = value
    if w.surge is not None:
        found["surge"] = {"types": [t.value for t in w.surge]}
    if w.type is not None:
        found["type"] = w.type
    found |= {name: list(values) for name in ("aliases", "exclude", "skip") if (values := getattr(w, name))}
    if w.sounds_like:
        found["sounds_like"] = True
    if w.threshold is not None:
        found["threshold"] = float(w.threshold)
    if w.scope != Scope():
        found["feeds"] = _scope_entry(w.scope)
    found["channel"] = w.channel
    if explicit or w.deliver is not DeliverMode.EACH:
        found["deliver"] = w.deliver.value
    if w.surge is None and (explicit or w.minimum != _PLAIN.minimum):
        found["minimum"] = w.minimum
    for name in ("repeat_after", "silent_after"):
        if seconds := getattr(w, name):
            found[name] = format_pause(seconds)
    if w.was:
        found["was"] = list(w.was)
    return order_fields(found)


def order_fields(entry: Entry) -> dict[str, Any]:
    """The same fields in the order of FIELDS, those that are not known last."""
    return {name: entry[name] for name in (*FIELDS, *(n for n in entry if n not in FIELDS)) if name in entry}


def format_pause(seconds: float) -> str:
    """``12h``, ``2d``: the largest unit of which it is a whole number, as it is written in a watchlist."""
    for size, unit in _UNITS:
        if seconds % size == 0 and seconds // size <= 9999:
            return f"{int(seconds // size)}{unit}"
    return f"{max(1, round(seconds / 60))}m"


def format_entry(entry: Entry, *, dash: str = "  - ") -> str:
    """The entry as YAML, a field a line, as an item of the list of watches. dash: what stands before the first one."""
    lines = [f"{name}: {format_value(value)}" for name, value in order_fields(entry).items()]
    indent = " " * len(dash)
    return "".join(f"{dash if i == 0 else indent}{line}\n" for i, line in enumerate(lines))


def format_value(value: Any) -> str:
    """A value on one line, as YAML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {format_value(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(format_value(v) for v in value) + "]"


def parse_entry(entry: Entry) -> Watch:
    """The watch that an entry says; raises EntryMistakes."""
    text = f"watches:\n{format_entry(entry)}"
    try:
        watches, _ = parse_watchlist(text, "")
    except* WatchlistError as group:
        names = list(order_fields(entry))
        raise EntryMistakes([_place(e, entry, names) for e in _flatten(group)]) from None
    return watches[0]


def _place(e: WatchlistError, entry: Entry, names: Sequence[str]) -> FieldMistake:
    """The mistake at its field: a field has a line of its own, behind the first line of the document."""
    number = e.at[0] - 2
    field = names[number] if 0 <= number < len(names) else ""
    if field == "query":
        try:
            parse(str(entry["query"]))
        except QueryError as mistake:
            if mistake.what == e.what:
                return FieldMistake("query", mistake.column, e.what, e.todo)
        except (WatchlistError, RecursionError):
            pass
    what = e.what.removeprefix(f"{field}: ")
    if field == "name" and what == e.what and "name" not in what:
        field = ""  # said at the beginning of the watch, since it is about all of it
    return FieldMistake(field, 0, what, e.todo)


def _flatten(group: BaseException) -> Iterator[WatchlistError]:
    if isinstance(group, BaseExceptionGroup):
        for inner in group.exceptions:
            yield from _flatten(inner)
    elif isinstance(group, WatchlistError):
        yield group


def _scope_entry(s: Scope) -> dict[str, Any]:
    found: dict[str, Any] = {name: list(values) for name in SIDES if (values := getattr(s, name))}
    excluded = {name: list(values) for name in SIDES if (values := getattr(s, f"not_{name}"))}
    return found | ({"exclude": excluded} if excluded else {})


def _quote(text: str) -> str:
    if _BARE.fullmatch(text) and text.lower() not in _WORDS_OF_YAML and text.isascii():
        return text
    if text.isprintable() and text == text.strip():
        return '"' + text + '"' if "'" in text and not set(text) & set('"\\') else "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(c: str) -> str:
    if c in '"\\':
        return f"\\{c}"
    if c.isprintable():
        return c
    number = ord(c)
    return {"\n": "\\n", "\t": "\\t"}.get(c) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")

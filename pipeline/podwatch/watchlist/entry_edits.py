"""Changes one watch in the text of a watchlist, line by line: all other lines stay as their authors wrote them.

For a team whose watchlist is a file that is synced: the page shows what is to be committed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from podwatch.errors import WatchlistError
from podwatch.model import Watch
from podwatch.watchlist.entries import Entry, entry_of, format_entry, format_value, order_fields
from podwatch.watchlist.loader import parse_watchlist
from podwatch.watchlist.yaml_positions import item_position, load_yaml

_COMMENT = re.compile(r"\s+#[^'\"]*$")  # behind a value, where no quote could be closed by it
_BETWEEN = re.compile(r"\s*(#.*)?$")  # a line that belongs to what follows it, or to nothing
_EMPTY_LIST = re.compile(r"^watches:\s*\[\s*\]\s*(#.*)?$")
_UNPLACED = {"line": 0, "column": 0, "value_at": (0, 0)}


def edit_watch(text: str, file: str, name: str | None, watch: Watch | None) -> str:
    """The watchlist with the watch called ``name`` changed to ``watch``; None for name: added, for watch: taken out.

    Raises WatchlistError (or a group of them) when the text has mistakes, has no such watch, or is written in a way
    that nothing can be changed in it without harm to the rest.
    """
    before, _ = parse_watchlist(text, file)
    by_name = {w.name: w for w in before}
    if name is not None and name not in by_name:
        raise WatchlistError("is not in it", where=f"{file}: watch {name}", todo="sync the watchlist, and look again")
    if watch is not None and name is not None:  # the names that it had before stay with it
        watch = replace(watch, was=tuple(dict.fromkeys((*by_name[name].was, *watch.was))))
    wanted = [watch if w.name == name else w for w in before]
    wanted = [*wanted, watch] if name is None else wanted
    expected = [_plain(w) for w in wanted if w is not None]
    for explicit in (False, True):  # what a watchlist's defaults say may have to be said otherwise
        edited = _edit(text, by_name.get(name or ""), watch, explicit)
        if edited is not None and _reads_as(edited, file, expected):
            return edited
    raise WatchlistError("cannot be edited without harm", where=file, todo="change it by hand")


def diff_of(before: str, after: str, file: str) -> str:
    """What ``patch`` and people read: a unified diff with three lines around each change."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), f"a/{file}", f"b/{file}", lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _plain(w: Watch) -> Watch:
    """Without what a file does not say."""
    return replace(w, id=0, revision=0, revised_at=None, key_name="", was=(), **_UNPLACED)  # type: ignore[arg-type]


def _reads_as(text: str, file: str, expected: Sequence[Watch]) -> bool:
    found: list[Watch] = []
    try:
        found, _ = parse_watchlist(text, file)
    except* WatchlistError:
        pass
    return [_plain(w) for w in found] == list(expected)


def _edit(text: str, old: Watch | None, new: Watch | None, explicit: bool) -> str | None:
    lines = text.splitlines()
    tree = load_yaml(text, "")
    entries = tree["watches"]
    if not isinstance(entries, list):
        return None
    if not entries:
        return None if new is None else _fill(lines, new, explicit)
    starts = [item_position(entries, i) for i in range(len(entries))]
    dashes = [_dash(lines, at) for at in starts]
    if any(d is None for d in dashes):
        return None  # a list in [...], or one whose items do not begin in a line of their own
    end_of_list = _end_of(tree, "watches", len(lines))
    ends = [_trim(lines, b[0] - 1) for b in starts[1:]] + [_trim(lines, end_of_list)]
    if old is None:
        assert new is not None
        entry = format_entry(entry_of(new, explicit=explicit), dash=dashes[-1] or "  - ")
        gap = [""] if len(entries) > 1 and not lines[ends[-2]].strip() else []  # as the others are set apart
        return _joined([*lines[: ends[-1]], *gap, *entry.splitlines(), *lines[ends[-1] :]])
    index = next(i for i, e in enumerate(entries) if isinstance(e, dict) and str(e.get("name")) == old.name)
    first, end = starts[index][0] - 1, ends[index]
    if new is None:
        rest = [*lines[:first], *lines[end:]]
        return _joined(rest if len(entries) > 1 else [*rest[:first][:-1], "watches: []", *rest[first:]])
    changed = _changed_fields(entry_of(old, explicit=explicit), entry_of(new, explicit=explicit))
    edited = _edit_fields(lines[first:end], first, entries[index], dashes[index] or "", changed)
    if edited is None:
        edited = format_entry(entry_of(new, explicit=True), dash=dashes[index] or "").splitlines()
    return _joined([*lines[:first], *edited, *lines[end:]])


def _fill(lines: Sequence[str], new: Watch, explicit: bool) -> str | None:
    """The watchlist whose list of watches is empty, with its first one."""
    at = next((i for i, line in enumerate(lines) if _EMPTY_LIST.match(line)), None)
    if at is None:
        return None
    entry = format_entry(entry_of(new, explicit=explicit)).splitlines()
    return _joined([*lines[:at], "watches:", *entry, *lines[at + 1 :]])


def _edit_fields(
    lines: Sequence[str], first: int, node: Mapping[str, Any], dash: str, changed: Mapping[str, Any]
) -> list[str] | None:
    """The lines of an entry with these fields changed (None: taken out); None when it has no line for each field."""
    places = {key: at for key, at in node.lc.data.items() if key in node}  # type: ignore[attr-defined]
    rows = {key: at[0] - first for key, at in places.items()}
    if any(at[1] != len(dash) for at in places.values()) or len(set(rows.values())) != len(rows):
        return None
    order = sorted(rows, key=lambda key: rows[key])
    ends = {key: rows[after] for key, after in pairwise(order)} | {order[-1]: len(lines)}
    indent = " " * len(dash)
    parts = {key: list(lines[rows[key] : ends[key]]) for key in order}
    for key, value in changed.items():
        if key in parts and value is not None:
            own = parts[key]
            kept = own[_trim(own, len(own)) :]
            comment = found[0] if _trim(own, len(own)) == 1 and (found := _COMMENT.search(own[0])) else ""
            parts[key] = [f"{indent}{key}: {format_value(value)}{comment}", *kept]
        elif key in parts:
            own = parts.pop(key)
            behind = own[_trim(own, len(own)) :]
            order.remove(key)
            if behind and order:
                parts[order[-1]] += behind
        elif value is not None:
            ranked = list(order_fields(dict.fromkeys((*order, key))))
            before = [k for k in ranked[: ranked.index(key)] if k in order]
            order.insert(order.index(before[-1]) + 1 if before else 0, key)
            parts[key] = [f"{indent}{key}: {format_value(value)}"]
    built = [line for key in order for line in parts[key]]
    return [dash + built[0][len(dash) :], *(_indent_first(line, dash, indent) for line in built[1:])] if built else None


def _indent_first(line: str, dash: str, indent: str) -> str:
    """The line that began the entry, where it does not begin it any more."""
    return indent + line[len(dash) :] if line.startswith(dash) and dash.strip() else line


def _changed_fields(old: Entry, new: Entry) -> dict[str, Any]:
    """The fields that differ, with their new values; None for those that are no more."""
    names = [*new, *(n for n in old if n not in new)]
    return {n: new.get(n) for n in names if old.get(n) != new.get(n)}


def _dash(lines: Sequence[str], at: tuple[int, int]) -> str | None:
    """What stands before an item in its line: blanks, a dash and blanks; None when it is anything else."""
    before = lines[at[0] - 1][: at[1] - 1]
    return before if re.fullmatch(r" *- +", before) else None


def _end_of(tree: Any, key: str, last: int) -> int:
    """The line behind the value of a key: where the next key of the file begins, or its end."""
    own = tree.lc.data[key][0]
    return min((at[0] for at in tree.lc.data.values() if at[0] > own), default=last)


def _trim(lines: Sequence[str], end: int) -> int:
    """The end of what is written before ``end``, without blank lines and comments, which are about what follows."""
    while end > 0 and _BETWEEN.fullmatch(lines[end - 1]):
        end -= 1
    return end


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)

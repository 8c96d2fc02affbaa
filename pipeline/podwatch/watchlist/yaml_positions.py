"""The YAML of a watchlist: its plain values, and the line and column of each, counted from 1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from podwatch.errors import WatchlistError
from podwatch.watchlist.fast_yaml import read_usual_yaml
from podwatch.watchlist.yaml_advice import advise_on_yaml

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # where YAML 1.1, and so ruamel, ends a line
_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}  # characters of an escape in "..."; all others have two
TOO_LARGE = "is too large or too deep when its aliases are written out"


def load_yaml(text: str, file: str) -> Any:
    """The text as a mapping whose nodes know their place (``lc``); raises WatchlistError."""
    tree: Any = read_usual_yaml(text)
    if tree is None:
        tree = _load_any_yaml(text, file)
    if not isinstance(tree, dict) or "watches" not in tree:
        todo = "see seeds/watchlist.yaml for the form"
        raise WatchlistError("has no `watches:`", where=f"{file}:1", todo=todo, at=(1, 1))
    return tree


def _load_any_yaml(text: str, file: str) -> Any:
    """What ruamel.yaml makes of a text: YAML 1.2, slowly; raises WatchlistError."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        if "!" in text:
            _refuse_tags(text, file)
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        at = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        where = f"{file}:{at[0]}:{at[1]}" if mark else file
        todo = advise_on_yaml(text, at[0])
        raise WatchlistError(f"is not YAML: {e.problem or e.context}", where=where, todo=todo, at=at) from None
    except (YAMLError, ValueError, RecursionError) as e:
        raise WatchlistError(
            f"is not YAML: {str(e).splitlines()[0] if str(e) else type(e).__name__}", where=file
        ) from None


def _refuse_tags(text: str, file: str) -> None:
    """Raises WatchlistError for ``!!bool x`` or ``!x``: a watchlist needs none, and they can construct any object."""
    from ruamel.yaml import YAML

    for event in YAML(typ="rt").parse(text):
        tag = getattr(event, "tag", None)
        if tag is not None:
            mark = event.start_mark
            at = (mark.line + 1, mark.column + 1)
            raise WatchlistError(
                f"has a YAML tag: {str(tag).replace('tag:yaml.org,2002:', '!!')}",
                where=f"{file}:{at[0]}:{at[1]}",
                todo='leave it out, or put text in "quotes"',
                at=at,
            )


def to_plain(node: Any, budget: Iterator[int]) -> Any:
    """YAML's own classes as plain ones, so that strict validation sees str, int and bool; aliases are expanded.

    budget: how many values there may be; raises WatchlistError beyond it, or for a key that is a list or mapping.
    """
    if next(budget, None) is None:
        raise WatchlistError(TOO_LARGE)
    if isinstance(node, dict):
        return {key_text(k): to_plain(v, budget) for k, v in node.items()}
    if isinstance(node, list):
        return [to_plain(v, budget) for v in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def key_text(key: Any) -> str:
    """A key as text; raises WatchlistError when it is a list or a mapping."""
    if isinstance(key, str | int | float | bool):
        return str(key)
    raise WatchlistError("has a key that is no word")


def find_position(node: Any, path: Iterable[Any], at: tuple[int, int]) -> tuple[int, int]:
    """The position of the innermost node of a path that is written in the file; ``at`` is that of the outermost."""
    for part in path:
        if isinstance(node, dict) and part in node:
            at = key_position(node, part, at)
            node = node[part]
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            at = item_position(node, part)
            node = node[part]
        else:
            break
    return at


def key_position(node: Any, key: Any, at: tuple[int, int]) -> tuple[int, int]:
    """The line and column of a key; ``at`` when it is not written here (but merged in with <<, say)."""
    written = _written(node, key)
    return (written[0] + 1, written[1] + 1) if written else at


def value_position(node: Any, key: Any) -> tuple[int, int]:
    """The line and column of the value of a key; (0, 0) when it is not written here."""
    written = _written(node, key)
    return (written[2] + 1, written[3] + 1) if written else (0, 0)


def _written(node: Any, key: Any) -> list[int] | None:
    """Line and column of a key, then of its value, from 0; None when it is not written here."""
    written = getattr(getattr(node, "lc", None), "data", None) or {}
    return written.get(key) if isinstance(node, dict) else None


def item_position(node: Any, index: int) -> tuple[int, int]:
    """The line and column of an item of a list."""
    line, column = node.lc.item(index)
    return int(line) + 1, int(column) + 1


def position_within(text: str, at: tuple[int, int], column: int) -> tuple[int, int]:
    """The line and column in the file of the ``column``-th character of a value that begins ``at`` (all from 1).

    So a mistake in a query is pointed at in an editor. The column is 0, not known, where the value goes over several
    lines or is written elsewhere (an alias). Blanks around a value do not count: they are stripped when it is read.
    """
    line, start = at
    if not line:
        return 0, 0
    rest = _LINE_BREAK.split(text, line)[line - 1][start - 1 :]
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
            i += _ESCAPE_LENGTHS.get(rest[i + 1 : i + 2], 2) if rest[i] == "\\" else 1
        seen += 1
    return line, 0

"""The YAML of a watchlist, as plain values and with the place of each: line and column, counted from 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from podwatch.errors import WatchlistError

TOO_LARGE = "is too large or too deep when its aliases are written out"


def load(text: str, file: str) -> Any:
    """The mapping that the text is, with the place of each node (``lc``); raises WatchlistError."""
    try:
        if "!" in text:
            _refuse_tags(text, file)
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        at = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        where = f"{file}:{at[0]}:{at[1]}" if mark else file
        raise WatchlistError(f"is not YAML: {e.problem or e.context}", where=where, at=at) from None
    except (YAMLError, ValueError, RecursionError) as e:
        raise WatchlistError(
            f"is not YAML: {str(e).splitlines()[0] if str(e) else type(e).__name__}", where=file
        ) from None
    if not isinstance(tree, dict) or "watches" not in tree:
        todo = "see seeds/watchlist.yaml for the form"
        raise WatchlistError("has no `watches:`", where=f"{file}:1", todo=todo, at=(1, 1))
    return tree


def _refuse_tags(text: str, file: str) -> None:
    """Raises WatchlistError for ``!!bool x`` or ``!x``: nothing here needs one, and what they do is not for a list."""
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


def plain(node: Any, budget: Iterator[int]) -> Any:
    """YAML's own classes as plain ones, so that strict validation sees str, int and bool; aliases are written out."""
    if next(budget, None) is None:
        raise WatchlistError(TOO_LARGE)
    if isinstance(node, dict):
        return {word_of(k): plain(v, budget) for k, v in node.items()}
    if isinstance(node, list):
        return [plain(v, budget) for v in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def word_of(key: Any) -> str:
    if isinstance(key, str | int | float | bool):
        return str(key)
    raise WatchlistError("has a key that is no word")


def find(node: Any, path: Iterable[Any], at: tuple[int, int]) -> tuple[int, int]:
    for part in path:
        if isinstance(node, dict) and part in node:
            at = key_at(node, part, at)
            node = node[part]
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            at = position(node, part)
            node = node[part]
        else:
            break
    return at


def key_at(node: Any, key: Any, at: tuple[int, int]) -> tuple[int, int]:
    """The line and column of a key; ``at`` when it is not written here (but merged in with <<, say)."""
    written = getattr(getattr(node, "lc", None), "data", None) or {}
    return (written[key][0] + 1, written[key][1] + 1) if isinstance(node, dict) and key in written else at


def value_at(node: Any, key: Any) -> tuple[int, int]:
    """The line and column of the value of a key; (0, 0) when it is not written here."""
    written = getattr(getattr(node, "lc", None), "data", None) or {}
    return (written[key][2] + 1, written[key][3] + 1) if isinstance(node, dict) and key in written else (0, 0)


def position(node: Any, index: int) -> tuple[int, int]:
    line, column = node.lc.item(index)
    return int(line) + 1, int(column) + 1

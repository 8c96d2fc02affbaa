"""Validates the forms of a watchlist with pydantic; each mistake names the file, line, watch and field.

Loaded only for what is not plainly right (see plain_entries.py): to load pydantic takes longer than most commands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from podwatch.errors import WatchlistError, suggest_name
from podwatch.watchlist.mistakes import Mistakes
from podwatch.watchlist.schema import (
    FORMS,
    ChannelEntry,
    Defaults,
    FeedScope,
    Sides,
    SurgeEntry,
    WatchEntry,
    Watchlist,
)
from podwatch.watchlist.yaml_positions import TOO_LARGE, find_position, key_text, to_plain


def validate_watchlist(tree: Any, file: str, budget: Iterator[int]) -> Watchlist:
    """The outer form, its watches as they are; raises Mistakes."""
    try:
        return Watchlist.model_validate(
            {key_text(k): v if k == "watches" else to_plain(v, budget) for k, v in tree.items()}
        )
    except ValidationError as e:
        raise Mistakes(_validation_errors(e, tree, file)) from None
    except (WatchlistError, RecursionError) as e:
        what = e.what if isinstance(e, WatchlistError) else TOO_LARGE
        raise Mistakes([WatchlistError(what, where=file)]) from None


def validate_entry(raw: Any, file: str, name: str, at: tuple[int, int], budget: Iterator[int]) -> WatchEntry:
    """The form of a watch that begins at ``at``; raises Mistakes, or WatchlistError."""
    try:
        return WatchEntry.model_validate(to_plain(raw, budget))
    except ValidationError as e:
        raise Mistakes(_validation_errors(e, raw, file, name, at)) from None


def _validation_errors(
    e: ValidationError, node: Any, file: str, name: str = "", at: tuple[int, int] = (1, 1)
) -> list[WatchlistError]:
    found = []
    for problem in e.errors(include_url=False, include_input=True):
        path = [p for p in problem["loc"] if isinstance(p, str | int)]
        place = find_position(node, path, at)
        field = ".".join(str(p) for p in path)
        is_unknown = problem["type"] == "extra_forbidden"
        what = "is not a known field" if is_unknown else _problem_text(problem)
        todo = suggest_name(str(path[-1]), _fields_at(path[:-1], is_watch=bool(name)), "") if is_unknown else ""
        where = f"{file}:{place[0]}" + (f": watch {name}" if name else "")
        what = f"{field}: {what}" if field else what
        found.append(WatchlistError(what, where=where, todo=todo, at=place, watch=name))
    return found


def _fields_at(path: Sequence[str | int], *, is_watch: bool) -> list[str]:
    """The fields of the mapping at a path, within a watch or within the whole file."""
    forms: dict[str | int, type[BaseModel]] = {"feeds": FeedScope, "exclude": Sides, "surge": SurgeEntry}
    forms |= {"defaults": Defaults}
    form: type[BaseModel] = WatchEntry if is_watch else Watchlist
    for part in path:
        form = forms.get(part, ChannelEntry)
    return [*form.model_fields]


def _problem_text(problem: Any) -> str:
    given, kind = problem.get("input"), str(problem["type"])
    if isinstance(given, str | int | float) and not isinstance(given, bool):
        shown = f", not {given!r}"[:120]
    elif kind.endswith("_type") or kind == "literal_error":
        names = {type(None): "null", bool: str(given).lower(), list: "a list", dict: "a mapping"}
        shown = f", not {names.get(type(given), f'a {type(given).__name__}')}"
    else:
        shown = ""
    text = str(problem["msg"]).removeprefix("Value error, ")
    if kind == "model_type":
        fields = list(FORMS[problem["ctx"]["class_name"]].model_fields)
        text = f"should be a mapping with {', '.join(fields[:3])}{', ...' if len(fields) > 3 else ''}"
    return (text[0].lower() + text[1:] + shown)[:300]

"""Reads watchlist.yaml and says of each mistake in which file, line and watch it stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from podwatch import files
from podwatch.errors import WatchlistError
from podwatch.model import ChannelRules, DeliverMode, EntityType, Scope, Watch, fold_spelling
from podwatch.query import parser as queries
from podwatch.watchlist import times
from podwatch.watchlist.form import FORMS, NOT_WITH_SURGE, ChannelEntry, Defaults, WatchEntry, Watchlist
from podwatch.watchlist.scalar_positions import position_within
from podwatch.watchlist.yaml_positions import TOO_LARGE, find, key_at, load, plain, position, value_at, word_of

MAX_BYTES = 16 * 1024 * 1024
MAX_ALIASED = 1_000_000  # values that aliases may add to those that are written


def read(path: Path) -> list[Watch]:
    """The watches of a file; see read_all()."""
    return read_with_channels(path)[0]


def read_with_channels(path: Path) -> tuple[list[Watch], list[ChannelRules]]:
    """The watches of a file, and what it says of channels.

    Raises WatchlistError, or an ExceptionGroup of them when there are several mistakes.
    """
    return parse_with_channels(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a watchlist's file; raises WatchlistError."""
    try:
        return files.read(path, MAX_BYTES, WatchlistError).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WatchlistError("is not UTF-8 text", where=str(path), todo="save it as UTF-8") from None


def parse(text: str, file: str) -> list[Watch]:
    """The watches in the text of a watchlist; ``file`` names it in the errors."""
    return parse_with_channels(text, file)[0]


def parse_with_channels(text: str, file: str) -> tuple[list[Watch], list[ChannelRules]]:
    """The watches in the text of a watchlist, and what it says of channels."""
    tree = load(text, file)
    mistakes: list[WatchlistError] = []
    budget = iter(range(len(text) + MAX_ALIASED))
    try:
        outer = Watchlist.model_validate(
            {word_of(k): v if k == "watches" else plain(v, budget) for k, v in tree.items()}
        )
    except ValidationError as e:
        raise _combine_errors(_lines(e, tree, file)) from None
    except (WatchlistError, RecursionError) as e:
        raise WatchlistError(e.what if isinstance(e, WatchlistError) else TOO_LARGE, where=file) from None
    watches: list[Watch] = []
    seen: dict[str, int] = {}
    for i, raw in enumerate(outer.watches):
        line, column = position(tree["watches"], i)
        try:
            entry = WatchEntry.model_validate(plain(raw, budget))
            value = value_at(raw, "entity" if entry.query is None else "query")
            watch = replace(_watch(entry, outer.defaults), line=line, column=column, value_at=value)
            if watch.name in seen:
                raise WatchlistError(f"the name is taken by the watch in line {seen[watch.name]}", todo="rename one")
        except ValidationError as e:
            mistakes += _lines(e, raw, file, _name(raw, i), (line, column))
        except WatchlistError as e:
            name, at = _name(raw, i), key_at(raw, e.where or "name", (line, column))
            where = f"{file}:{at[0]}: watch {name}"
            if isinstance(e, queries.QueryError):
                at = position_within(text, value_at(raw, "query"), e.column)
            mistakes.append(WatchlistError(e.what, where=where, todo=e.todo, at=at, watch=name))
        except RecursionError:
            name = _name(raw, i)
            where = f"{file}:{line}: watch {name}"
            mistakes.append(WatchlistError(TOO_LARGE, where=where, at=(line, column), watch=name))
        else:
            seen[watch.name] = line
            watches.append(watch)
    if mistakes:
        raise _combine_errors(mistakes)
    return watches, [_rules(name, entry) for name, entry in outer.channels.items()]


def _rules(name: str, entry: ChannelEntry) -> ChannelRules:
    usual = ChannelRules(name=name)
    return ChannelRules(
        name=name,
        digest=times.parse_digest_times(entry.digest) if entry.digest else usual.digest,
        quiet=times.parse_quiet_hours(entry.quiet) if entry.quiet else None,
        ceiling=entry.ceiling,
    )


def _watch(entry: WatchEntry, defaults: Defaults) -> Watch:
    kinds = [name for name in ("query", "entity", "surge") if getattr(entry, name) is not None]
    if len(kinds) != 1:
        many = f"{'all of' if len(kinds) > 2 else 'both'} {' and '.join(kinds)}"
        raise WatchlistError(f"has {many if kinds else 'neither query nor entity nor surge'}", todo="give it one")
    if entry.surge is not None:
        _only_a_surge(entry)
    if entry.query is not None:
        if entry.aliases or entry.sounds_like:
            raise WatchlistError("has aliases or sounds_like beside a query", todo="they belong to an entity")
        queries.parse(entry.query)
    if entry.threshold is not None and not entry.sounds_like:
        raise WatchlistError("has a threshold without sounds_like", where="threshold", todo="add sounds_like: true")
    for name in (entry.entity, *entry.aliases):
        if name is not None and not any(c.isalnum() for c in name):
            raise WatchlistError(f"{name!r} has no letter or digit to look for")
    clash = {fold_spelling(name) for name in entry.exclude} & {
        fold_spelling(name) for name in (entry.entity or "", *entry.aliases)
    }
    if clash:
        raise WatchlistError(f"{min(clash)!r} is both looked for and excluded", where="exclude", todo="drop one")
    f = entry.feeds
    return Watch(
        name=entry.name,
        query=entry.query,
        entity=entry.entity,
        surge=tuple(EntityType(t) for t in sorted(set(entry.surge.types))) if entry.surge else None,
        type=entry.type,
        aliases=tuple(dict.fromkeys(entry.aliases)),
        exclude=tuple(dict.fromkeys(entry.exclude)),
        sounds_like=entry.sounds_like,
        threshold=entry.threshold,
        skip=tuple(sorted(set(entry.skip))),
        scope=Scope(
            tags=tuple(f.tags),
            urls=tuple(f.urls),
            languages=tuple(f.languages),
            not_tags=tuple(f.exclude.tags),
            not_urls=tuple(f.exclude.urls),
            not_languages=tuple(f.exclude.languages),
        ),
        channel=entry.channel or defaults.channel,
        deliver=DeliverMode(entry.deliver or defaults.deliver),
        minimum=1 if entry.surge else entry.minimum or defaults.minimum,  # of mentions; a surge counts episodes
        repeat_after=times.parse_pause(text) if (text := entry.repeat_after or defaults.repeat_after) else 0.0,
    )


def _only_a_surge(entry: WatchEntry) -> None:
    for name in NOT_WITH_SURGE:
        if name in entry.model_fields_set:
            raise WatchlistError(f"has {name} beside a surge", where=name, todo="take it out: it is about any name")
    if entry.feeds.languages or entry.feeds.exclude.languages:
        raise WatchlistError("has languages beside a surge", where="feeds", todo="take them out: it knows English only")


def _lines(
    e: ValidationError, node: Any, file: str, name: str = "", at: tuple[int, int] = (1, 1)
) -> list[WatchlistError]:
    found = []
    for problem in e.errors(include_url=False, include_input=True):
        path = [p for p in problem["loc"] if isinstance(p, str | int)]
        place = find(node, path, at)
        field = ".".join(str(p) for p in path)
        what = "is not a known field" if problem["type"] == "extra_forbidden" else _message(problem)
        where = f"{file}:{place[0]}" + (f": watch {name}" if name else "")
        found.append(WatchlistError(f"{field}: {what}" if field else what, where=where, at=place, watch=name))
    return found


def _message(problem: Any) -> str:
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


def _name(raw: Any, index: int) -> str:
    name = raw.get("name") if isinstance(raw, dict) else None
    return str(name) if name and isinstance(name, str | int | float) else f"number {index + 1}"


def _combine_errors(mistakes: list[WatchlistError]) -> Exception:
    return mistakes[0] if len(mistakes) == 1 else ExceptionGroup("mistakes in the watchlist", mistakes)

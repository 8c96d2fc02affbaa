"""Reads watchlist.yaml into watches and rules of channels; each error names the file, line and watch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podwatch import files
from podwatch.errors import WatchlistError
from podwatch.model import ChannelRules, DeliverMode, EntityType, Scope, Watch, canonical_channel, fold_spelling
from podwatch.query.parser import QueryError, parse
from podwatch.redaction import split_login
from podwatch.watchlist import times
from podwatch.watchlist.fast_yaml import PlacedDict, PlacedList
from podwatch.watchlist.mistakes import Mistakes
from podwatch.watchlist.plain_entries import (
    MAX_TEXT,
    NOT_WITH_SURGE,
    NotPlain,
    PlainChannel,
    PlainDefaults,
    PlainEntry,
    read_channels,
    read_defaults,
    read_entry,
)
from podwatch.watchlist.yaml_positions import (
    TOO_LARGE,
    item_position,
    key_position,
    load_yaml,
    position_within,
    value_position,
)

if TYPE_CHECKING:
    from podwatch.watchlist.schema import ChannelEntry, Defaults, WatchEntry

MAX_BYTES = 16 * 1024 * 1024
MAX_ALIASED = 1_000_000  # values that YAML's aliases may add to those that are written


def read_watches(path: Path) -> list[Watch]:
    """The watches of a file; raises what read_watchlist() does."""
    return read_watchlist(path)[0]


def read_watchlist(path: Path) -> tuple[list[Watch], list[ChannelRules]]:
    """The watches of a file, and the rules of channels.

    Raises WatchlistError, or an ExceptionGroup of them when there are several mistakes.
    """
    return parse_watchlist(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a watchlist's file; raises WatchlistError."""
    try:
        return files.read(path, MAX_BYTES, WatchlistError).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WatchlistError("is not UTF-8 text", where=str(path), todo="save it as UTF-8") from None


def parse_watchlist(text: str, file: str) -> tuple[list[Watch], list[ChannelRules]]:
    """The same of a text; ``file`` names it in the errors."""
    tree = load_yaml(text, file)
    mistakes: list[WatchlistError] = []
    budget = iter(range(len(text) + MAX_ALIASED))
    defaults: Defaults | PlainDefaults = PlainDefaults()
    channels: Mapping[str, ChannelEntry | PlainChannel] = {}
    try:
        defaults, channels, entries = _read_outer(tree, file, budget)
    except Mistakes as e:  # those of the watches are said, too
        mistakes += e.errors
        entries = tree["watches"] if isinstance(tree["watches"], list) else []
    watches: list[Watch] = []
    seen: dict[str, int] = {}
    for i, raw in enumerate(entries):
        line, column = item_position(tree["watches"], i)
        try:
            entry = _read_entry(raw, file, i, (line, column), budget)
            value = value_position(raw, "entity" if entry.query is None else "query")
            watch = replace(_build_watch(entry, defaults), line=line, column=column, value_at=value)
            if watch.name in seen:
                raise WatchlistError(f"the name is taken by the watch in line {seen[watch.name]}", todo="rename one")
        except Mistakes as e:
            mistakes += [*e.errors, *_query_mistakes(raw, text, file, i)]
        except WatchlistError as e:
            name, at = _display_name(raw, i), key_position(raw, e.where or "name", (line, column))
            where = f"{file}:{at[0]}: watch {name}"
            if isinstance(e, QueryError):
                at = position_within(text, value_position(raw, "query"), e.column)
            mistakes.append(WatchlistError(e.what, where=where, todo=e.todo, at=at, watch=name))
            mistakes += [] if isinstance(e, QueryError) else _query_mistakes(raw, text, file, i)
        except RecursionError:
            name = _display_name(raw, i)
            where = f"{file}:{line}: watch {name}"
            mistakes.append(WatchlistError(TOO_LARGE, where=where, at=(line, column), watch=name))
        else:
            seen[watch.name] = line
            watches.append(watch)
    if mistakes:
        raise _combine_errors(mistakes)
    rules: dict[str, ChannelRules] = {}
    for name, channel in channels.items():
        built = _build_rules(name, channel)
        if built.name in rules:
            at = key_position(tree["channels"], name, (1, 1))
            raise WatchlistError(
                f"channel {name}: is {built.name}, which has rules already", where=f"{file}:{at[0]}", at=at
            )
        rules[built.name] = built
    return watches, list(rules.values())


def _read_outer(
    tree: Any, file: str, budget: Iterator[int]
) -> tuple[Defaults | PlainDefaults, Mapping[str, ChannelEntry | PlainChannel], list[Any]]:
    """(defaults, rules of channels, the watches as they are); raises Mistakes."""
    if isinstance(tree, PlacedDict) and tree.keys() <= {"defaults", "channels", "watches"}:
        watches = tree["watches"]
        try:
            if isinstance(watches, PlacedList):
                return read_defaults(tree.get("defaults", {})), read_channels(tree.get("channels", {})), watches
        except NotPlain:
            pass
    from podwatch.watchlist.validation import validate_watchlist

    outer = validate_watchlist(tree, file, budget)
    return outer.defaults, outer.channels, outer.watches


def _read_entry(raw: Any, file: str, index: int, at: tuple[int, int], budget: Iterator[int]) -> WatchEntry | PlainEntry:
    """The form of a watch; raises Mistakes, or WatchlistError."""
    if isinstance(raw, PlacedDict):
        try:
            return read_entry(raw)
        except NotPlain:
            pass
    from podwatch.watchlist.validation import validate_entry

    return validate_entry(raw, file, _display_name(raw, index), at, budget)


def _build_rules(name: str, entry: ChannelEntry | PlainChannel) -> ChannelRules:
    name = canonical_channel(name)
    default = ChannelRules(name=name)
    return ChannelRules(
        name=name,
        digest=times.parse_digest_times(entry.digest) if entry.digest else default.digest,
        quiet=times.parse_quiet_hours(entry.quiet) if entry.quiet else None,
        ceiling=entry.ceiling,
        report=times.parse_digest_times(entry.report) if entry.report else None,
    )


def _build_watch(entry: WatchEntry | PlainEntry, defaults: Defaults | PlainDefaults) -> Watch:
    kinds = [name for name in ("query", "entity", "surge") if getattr(entry, name) is not None]
    if len(kinds) != 1:
        many = f"{'all of' if len(kinds) > 2 else 'both'} {' and '.join(kinds)}"
        raise WatchlistError(f"has {many if kinds else 'neither query nor entity nor surge'}", todo="give it one")
    if entry.surge is not None:
        _check_surge(entry)
    if entry.query is not None:
        if entry.aliases or entry.sounds_like:
            raise WatchlistError("has aliases or sounds_like beside a query", todo="they belong to an entity")
        parse(entry.query)
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
        was=tuple(entry.was),
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
            urls=tuple(split_login(url)[0] for url in f.urls),  # as feeds are stored
            languages=tuple(f.languages),
            not_tags=tuple(f.exclude.tags),
            not_urls=tuple(split_login(url)[0] for url in f.exclude.urls),
            not_languages=tuple(f.exclude.languages),
        ),
        channel=canonical_channel(entry.channel or defaults.channel),
        deliver=DeliverMode(entry.deliver or defaults.deliver),
        minimum=1 if entry.surge else entry.minimum or defaults.minimum,  # of mentions; a surge counts episodes
        repeat_after=times.parse_pause(text) if (text := entry.repeat_after or defaults.repeat_after) else 0.0,
        silent_after=times.parse_pause(text) if (text := entry.silent_after or defaults.silent_after) else 0.0,
    )


def _check_surge(entry: WatchEntry | PlainEntry) -> None:
    for name in NOT_WITH_SURGE:
        if name in entry.model_fields_set:
            raise WatchlistError(f"has {name} beside a surge", where=name, todo="take it out: it is about any name")
    if entry.feeds.languages or entry.feeds.exclude.languages:
        raise WatchlistError("has languages beside a surge", where="feeds", todo="take them out: it knows English only")


def _query_mistakes(raw: Any, text: str, file: str, index: int) -> list[WatchlistError]:
    """What is wrong with the query of a watch that has other mistakes, which do not hide it."""
    written = raw.get("query") if isinstance(raw, dict) else None
    if not isinstance(written, str) or len(written) > MAX_TEXT or not written.strip():
        return []
    try:
        parse(str(written))
    except QueryError as e:
        name, value = _display_name(raw, index), value_position(raw, "query")
        where = f"{file}:{value[0]}: watch {name}"
        return [WatchlistError(e.what, where=where, todo=e.todo, at=position_within(text, value, e.column), watch=name)]
    except (WatchlistError, RecursionError):
        pass
    return []


def _display_name(raw: Any, index: int) -> str:
    name = raw.get("name") if isinstance(raw, dict) else None
    return str(name) if name and isinstance(name, str | int | float) else f"number {index + 1}"


def _combine_errors(mistakes: list[WatchlistError]) -> Exception:
    return mistakes[0] if len(mistakes) == 1 else ExceptionGroup("mistakes in the watchlist", mistakes)

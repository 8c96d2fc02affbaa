"""Checks what is plainly right in a watchlist without pydantic, which takes longer to load than most commands run.

Each form of schema.py has its fields here with what they take at least. What is not plainly right is left to pydantic,
which says what is wrong with it, so that nothing here has a message. A test holds that both read the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from podwatch.lazy_patterns import lazy_pattern
from podwatch.watchlist import times

MAX_TEXT, MAX_NAME, MAX_COUNT = 10_000, 100, 10_000
_CONTROL = lazy_pattern(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_DELIVER = frozenset({"each", "digest", "none"})
_SURGE_TYPES = ("person", "organisation", "place", "product", "event")
_TYPES = frozenset({*_SURGE_TYPES, "other"})
_LABELS = frozenset({"sponsor", "promotion", "repeated"})
NOT_WITH_SURGE = ("type", "aliases", "exclude", "sounds_like", "threshold", "skip", "minimum")  # fields of a watch
Check = Callable[[Any], Any]


class NotPlain(Exception):
    """A value that pydantic has to look at."""


@dataclass(frozen=True, slots=True)
class PlainSides:
    """One side of a scope, or what is taken out of it."""

    tags: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlainScope(PlainSides):
    """The feeds that a watch looks at."""

    exclude: PlainSides = field(default_factory=PlainSides)


@dataclass(frozen=True, slots=True)
class PlainSurge:
    """What kinds of entities a surge is looked for of."""

    types: tuple[str, ...] = _SURGE_TYPES


@dataclass(frozen=True, slots=True)
class PlainDefaults:
    """What holds for watches that do not say otherwise."""

    channel: str = "#podcasts"
    deliver: str = "each"
    minimum: int = 1
    repeat_after: str | None = None
    silent_after: str | None = None


@dataclass(frozen=True, slots=True)
class PlainChannel:
    """The rules of a channel, as they are written."""

    digest: str | None = None
    quiet: str | None = None
    ceiling: int | None = None
    report: str | None = None


_EVERYWHERE = PlainScope()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainEntry:
    """A watch as it is written; schema.WatchEntry says what its fields mean."""

    name: str
    query: str | None = None
    entity: str | None = None
    surge: PlainSurge | None = None
    type: str | None = None
    aliases: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    sounds_like: bool = False
    threshold: float | None = None
    skip: tuple[str, ...] = ()
    feeds: PlainScope = _EVERYWHERE
    channel: str | None = None
    deliver: str | None = None
    minimum: int | None = None
    repeat_after: str | None = None
    was: tuple[str, ...] = ()
    silent_after: str | None = None
    model_fields_set: frozenset[str] = frozenset()


def read_entry(raw: Mapping[str, Any]) -> PlainEntry:
    """A watch as it is written; raises NotPlain."""
    values = _read(raw, _ENTRY)
    if "name" not in values:
        raise NotPlain
    return PlainEntry(**values, model_fields_set=frozenset(values))


def read_defaults(raw: Any) -> PlainDefaults:
    """What watches get when they do not say otherwise; raises NotPlain."""
    return PlainDefaults(**_read(raw, _DEFAULTS))


def read_channels(raw: Any) -> dict[str, PlainChannel]:
    """The rules of channels by their names; raises NotPlain."""
    if not isinstance(raw, dict):
        raise NotPlain
    return {_text(name): PlainChannel(**_read(entry, _CHANNEL)) for name, entry in raw.items()}


def _read(raw: Any, checks: Mapping[str, Check]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise NotPlain
    try:
        return {name: checks[name](value) for name, value in raw.items()}
    except KeyError:
        raise NotPlain from None


def _text(value: Any, most: int = MAX_TEXT) -> str:
    if not isinstance(value, str) or _CONTROL.search(value):
        raise NotPlain
    text = value.strip(" \n")
    if not 0 < len(text) <= most or text != text.strip():
        raise NotPlain
    return text


def _name(value: Any) -> str:
    text = _text(value, MAX_NAME)
    if " " in text or not text.isprintable():
        raise NotPlain
    return text


def _count(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= MAX_COUNT:
        raise NotPlain
    return value


def _switch(value: Any) -> bool:
    if type(value) is not bool:
        raise NotPlain
    return value


def _threshold(value: Any) -> float:
    if type(value) is not float or not 0.5 <= value <= 1.0:
        raise NotPlain
    return value


def _one_of(words: frozenset[str]) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise NotPlain
        return value

    return check


def _list_of(check: Check) -> Check:
    def check_all(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise NotPlain
        return tuple(map(check, value))

    return check_all


def _parsed_by(parse: Callable[[str], object]) -> Check:
    def check(value: Any) -> str:
        text = _text(value)
        try:
            parse(text)
        except ValueError:
            raise NotPlain from None
        return text

    return check


def _surge(value: Any) -> PlainSurge:
    surge = PlainSurge(**_read(value, {"types": _list_of(_one_of(frozenset(_SURGE_TYPES)))}))
    if not surge.types:
        raise NotPlain
    return surge


def _or_nothing(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


_TEXTS = _list_of(_text)
_PAUSE = _or_nothing(_parsed_by(times.parse_pause))
_SIDES: Mapping[str, Check] = {"tags": _TEXTS, "urls": _TEXTS, "languages": _TEXTS}
_SCOPE: Mapping[str, Check] = {**_SIDES, "exclude": lambda value: PlainSides(**_read(value, _SIDES))}
_DEFAULTS: Mapping[str, Check] = {
    "channel": _text,
    "deliver": _one_of(_DELIVER),
    "minimum": _count,
    "repeat_after": _PAUSE,
    "silent_after": _PAUSE,
}
_ENTRY: Mapping[str, Check] = {
    "name": _name,
    "query": _or_nothing(_text),
    "entity": _or_nothing(_text),
    "surge": _or_nothing(_surge),
    "type": _or_nothing(_one_of(_TYPES)),
    "aliases": _TEXTS,
    "exclude": _TEXTS,
    "sounds_like": _switch,
    "threshold": _or_nothing(_threshold),
    "skip": _list_of(_one_of(_LABELS)),
    "feeds": lambda value: PlainScope(**_read(value, _SCOPE)),
    "was": _list_of(_name),
    **{name: _or_nothing(check) for name, check in _DEFAULTS.items()},
}
_CHANNEL: Mapping[str, Check] = {
    "digest": _or_nothing(_parsed_by(times.parse_digest_times)),
    "quiet": _or_nothing(_parsed_by(times.parse_quiet_hours)),
    "ceiling": _or_nothing(_count),
    "report": _or_nothing(_parsed_by(times.parse_digest_times)),
}

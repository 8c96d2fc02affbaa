"""Reads watchlist.yaml and says of each mistake in which file, line and watch it stands."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline import files, times
from pipeline.detectors import queries
from pipeline.errors import WatchlistError
from pipeline.model import ChannelRules, DeliverMode, EntityType, Scope, Watch, fold
from pipeline.scalars import within

MAX_BYTES = 16 * 1024 * 1024
TOO_LARGE = "is too large or too deep when its aliases are written out"
MAX_ALIASED = 1_000_000  # values that aliases may add to those that are written


def _visible(text: str) -> str:
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):
        raise ValueError("has a control character in it")
    return text


def _word(text: str) -> str:
    if " " in text or not text.isprintable():
        raise ValueError("should be one word, without blanks and control characters")
    return text


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), AfterValidator(_visible)
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_word)]


def _checked(read: Callable[[str], object]) -> AfterValidator:
    def check(text: str) -> str:
        read(text)
        return text

    return AfterValidator(check)


Pause = Annotated[Text, _checked(times.pause)]
Count = Annotated[int, Field(ge=1, le=10_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Sides(_Strict):
    tags: list[Text] = Field([], description="Tags of feeds: the folders of the OPML list, or feeds add --tag.")
    urls: list[Text] = Field([], description="Addresses of feeds.")
    languages: list[Text] = Field([], description="Languages of transcripts: en, de.")


class FeedScope(Sides):
    exclude: Sides = Field(Sides(), description="Feeds that are left out; this wins over what is included.")


Channel = Annotated[
    Text,
    Field(description='Where alerts go: "#channel" of Slack, mailto:..., webhook:NAME. In quotes: # is a comment.'),
]
Deliver = Annotated[
    Literal["each", "digest", "none"],
    Field(description="each: one message an alert. digest: collected. none: stored only."),
]
Minimum = Annotated[Count, Field(description="Nobody is told of fewer mentions in an episode.")]
SurgeType = Literal["person", "organisation", "place", "product", "event"]
NOT_WITH_SURGE = ("type", "aliases", "exclude", "sounds_like", "threshold", "skip", "minimum")  # fields of a watch
RepeatAfter = Annotated[Pause, Field(description="What comes sooner after an alert of the watch waits: 30m, 12h, 2d.")]


class Defaults(_Strict):
    channel: Channel = "#podcasts"
    deliver: Deliver = "each"
    minimum: Minimum = 1
    repeat_after: RepeatAfter | None = None


class SurgeEntry(_Strict):
    types: Annotated[list[SurgeType], Field(min_length=1)] = Field(
        list(get_args(SurgeType)), description="What the names are of; all of these when nothing is said."
    )


class WatchEntry(_Strict):
    name: Name = Field(description="One word that nothing else in the list is called; it identifies the watch.")
    query: Text | None = Field(None, description="What to look for, in the watch language: see docs/queries.md.")
    entity: Text | None = Field(None, description="Somebody or something with a name. Instead of a query.")
    surge: SurgeEntry | None = Field(
        None, description="Names that suddenly are in many episodes, and that no watch is about. Instead of a query."
    )
    type: Literal["person", "organisation", "place", "product", "event", "other"] | None = Field(
        None, description="What the entity is."
    )
    aliases: list[Text] = Field([], description="Other names of the entity.")
    exclude: list[Text] = Field([], description="Spellings that are something else.")
    sounds_like: bool = Field(False, description="Also find what speech recognition makes of the names.")
    threshold: Annotated[float, Field(ge=0.5, le=1.0, strict=False)] | None = Field(
        None, description="How sure such a find has to be, from 0.5 to 1; with sounds_like."
    )
    skip: list[Literal["sponsor", "promotion", "repeated"]] = Field(
        [], description="Nobody is told of mentions that stand in such passages; they are stored."
    )
    feeds: FeedScope = Field(FeedScope(), description="Only these feeds; all of them when nothing is said.")
    channel: Channel | None = None
    deliver: Deliver | None = None
    minimum: Minimum | None = None
    repeat_after: RepeatAfter | None = None


class ChannelEntry(_Strict):
    digest: Annotated[Text, _checked(times.digest_times)] | None = Field(
        None, description="When its digest goes out: daily 08:00 Europe/Berlin, weekdays 07:30, weekly mon,thu 09:00."
    )
    quiet: Annotated[Text, _checked(times.quiet_hours)] | None = Field(
        None, description="When nothing is posted: 22:00-07:00 Europe/Berlin."
    )
    ceiling: Count | None = Field(None, description="Messages an hour; beyond it the rest becomes one digest.")


class Watchlist(_Strict):
    defaults: Defaults = Field(Defaults(), description="What a watch gets when it does not say otherwise.")
    channels: dict[Text, ChannelEntry] = Field({}, description="Rules of channels, by their names.")
    watches: list[Any] = Field(default_factory=list, description="What is listened for.")


FORMS: dict[str, type[_Strict]] = {
    c.__name__: c for c in (Sides, FeedScope, Defaults, ChannelEntry, SurgeEntry, WatchEntry, Watchlist)
}


def read(path: Path) -> list[Watch]:
    """The watches of a file; see read_all()."""
    return read_all(path)[0]


def read_all(path: Path) -> tuple[list[Watch], list[ChannelRules]]:
    """The watches of a file, and what it says of channels.

    Raises WatchlistError, or an ExceptionGroup of them when there are several mistakes.
    """
    return parse_all(text_of(path), str(path))


def text_of(path: Path) -> str:
    """The text of a watchlist's file; raises WatchlistError."""
    try:
        return files.read(path, MAX_BYTES, WatchlistError).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WatchlistError("is not UTF-8 text", where=str(path), todo="save it as UTF-8") from None


def parse(text: str, file: str) -> list[Watch]:
    """The watches in the text of a watchlist; ``file`` names it in the errors."""
    return parse_all(text, file)[0]


def parse_all(text: str, file: str) -> tuple[list[Watch], list[ChannelRules]]:
    """The watches in the text of a watchlist, and what it says of channels."""
    tree = _load(text, file)
    mistakes: list[WatchlistError] = []
    budget = iter(range(len(text) + MAX_ALIASED))
    try:
        outer = Watchlist.model_validate({_key(k): v if k == "watches" else _plain(v, budget) for k, v in tree.items()})
    except ValidationError as e:
        raise _together(_lines(e, tree, file)) from None
    except (WatchlistError, RecursionError) as e:
        raise WatchlistError(e.what if isinstance(e, WatchlistError) else TOO_LARGE, where=file) from None
    watches: list[Watch] = []
    seen: dict[str, int] = {}
    for i, raw in enumerate(outer.watches):
        line, column = _position(tree["watches"], i)
        try:
            entry = WatchEntry.model_validate(_plain(raw, budget))
            value_at = _value_at(raw, "entity" if entry.query is None else "query")
            watch = replace(_watch(entry, outer.defaults), line=line, column=column, value_at=value_at)
            if watch.name in seen:
                raise WatchlistError(f"the name is taken by the watch in line {seen[watch.name]}", todo="rename one")
        except ValidationError as e:
            mistakes += _lines(e, raw, file, _name(raw, i), (line, column))
        except WatchlistError as e:
            name, at = _name(raw, i), _key_at(raw, e.where or "name", (line, column))
            where = f"{file}:{at[0]}: watch {name}"
            if isinstance(e, queries.QueryError):
                at = within(text, _value_at(raw, "query"), e.column)
            mistakes.append(WatchlistError(e.what, where=where, todo=e.todo, at=at, watch=name))
        except RecursionError:
            name = _name(raw, i)
            where = f"{file}:{line}: watch {name}"
            mistakes.append(WatchlistError(TOO_LARGE, where=where, at=(line, column), watch=name))
        else:
            seen[watch.name] = line
            watches.append(watch)
    if mistakes:
        raise _together(mistakes)
    return watches, [_rules(name, entry) for name, entry in outer.channels.items()]


def _rules(name: str, entry: ChannelEntry) -> ChannelRules:
    usual = ChannelRules(name=name)
    return ChannelRules(
        name=name,
        digest=times.digest_times(entry.digest) if entry.digest else usual.digest,
        quiet=times.quiet_hours(entry.quiet) if entry.quiet else None,
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
    clash = {fold(name) for name in entry.exclude} & {fold(name) for name in (entry.entity or "", *entry.aliases)}
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
        repeat_after=times.pause(text) if (text := entry.repeat_after or defaults.repeat_after) else 0.0,
    )


def _only_a_surge(entry: WatchEntry) -> None:
    for name in NOT_WITH_SURGE:
        if name in entry.model_fields_set:
            raise WatchlistError(f"has {name} beside a surge", where=name, todo="take it out: it is about any name")
    if entry.feeds.languages or entry.feeds.exclude.languages:
        raise WatchlistError("has languages beside a surge", where="feeds", todo="take them out: it knows English only")


def _load(text: str, file: str) -> Any:
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


def _plain(node: Any, budget: Iterator[int]) -> Any:
    """YAML's own classes as plain ones, so that strict validation sees str, int and bool; aliases are written out."""
    if next(budget, None) is None:
        raise WatchlistError(TOO_LARGE)
    if isinstance(node, dict):
        return {_key(k): _plain(v, budget) for k, v in node.items()}
    if isinstance(node, list):
        return [_plain(v, budget) for v in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _key(key: Any) -> str:
    if isinstance(key, str | int | float | bool):
        return str(key)
    raise WatchlistError("has a key that is no word")


def _lines(
    e: ValidationError, node: Any, file: str, name: str = "", at: tuple[int, int] = (1, 1)
) -> list[WatchlistError]:
    found = []
    for problem in e.errors(include_url=False, include_input=True):
        path = [p for p in problem["loc"] if isinstance(p, str | int)]
        place = _find(node, path, at)
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


def _find(node: Any, path: Iterable[Any], at: tuple[int, int]) -> tuple[int, int]:
    for part in path:
        if isinstance(node, dict) and part in node:
            at = _key_at(node, part, at)
            node = node[part]
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            at = _position(node, part)
            node = node[part]
        else:
            break
    return at


def _key_at(node: Any, key: Any, at: tuple[int, int]) -> tuple[int, int]:
    """The line and column of a key; ``at`` when it is not written here (but merged in with <<, say)."""
    written = getattr(getattr(node, "lc", None), "data", None) or {}
    return (written[key][0] + 1, written[key][1] + 1) if isinstance(node, dict) and key in written else at


def _value_at(node: Any, key: Any) -> tuple[int, int]:
    """The line and column of the value of a key; (0, 0) when it is not written here."""
    written = getattr(getattr(node, "lc", None), "data", None) or {}
    return (written[key][2] + 1, written[key][3] + 1) if isinstance(node, dict) and key in written else (0, 0)


def _position(node: Any, index: int) -> tuple[int, int]:
    line, column = node.lc.item(index)
    return int(line) + 1, int(column) + 1


def _name(raw: Any, index: int) -> str:
    name = raw.get("name") if isinstance(raw, dict) else None
    return str(name) if name and isinstance(name, str | int | float) else f"number {index + 1}"


def _together(mistakes: list[WatchlistError]) -> Exception:
    return mistakes[0] if len(mistakes) == 1 else ExceptionGroup("mistakes in the watchlist", mistakes)

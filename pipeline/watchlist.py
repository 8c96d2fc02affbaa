"""Reads watchlist.yaml and says of each mistake in which file, line and watch it stands."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline import files, times
from pipeline.detectors import queries
from pipeline.errors import WatchlistError
from pipeline.model import ChannelRules, DeliverMode, Scope, Watch, fold

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
    tags: list[Text] = []
    urls: list[Text] = []
    languages: list[Text] = []


class FeedScope(Sides):
    exclude: Sides = Sides()


class Defaults(_Strict):
    channel: Text = "#podcasts"
    deliver: Literal["each", "digest", "none"] = "each"
    minimum: Count = 1
    repeat_after: Pause | None = None


class WatchEntry(_Strict):
    name: Name
    query: Text | None = None
    entity: Text | None = None
    type: Literal["person", "organisation", "place", "product", "event", "other"] | None = None
    aliases: list[Text] = []
    exclude: list[Text] = []
    sounds_like: bool = False
    threshold: Annotated[float, Field(ge=0.5, le=1.0, strict=False)] | None = None
    skip: list[Literal["sponsor", "promotion", "repeated"]] = []
    feeds: FeedScope = FeedScope()
    channel: Text | None = None
    deliver: Literal["each", "digest", "none"] | None = None
    minimum: Count | None = None
    repeat_after: Pause | None = None


class ChannelEntry(_Strict):
    digest: Annotated[Text, _checked(times.digest_times)] | None = None
    quiet: Annotated[Text, _checked(times.quiet_hours)] | None = None
    ceiling: Count | None = None


class Watchlist(_Strict):
    defaults: Defaults = Defaults()
    channels: dict[Text, ChannelEntry] = {}
    watches: list[Any] = Field(default_factory=list)


FORMS: dict[str, type[_Strict]] = {
    c.__name__: c for c in (Sides, FeedScope, Defaults, ChannelEntry, WatchEntry, Watchlist)
}


def read(path: Path) -> list[Watch]:
    """The watches of a file; see read_all()."""
    return read_all(path)[0]


def read_all(path: Path) -> tuple[list[Watch], list[ChannelRules]]:
    """The watches of a file, and what it says of channels.

    Raises WatchlistError, or an ExceptionGroup of them when there are several mistakes.
    """
    try:
        text = files.read(path, MAX_BYTES, WatchlistError).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WatchlistError("is not UTF-8 text", where=str(path), todo="save it as UTF-8") from None
    return parse_all(text, str(path))


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
        raise _together(_lines(e, tree, file, ())) from None
    except (WatchlistError, RecursionError) as e:
        raise WatchlistError(e.what if isinstance(e, WatchlistError) else TOO_LARGE, where=file) from None
    watches: list[Watch] = []
    seen: dict[str, int] = {}
    for i, raw in enumerate(outer.watches):
        line, column = _position(tree["watches"], i)
        try:
            entry = WatchEntry.model_validate(_plain(raw, budget))
            watch = _watch(entry, outer.defaults, line, column)
            if watch.name in seen:
                raise WatchlistError(f"the name is taken by the watch in line {seen[watch.name]}", todo="rename one")
        except ValidationError as e:
            mistakes += _lines(e, raw, file, (), _name(raw, i), line)
        except WatchlistError as e:
            at = _key_line(raw, e.where or "name", line)
            mistakes.append(WatchlistError(e.what, where=f"{file}:{at}: watch {_name(raw, i)}", todo=e.todo))
        except RecursionError:
            mistakes.append(WatchlistError(TOO_LARGE, where=f"{file}:{line}: watch {_name(raw, i)}"))
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


def _watch(entry: WatchEntry, defaults: Defaults, line: int, column: int) -> Watch:
    if (entry.query is None) == (entry.entity is None):
        both = "both query and entity" if entry.query else "neither query nor entity"
        raise WatchlistError(f"has {both}", todo="give it one of the two")
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
        minimum=entry.minimum or defaults.minimum,
        repeat_after=times.pause(text) if (text := entry.repeat_after or defaults.repeat_after) else 0.0,
        line=line,
        column=column,
    )


def _load(text: str, file: str) -> Any:
    try:
        if "!" in text:
            _refuse_tags(text, file)
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise WatchlistError(f"is not YAML: {e.problem or e.context}", where=where) from None
    except (YAMLError, ValueError, RecursionError) as e:
        raise WatchlistError(
            f"is not YAML: {str(e).splitlines()[0] if str(e) else type(e).__name__}", where=file
        ) from None
    if not isinstance(tree, dict) or "watches" not in tree:
        raise WatchlistError("has no `watches:`", where=f"{file}:1", todo="see seeds/watchlist.yaml for the form")
    return tree


def _refuse_tags(text: str, file: str) -> None:
    """Raises WatchlistError for ``!!bool x`` or ``!x``: nothing here needs one, and what they do is not for a list."""
    for event in YAML(typ="rt").parse(text):
        tag = getattr(event, "tag", None)
        if tag is not None:
            mark = event.start_mark
            where = f"{file}:{mark.line + 1}:{mark.column + 1}"
            raise WatchlistError(
                f"has a YAML tag: {str(tag).replace('tag:yaml.org,2002:', '!!')}",
                where=where,
                todo='leave it out, or put text in "quotes"',
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
    e: ValidationError, node: Any, file: str, at: tuple[Any, ...], name: str = "", line: int = 1
) -> list[WatchlistError]:
    found = []
    for problem in e.errors(include_url=False, include_input=True):
        path = [p for p in problem["loc"] if isinstance(p, str | int)]
        position = _find(node, path, line)
        field = ".".join(str(p) for p in path)
        what = "is not a known field" if problem["type"] == "extra_forbidden" else _message(problem)
        where = f"{file}:{position}" + (f": watch {name}" if name else "")
        found.append(WatchlistError(f"{field}: {what}" if field else what, where=where))
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


def _find(node: Any, path: Iterable[Any], line: int) -> int:
    for part in path:
        if isinstance(node, dict) and part in node:
            line = _key_line(node, part, line)
            node = node[part]
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            line = _position(node, part)[0]
            node = node[part]
        else:
            break
    return line


def _key_line(node: Any, key: Any, line: int) -> int:
    lc = getattr(node, "lc", None)
    return int(lc.key(key)[0]) + 1 if lc is not None and isinstance(node, dict) and key in node else line


def _position(node: Any, index: int) -> tuple[int, int]:
    line, column = node.lc.item(index)
    return int(line) + 1, int(column) + 1


def _name(raw: Any, index: int) -> str:
    name = raw.get("name") if isinstance(raw, dict) else None
    return str(name) if name and isinstance(name, str | int | float) else f"number {index + 1}"


def _together(mistakes: list[WatchlistError]) -> Exception:
    return mistakes[0] if len(mistakes) == 1 else ExceptionGroup("mistakes in the watchlist", mistakes)

"""podwatch explain: why a watch said something of an episode, or kept silent; and the same over a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from podwatch import query as detectors
from podwatch.commands.output import Json, clock, emit, plain, runtime, say, settings, utf8
from podwatch.commands.scan import load
from podwatch.diagnose import explain as explaining
from podwatch.diagnose.explain import MentionState, WatchExplanation
from podwatch.entities.recognition import missing_requirement
from podwatch.errors import PodwatchError
from podwatch.line.entities import entities_in
from podwatch.model import Episode, Watch
from podwatch.query import EpisodeFields
from podwatch.query.explanation import Explanation, MatchPlace
from podwatch.runtime import Runtime
from podwatch.store.diagnosis import StoredDelivery
from podwatch.watchlist import loader as watchlist

if TYPE_CHECKING:
    from rich.tree import Tree

CHOICES = 5  # of what was meant, in a message


def explain(
    what: Annotated[
        str | None,
        typer.Argument(metavar="[ALERT|FILE]", help="The key of an alert, or its beginning; with --watchlist a file."),
    ] = None,
    watch: Annotated[str | None, typer.Option("--watch", help="The name of the watch.")] = None,
    episode: Annotated[
        str | None, typer.Option("--episode", help="An episode: its id, or a part of its title.")
    ] = None,
    list_file: Annotated[
        Path | None, typer.Option("--watchlist", help="Take the watch from this file, and no database.")
    ] = None,
    json: Json = False,
) -> None:
    """Shows why a watch was told, or was not: what each part of its query found where, and what held it back."""
    if list_file is not None and what is not None and watch is not None and episode is None:
        found, transcript = _named(list_file, utf8(watch)), load(Path(what))
        named = entities_in(transcript, [found]) if _reads_names(found) else None
        explained = explaining.explain_text(found, transcript, EpisodeFields(title=transcript.title, entities=named))
        _answer(found, what, None, explained, [], [], json)
    elif list_file is None and what is not None and watch is None and episode is None:
        with runtime() as rt:
            kept = _kept(rt, utf8(what))
            _stored(rt, kept.watch, kept.episode_id, json)
    elif list_file is None and what is None and watch is not None and episode is not None:
        with runtime() as rt:
            _stored(rt, utf8(watch), _episode(rt, utf8(episode)), json)
    else:
        raise typer.BadParameter("give ALERT, or --watch and --episode, or --watchlist, --watch and FILE")


def _named(file: Path, name: str) -> Watch:
    watches = watchlist.read(file)
    for watch in watches:
        if watch.name == name:
            return watch
    known = ", ".join(w.name for w in watches[:CHOICES])
    raise PodwatchError(f"has no watch {name}", where=str(file), todo=f"there are {known or 'none'}")


def _reads_names(watch: Watch) -> bool:
    asks = detectors.build([watch]).asks_for_entities and settings().entities
    if asks and (lacking := missing_requirement()) is not None:
        say(f"podwatch: {lacking}")
        return False
    return asks


def _kept(rt: Runtime, key: str) -> StoredDelivery:
    found = rt.store.deliveries_of(key=key, most=CHOICES + 1) if key else []
    if not found:
        raise PodwatchError("there is no alert with this key", where=key, todo="see podwatch explain --watch --episode")
    if len(found) > 1:
        keys = ", ".join(k.delivery.key for k in found[:CHOICES])
        raise PodwatchError("more than one alert begins so", where=key, todo=f"give more of it: {keys}")
    return found[0]


def _episode(rt: Runtime, text: str) -> int:
    found = rt.store.find_episodes(text, CHOICES + 1) if text.strip() else []
    if not found:
        raise PodwatchError("no episode has this id, or this in its title", where=text, todo="see podwatch mentions")
    if len(found) > 1:
        titles = "; ".join(f"{e.id} {e.title}" for e in found[:CHOICES])
        raise PodwatchError("more than one episode is meant", where=text, todo=f"give the number: {titles}")
    return found[0].id


def _stored(rt: Runtime, name: str, episode_id: int, json: bool) -> None:
    listed = rt.store.find_watch(name)
    if listed is None:
        raise PodwatchError("there is no such watch", where=name, todo="see podwatch watches list")
    episode, fetching = rt.store.episode(episode_id)
    source = rt.store.source_of_episode(episode_id)
    said = [MentionState(*row) for row in rt.store.stored_mentions(listed.watch, episode_id)]
    kept = rt.store.deliveries_of(watch_id=listed.watch.id, episode_id=episode_id)
    named = rt.store.entities_of([source.transcript.id]).get(source.transcript.id) if source else None
    explained = explaining.explain_episode(listed, source, named, fetching, said, kept)
    _answer(listed.watch, f"{episode.show}: {episode.title}", episode, explained, said, kept, json)


def _answer(
    watch: Watch,
    title: str,
    episode: Episode | None,
    e: WatchExplanation,
    said: list[MentionState],
    kept: list[StoredDelivery],
    json: bool,
) -> None:
    if json:
        emit(_row(watch, title, episode, e, said, kept))
    elif _terminal():
        _pretty(watch, title, e)
    else:
        for line in _lines(watch, title, e):
            print(plain(line))


def _terminal() -> bool:
    return sys.stdout.isatty()


def _lines(watch: Watch, title: str, e: WatchExplanation) -> Iterator[str]:
    """For a pipe: each part of the query on a line, two blanks a level, + true, - not true."""
    yield _head(watch)
    yield f"in: {title}"
    for r in e.reasons:
        yield f"{r.step.value}: {r.text}"
    waiting = [(e.tree, 0)] if e.tree else []
    while waiting:
        part, depth = waiting.pop()
        yield f"{'  ' * depth}{'+' if part.true else '-'} {part.what}: {part.source}{_about(part)}"
        if not part.gathers:
            for place in part.places:
                yield f"{'  ' * depth}    {_place(place)}"
        waiting += [(p, depth + 1) for p in reversed(part.parts)]


def _pretty(watch: Watch, title: str, e: WatchExplanation) -> None:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    console = Console()
    console.print(Text(plain(_head(watch)), style="bold"))
    console.print(Text(plain(f"in: {title}"), style="dim"))
    for r in e.reasons:
        console.print(
            Text.assemble((f"{r.step.value}: ".rjust(12), "cyan"), (plain(r.text), "red" if r.stops else "green"))
        )
    if e.tree is not None:
        tree = Tree(_label(e.tree), guide_style="dim")
        _grow(tree, e.tree)
        console.print(tree)


def _grow(tree: Tree, part: Explanation) -> None:
    from rich.text import Text

    for inner in part.parts:
        _grow(tree.add(_label(inner)), inner)
    if not part.gathers:
        for place in part.places:
            tree.add(Text(plain(_place(place)), style="yellow"))


def _label(part: Explanation) -> Any:
    from rich.text import Text

    sign = ("✓ ", "bold green") if part.true else ("✗ ", "bold red")
    return Text.assemble(sign, (f"{part.what} ", "magenta"), plain(part.source), (plain(_about(part)), "dim"))


def _head(watch: Watch) -> str:
    revision = f" revision {watch.revision}" if watch.revision else ""
    return f"watch {watch.name}{revision}: {watch.target}"


def _about(part: Explanation) -> str:
    count = f" - found {'once' if part.count == 1 else f'{part.count} times'}" if part.count else ""
    because = f" - {part.because.value}" if part.because else ""
    detail = f" ({part.detail})" if part.detail else ""
    return f"{count}{because}{detail}"


def _place(p: MatchPlace) -> str:
    speaker = f" {p.speaker}:" if p.speaker else ""
    return f"{clock(p.seconds)}{speaker} {p.surface}{'' if p.how == 'exact' else f' ({p.how})'}"


def _row(
    watch: Watch,
    title: str,
    episode: Episode | None,
    e: WatchExplanation,
    said: list[MentionState],
    kept: list[StoredDelivery],
) -> dict[str, Any]:
    return {
        "watch": watch.name,
        "revision": watch.revision or None,
        "looks_for": watch.target,
        "episode": episode.id if episode else None,
        "title": title,
        "found": bool(e.tree and e.tree.count),
        "reasons": [{"step": r.step.value, "text": r.text, "stops": r.stops} for r in e.reasons],
        "mentions": [
            {
                "start": s.mention.start,
                "end": s.mention.end,
                "surface": s.mention.surface,
                "seconds": None if s.mention.seconds != s.mention.seconds else s.mention.seconds,
                "label": s.mention.label,
                "revision": s.revision,
                "gone_at": s.gone_at,
            }
            for s in said
        ],
        "deliveries": [
            {
                "key": k.delivery.key,
                "channel": k.delivery.channel,
                "state": k.delivery.state.value,
                "error": k.delivery.error,
                "sent_at": k.sent_at,
            }
            for k in kept
        ],
        "tree": _tree(e.tree) if e.tree else None,
    }


def _tree(part: Explanation) -> dict[str, Any]:
    return {
        "what": part.what,
        "source": part.source,
        "column": part.column,
        "true": part.true,
        "count": part.count,
        "because": part.because.value if part.because else None,
        "detail": part.detail,
        "places": [
            {
                "start": p.start,
                "end": p.end,
                "seconds": None if p.seconds != p.seconds else p.seconds,
                "surface": p.surface,
                "speaker": p.speaker,
                "how": p.how,
            }
            for p in part.places
        ],
        "parts": [_tree(p) for p in part.parts],
    }

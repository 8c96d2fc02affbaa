"""podwatch explain: why a watch raised an alert on an episode, or did not; and the same over a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import (
    emit_json,
    finite_or_none,
    format_clock,
    open_runtime,
    require_utf8,
    strip_control,
)
from podwatch.commands.scan import load_transcript, reads_entities
from podwatch.errors import PodwatchError
from podwatch.notifiers import show_channel
from podwatch.redaction import redact_text

if TYPE_CHECKING:
    from rich.tree import Tree

    from podwatch.diagnose.explain import MentionState, WatchExplanation
    from podwatch.model import Episode, Watch
    from podwatch.query.explanation import Explanation, MatchPlace
    from podwatch.runtime import Runtime
    from podwatch.store.diagnosis import StoredDelivery

CHOICES = 5  # of what may have been meant, in an error


def explain(
    what: Annotated[
        str | None,
        cli.Argument(metavar="[ALERT|FILE]", help="The key of an alert, or its beginning; with --watchlist a file."),
    ] = None,
    watch: Annotated[str | None, cli.Option("--watch", help="The name of the watch.")] = None,
    episode: Annotated[str | None, cli.Option("--episode", help="An episode: its id, or a part of its title.")] = None,
    list_file: Annotated[
        Path | None, cli.Option("--watchlist", help="Take the watch from this file, and no database.")
    ] = None,
    json: Json = False,
) -> None:
    """Shows why a watch was told, or was not.

    What each part of its query found where, and what held it back.

    Example: podwatch explain --watch corridor --episode "grain deal"
    """
    if list_file is not None and what is not None and watch is not None and episode is None:
        _explain_file(what, list_file, require_utf8(watch), json)
    elif list_file is None and what is not None and watch is None and episode is None:
        with open_runtime() as rt:
            delivery = _find_delivery(rt, require_utf8(what))
            _explain_stored(rt, delivery.watch, delivery.episode_id, json)
    elif list_file is None and what is None and watch is not None and episode is not None:
        with open_runtime() as rt:
            _explain_stored(rt, require_utf8(watch), find_episode(rt, require_utf8(episode)), json)
    else:
        raise cli.BadParameter("give ALERT, or --watch and --episode, or --watchlist, --watch and FILE")


def _explain_file(file: str, list_file: Path, name: str, json: bool) -> None:
    from podwatch import query
    from podwatch.diagnose.explain import explain_text
    from podwatch.line.entities import entities_in

    found, transcript = _find_watch(list_file, name), load_transcript(Path(file))
    entities = entities_in(transcript, [found]) if reads_entities(query.build_engine([found])) else None
    fields = query.EpisodeFields(title=transcript.title, entities=entities)
    _print_explanation(found, file, None, explain_text(found, transcript, fields), [], [], json)


def _find_watch(file: Path, name: str) -> Watch:
    from podwatch.watchlist.loader import read_watches

    watches = read_watches(file)
    for watch in watches:
        if watch.name == name:
            return watch
    known = ", ".join(w.name for w in watches[:CHOICES])
    raise PodwatchError(f"has no watch {name}", where=str(file), todo=f"there are {known or 'none'}")


def _find_delivery(rt: Runtime, key: str) -> StoredDelivery:
    found = rt.store.deliveries_of(key=key, most=CHOICES + 1) if key else []
    if not found:
        raise PodwatchError("there is no alert with this key", where=key, todo="see podwatch explain --watch --episode")
    if len(found) > 1:
        keys = ", ".join(d.delivery.key for d in found[:CHOICES])
        raise PodwatchError("more than one alert begins so", where=key, todo=f"give more of it: {keys}")
    return found[0]


def find_episode(rt: Runtime, text: str) -> int:
    found = rt.store.find_episodes(text, CHOICES + 1) if text.strip() else []
    if not found:
        raise PodwatchError("no episode has this id, or this in its title", where=text, todo="see podwatch mentions")
    if len(found) > 1:
        titles = "; ".join(f"{e.id} {e.title}" for e in found[:CHOICES])
        raise PodwatchError("more than one episode is meant", where=text, todo=f"give the number: {titles}")
    return found[0].id


def _explain_stored(rt: Runtime, name: str, episode_id: int, json: bool) -> None:
    found = load_explanation(rt, name, episode_id)
    title = f"{found.episode.show}: {found.episode.title}"
    _print_explanation(found.watch, title, found.episode, found.explanation, found.mentions, found.deliveries, json)


class StoredExplanation(NamedTuple):
    """Why a stored watch was told of a stored episode, or was not, and what that was made of."""

    watch: Watch
    episode: Episode
    explanation: WatchExplanation
    mentions: list[MentionState]
    deliveries: list[StoredDelivery]


def load_explanation(rt: Runtime, name: str, episode_id: int) -> StoredExplanation:
    """Raises PodwatchError when there is no such watch."""
    from podwatch.diagnose.explain import MentionState, explain_episode

    stored = rt.store.find_watch(name)
    if stored is None:
        raise PodwatchError("there is no such watch", where=name, todo="see podwatch watches list")
    episode, fetch_state = rt.store.episode(episode_id)
    source = rt.store.source_of_episode(episode_id)
    mentions = [MentionState(*row) for row in rt.store.stored_mentions(stored.watch, episode_id)]
    deliveries = rt.store.deliveries_of(watch_id=stored.watch.id, episode_id=episode_id)
    entities = rt.store.entities_of([source.transcript.id]).get(source.transcript.id) if source else None
    places = rt.store.list_hearings(source.transcript.id) if source else ()
    explanation = explain_episode(stored, source, entities, fetch_state, mentions, deliveries, places)
    return StoredExplanation(stored.watch, episode, explanation, mentions, deliveries)


def _print_explanation(
    watch: Watch,
    title: str,
    episode: Episode | None,
    e: WatchExplanation,
    mentions: list[MentionState],
    deliveries: list[StoredDelivery],
    json: bool,
) -> None:
    if json:
        emit_json(_row(watch, title, episode, e, mentions, deliveries))
    elif _is_terminal():
        _print_tree(watch, title, e)
    else:
        for line in explanation_lines(watch, title, e):
            print(strip_control(line))


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def explanation_lines(watch: Watch, title: str, e: WatchExplanation) -> Iterator[str]:
    """For a pipe: a line for each part of the query, indented by two blanks a level, + for true, - for not true."""
    yield _heading(watch)
    yield f"in: {title}"
    for r in e.reasons:
        yield f"{r.step.value}: {r.text}"
    waiting = [(e.tree, 0)] if e.tree else []
    while waiting:
        part, depth = waiting.pop()
        yield f"{'  ' * depth}{'+' if part.true else '-'} {part.what}: {part.source}{_describe(part)}"
        if not part.repeats_its_parts:
            for place in part.places:
                yield f"{'  ' * depth}    {_place(place)}"
        waiting += [(p, depth + 1) for p in reversed(part.parts)]


def _print_tree(watch: Watch, title: str, e: WatchExplanation) -> None:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    console = Console()
    console.print(Text(strip_control(_heading(watch)), style="bold"))
    console.print(Text(strip_control(f"in: {title}"), style="dim"))
    for r in e.reasons:
        console.print(
            Text.assemble(
                (f"{r.step.value}: ".rjust(12), "cyan"), (strip_control(r.text), "red" if r.stops else "green")
            )
        )
    if e.tree is not None:
        tree = Tree(_label(e.tree), guide_style="dim")
        _add_branches(tree, e.tree)
        console.print(tree)


def _add_branches(tree: Tree, part: Explanation) -> None:
    from rich.text import Text

    for inner in part.parts:
        _add_branches(tree.add(_label(inner)), inner)
    if not part.repeats_its_parts:
        for place in part.places:
            tree.add(Text(strip_control(_place(place)), style="yellow"))


def _label(part: Explanation) -> Any:
    from rich.text import Text

    sign = ("✓ ", "bold green") if part.true else ("✗ ", "bold red")
    return Text.assemble(
        sign, (f"{part.what} ", "magenta"), strip_control(part.source), (strip_control(_describe(part)), "dim")
    )


def _heading(watch: Watch) -> str:
    revision = f" revision {watch.revision}" if watch.revision else ""
    return f"watch {watch.name}{revision}: {watch.target}"


def _describe(part: Explanation) -> str:
    count = f" - found {'once' if part.count == 1 else f'{part.count} times'}" if part.count else ""
    because = f" - {part.because.value}" if part.because else ""
    detail = f" ({part.detail})" if part.detail else ""
    return f"{count}{because}{detail}"


def _place(p: MatchPlace) -> str:
    speaker = f" {p.speaker}:" if p.speaker else ""
    return f"{format_clock(p.seconds)}{speaker} {p.surface}{'' if p.how == 'exact' else f' ({p.how})'}"


def _row(
    watch: Watch,
    title: str,
    episode: Episode | None,
    e: WatchExplanation,
    mentions: list[MentionState],
    deliveries: list[StoredDelivery],
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
                "seconds": finite_or_none(s.mention.seconds),
                "label": s.mention.label,
                "revision": s.revision,
                "gone_at": s.gone_at,
            }
            for s in mentions
        ],
        "deliveries": [
            {
                "key": d.delivery.key,
                "channel": show_channel(d.delivery.channel),
                "state": d.delivery.state.value,
                "error": redact_text(d.delivery.error) if d.delivery.error else None,
                "sent_at": d.sent_at,
            }
            for d in deliveries
        ],
        "tree": _tree_row(e.tree) if e.tree else None,
    }


def _tree_row(part: Explanation) -> dict[str, Any]:
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
                "seconds": finite_or_none(p.seconds),
                "surface": p.surface,
                "speaker": p.speaker,
                "how": p.how,
            }
            for p in part.places
        ],
        "parts": [_tree_row(p) for p in part.parts],
    }

"""podwatch preview: the cards that a transcript would bring, shown before anything is sent; without a database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import emit_json, load_settings, print_stderr
from podwatch.commands.scan import find_entities, load_transcript, reads_entities
from podwatch.errors import PodwatchError

if TYPE_CHECKING:
    from podwatch.model import Alert, Transcript, Watch

EXAMPLE = """WEBVTT

00:03:41.000 --> 00:03:58.000
<v Ann Lee>Now to the Black Sea, where the first wheat has moved again since Tuesday.

00:03:58.000 --> 00:04:11.000
<v Bo Sand>Nine days the pilots had waited, and nobody knew whether the insurers would pay.

00:15:00.000 --> 00:15:09.000
<v Bo Sand>Nobody grows grain for the Black Sea alone.
"""
EXAMPLE_QUERY, EXAMPLE_CHANNEL = '"black sea" WITHIN 60s (grain OR wheat)', "#trade"


def preview(
    file: Annotated[Path | None, cli.Argument(help="A transcript, in any format; without one, an example.")] = None,
    list_file: Annotated[Path | None, cli.Option("--watchlist", help="Its watches, not the example's.")] = None,
    watch: Annotated[str | None, cli.Option(help="The card of this watch alone.", metavar="NAME")] = None,
    blocks: Annotated[bool, cli.Option("--blocks", help="What to paste into Slack's Block Kit Builder.")] = False,
    json: Json = False,
) -> None:
    """Shows the cards that a transcript would bring, and sends nothing.

    Without a file it shows an example.

    Example: podwatch preview talk.vtt --watchlist watchlist.yaml
    """
    if blocks and json:
        raise cli.BadParameter("--blocks prints JSON already: leave out --json")
    watches = _read_watches(list_file, watch)
    alerts = list(find_alerts(_read_example() if file is None else load_transcript(file), watches, file))
    if not alerts:
        raise PodwatchError(
            "brings no card: no watch is found in it",
            where=str(file or "the example"),
            todo="try `podwatch scan`, or a transcript that you know",
        )
    if blocks and len(alerts) > 1:
        names = ", ".join(alert.watch.name for alert in alerts)
        print_stderr(f"podwatch: the card of {alerts[0].watch.name}; --watch chooses among {names}")
    for alert in alerts[:1] if blocks else alerts:
        _show_card(alert, as_blocks=blocks, as_json=json)


def find_alerts(transcript: Transcript, watches: list[Watch], file: Path | None) -> Iterator[Alert]:
    """The alert of each watch that is found, in the order of the watchlist, as detect would make it."""
    from podwatch import query
    from podwatch.model import Alert, Episode
    from podwatch.policy.alerts import alert_key

    engine = query.build_engine(watches)
    for name, error in engine.broken.items():
        print_stderr(f"podwatch: watch {name}: {error.line}")
    named = find_entities(transcript, watches) if reads_entities(engine) else None
    found = engine(transcript, query.EpisodeFields(title=transcript.title, entities=named))
    for name, why in found.failed.items():
        print_stderr(f"podwatch: watch {name} failed: {why}")
    show = "" if file else "Example show"
    episode = Episode(guid=str(file or "example"), show=show, title=transcript.title or "An example")
    for watch in watches:
        if mentions := [m for m in found.mentions if m.watch == watch.name]:
            key = alert_key(watch.name, episode.guid, watch.channel)
            yield Alert(key=key, watch=watch, episode=episode, channel=watch.channel, mentions=mentions)


def _read_watches(list_file: Path | None, name: str | None) -> list[Watch]:
    if list_file is None:
        from podwatch.model import Watch

        watches = [Watch(name="example", query=EXAMPLE_QUERY, channel=EXAMPLE_CHANNEL)]
    else:
        from podwatch.watchlist.loader import read_watches

        watches = read_watches(list_file)
    chosen = [w for w in watches if name in (None, w.name)]
    if not chosen:
        raise PodwatchError("is not in the watchlist", where=str(name), todo="choose one of its watches")
    return chosen


def _read_example() -> Transcript:
    from podwatch.transcripts.formats import parse_transcript

    return parse_transcript(EXAMPLE.encode(), "text/vtt")[1].transcript(title="The corridor reopens")


def _show_card(alert: Alert, *, as_blocks: bool, as_json: bool) -> None:
    """The card on a terminal or as plain lines; as JSON, its message in the channel and those in its thread."""
    from podwatch.notifiers import card

    if not (as_blocks or as_json):
        from podwatch.notifiers.console import ConsoleNotifier

        ConsoleNotifier().send(alert)
        return
    root, *thread = card.alert_messages(alert)
    buttons = []
    if load_settings().slack_app_token:
        from podwatch.notifiers.slack_buttons import actions_block

        buttons = [actions_block(alert.key)]
    shown = {"blocks": [*root.blocks, *buttons]}
    if as_blocks:
        sys.stdout.write(dumps(shown, ensure_ascii=False, indent=2) + "\n")
        return
    facts = {"watch": alert.watch.name, "channel": alert.channel, "text": root.text}
    emit_json({**facts, **shown, "thread": [{"text": m.text, "blocks": m.blocks} for m in thread]})

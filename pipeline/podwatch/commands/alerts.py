"""podwatch alerts: what was sent, is due, is held and why, is dead; and the release of what is held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from podwatch.commands import cli
from podwatch.commands.options import Json, parse_moment
from podwatch.commands.output import emit_json, open_runtime, require_utf8, show_rows, utc_now
from podwatch.errors import PodwatchError
from podwatch.model import DeliveryState, HoldReason
from podwatch.notifiers import show_channel
from podwatch.redaction import redact_text

if TYPE_CHECKING:
    from podwatch.runtime import Runtime
    from podwatch.store.alert_list import ListedAlert

app = cli.Group(help="What was told, waits, is held back (and why), or could not be told.", invoke_without_command=True)
_COLUMNS = ("key", "state", "when", "watch", "show", "episode", "channel", "why")
RELEASED_AT_ONCE = 10_000


class State(StrEnum):
    """What became of an alert; due: also what is being tried, or to be tried again."""

    SENT = "sent"
    DUE = "due"
    HELD = "held"
    DEAD = "dead"


class Why(StrEnum):
    """Why an alert is held, for those that no time releases."""

    MUTED = "muted"
    OLD = "old"
    BACKFILL = "backfill"
    DISABLED = "disabled"
    MODE_NONE = "mode-none"
    MINIMUM = "minimum"
    SKIPPED = "skipped"
    UNKNOWN = "unknown-outcome"


STATES = {
    State.SENT: (DeliveryState.SENT,),
    State.DUE: (DeliveryState.DUE, DeliveryState.RETRY, DeliveryState.ATTEMPTING),
    State.HELD: (DeliveryState.HELD,),
    State.DEAD: (DeliveryState.DEAD,),
}
REASONS = {
    Why.MUTED: (HoldReason.MUTED_WATCH, HoldReason.MUTED_SHOW),
    Why.OLD: (HoldReason.OLD_EPISODE,),
    Why.BACKFILL: (HoldReason.BACKFILL,),
    Why.DISABLED: (HoldReason.DISABLED,),
    Why.MODE_NONE: (HoldReason.MODE_NONE,),
    Why.MINIMUM: (HoldReason.MINIMUM,),
    Why.SKIPPED: (HoldReason.BOILERPLATE,),
    Why.UNKNOWN: (HoldReason.UNKNOWN_OUTCOME,),
}
WatchName = Annotated[str | None, cli.Option("--watch", help="Only of this watch.")]
SinceText = Annotated[str | None, cli.Option("--since", help="Found on this day (UTC) or later, or 7d for a time ago.")]


@app.default()
def list_(
    context: cli.Context,
    state: Annotated[list[State] | None, cli.Option("--state", help="Only these; several times for more.")] = None,
    watch: WatchName = None,
    since: SinceText = None,
    limit: Annotated[int, cli.Option("--limit", min=1, help="How many at most, the newest first.")] = 100,
    json: Json = False,
) -> None:
    """The alerts, the newest first, each with the key that podwatch explain takes."""
    if context.invoked_subcommand is not None:
        return
    now = utc_now()
    with open_runtime() as rt:
        name = _known_watch(rt, watch)
        found = rt.store.list_alerts(
            states=[s for chosen in state or () for s in STATES[chosen]],
            watch=name,
            since=parse_moment(since, now) if since else None,
            limit=limit,
        )
    show_rows((_row(a, json) for a in found), _COLUMNS, json, "no alerts; podwatch coverage says what was listened to")


@app.command()
def release(
    why: Annotated[list[Why], cli.Option("--held", help="Why they are held; several times for more.")],
    watch: WatchName = None,
    since: SinceText = None,
    json: Json = False,
) -> None:
    """Sends held alerts after all, as one digest for each channel.

    Such as what was found while a watch was muted.

    Example: podwatch alerts release --held muted --since 7d
    """
    with open_runtime() as rt:
        name = _known_watch(rt, watch)
        found = rt.store.list_alerts(
            states=(DeliveryState.HELD,),
            reasons=[r for chosen in why for r in REASONS[chosen]],
            watch=name,
            since=parse_moment(since, utc_now()) if since else None,
            limit=RELEASED_AT_ONCE,
        )
        counts = _release(rt, found)
    rows = [{"channel": show_channel(channel), "alerts": n} for channel, n in sorted(counts.items())]
    if json:
        emit_json({"released": sum(counts.values()), "channels": rows})
    else:
        show_rows(rows, ("channel", "alerts"), False, "nothing is held for that reason")


def _release(rt: Runtime, found: Sequence[ListedAlert]) -> dict[str, int]:
    """How many alerts were put into the digest of each channel."""
    now = rt.store.clock()
    channels = {w.name: w.channel for w in rt.store.watches()}
    mine = [a for a in found if a.watch in channels and a.episode]  # of watches and episodes that are still there
    rt.store.prepare_release([a.delivery.id for a in mine], {a.delivery.id: channels[a.watch] for a in mine}, now)
    by_channel: dict[str, list[ListedAlert]] = defaultdict(list)
    for alert in reversed(mine):
        by_channel[channels[alert.watch]].append(alert)
    return {
        channel: rt.store.make_digest(channel, HoldReason.RELEASED, [a.delivery for a in alerts], now)
        for channel, alerts in by_channel.items()
    }


def _known_watch(rt: Runtime, name: str | None) -> str | None:
    if name is None:
        return None
    if rt.store.find_watch(require_utf8(name)) is None:
        raise PodwatchError("is not among the watches", where=name, todo="see podwatch watches list")
    return name


def _row(a: ListedAlert, as_json: bool) -> dict[str, Any]:
    d = a.delivery
    when = a.sent_at or d.next_attempt_at
    why = redact_text(d.error) if d.error else None
    if as_json:
        return {
            "key": d.key,
            "state": d.state.value,
            "reason": d.reason.name.lower() if d.reason and d.state is DeliveryState.HELD else None,
            "why": why,
            "watch": a.watch,
            "show": redact_text(a.show),
            "episode": a.episode,
            "published_at": a.published_at,
            "channel": show_channel(d.channel),
            "found_at": a.created_at,
            "sent_at": a.sent_at,
            "next_try": d.next_attempt_at if a.sent_at is None else None,
            "attempts": d.attempts,
        }
    return {
        "key": d.key[:12],
        "state": d.state.value,
        "when": when,
        "watch": a.watch,
        "show": redact_text(a.show),
        "episode": a.episode,
        "channel": show_channel(d.channel),
        "why": why,
    }

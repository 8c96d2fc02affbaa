"""podwatch alerts: what was sent, is due, is held and why, is dead; and the release of what is held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from podwatch.commands import cli
from podwatch.commands.audit_notes import note
from podwatch.commands.choices import known_feed, known_watch
from podwatch.commands.options import FoundSince, Json, OutputOption, ShowName, Until, WatchName, check_period
from podwatch.commands.output import Output, emit_json, open_runtime, print_stderr, show_rows
from podwatch.model import DeliveryState, HoldReason
from podwatch.notifiers import show_channel
from podwatch.redaction import redact_text

if TYPE_CHECKING:
    from podwatch.runtime import Runtime
    from podwatch.store.alert_list import ListedAlert

app = cli.Group(help="What was told, waits, is held back (and why), or could not be told.", invoke_without_command=True)
_COLUMNS = ("key", "state", "when", "watch", "show", "episode", "channel", "why")
CSV_COLUMNS = (
    "key", "state", "reason", "why", "watch", "show", "episode", "published_at", "channel", "found_at", "sent_at",
    "next_try", "attempts",
)  # fmt: skip
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


@app.default()
def list_(
    context: cli.Context,
    state: Annotated[list[State] | None, cli.Option("--state", help="Only these; several times for more.")] = None,
    watch: WatchName = None,
    feed: ShowName = None,
    since: FoundSince = None,
    until: Until = None,
    limit: Annotated[int, cli.Option("--limit", min=1, help="How many at most, the newest first.")] = 100,
    json: Json = False,
    output: OutputOption = None,
) -> None:
    """The alerts, the newest first, each with the key that podwatch explain takes."""
    if context.invoked_subcommand is not None:
        return
    as_json, as_csv = json or output is Output.JSON, output is Output.CSV
    check_period(since, until)
    with open_runtime() as rt:
        name, chosen = known_watch(rt.store, watch, removed=True), known_feed(rt.store, feed)
        found = rt.store.list_alerts(
            states=[s for chosen in state or () for s in STATES[chosen]],
            watch=name,
            feed_id=chosen.id if chosen else None,
            since=since,
            until=until,
            limit=limit,
        )
    rows = [_row(a, as_json or as_csv) for a in found]
    none = "no alerts; podwatch coverage says what was listened to"
    show_rows(rows, CSV_COLUMNS if as_csv else _COLUMNS, as_json, none, as_csv=as_csv)
    if len(found) == limit and not as_json:
        print_stderr(f"the newest {limit}; --limit shows more")


@app.command()
def release(
    why: Annotated[list[Why], cli.Option("--held", help="Why they are held; several times for more.")],
    watch: WatchName = None,
    since: FoundSince = None,
    json: Json = False,
) -> None:
    """Sends held alerts after all, as one digest for each channel.

    Such as what was found while a watch was muted.

    Example: podwatch alerts release --held muted --since 7d
    """
    from podwatch.store.audit import Action

    with open_runtime() as rt:
        name = known_watch(rt.store, watch, removed=True)
        found = rt.store.list_alerts(
            states=(DeliveryState.HELD,),
            reasons=[r for chosen in why for r in REASONS[chosen]],
            watch=name,
            since=since,
            limit=RELEASED_AT_ONCE,
        )
        counts = _release(rt, found)
        if counts:
            held = {"held": [w.value for w in why]} | ({"watch": name} if name else {})
            note(rt, Action.RELEASE, f"{sum(counts.values())} alerts", held, None)
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


def _row(a: ListedAlert, as_values: bool) -> dict[str, Any]:
    d = a.delivery
    when = a.sent_at or d.next_attempt_at
    why = redact_text(d.error) if d.error else None
    if as_values:
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

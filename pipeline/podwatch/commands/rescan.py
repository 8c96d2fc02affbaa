"""podwatch rescan: everything that is stored looked through again, with nothing fetched."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

import typer

from podwatch.commands.backtest import FEW, Processes
from podwatch.commands.line import detect_with_bar
from podwatch.commands.mentions import Since
from podwatch.commands.output import Json, emit, now, runtime, say, settings, utf8
from podwatch.errors import PodwatchError
from podwatch.history.process_pool import usable_cores

Names = Annotated[list[str] | None, typer.Option("--watch", help="Only this watch; may be given several times.")]


def rescan(watch: Names = None, since: Since = None, processes: Processes = None, json: Json = False) -> None:
    """Looks for the watches again in all that is stored, after an upgrade; old episodes raise no alert.

    A new or changed watch needs none: detect looks for it in all that is stored.
    """
    names = [utf8(name) for name in watch or ()]
    with runtime() as rt:
        known = {w.name for w in rt.store.watches()}
        if missing := [name for name in names if name not in known]:
            raise PodwatchError("is not among the watches", where=missing[0], todo="see podwatch watches list")
        count = rt.store.requeue_watches(names or None, since.replace(tzinfo=UTC) if since else None)
        before = rt.store.alert_states()
    moment = now()
    t = detect_with_bar(settings(), moment, processes or (1 if count < FEW else usable_cores()), piped=True)
    with runtime() as rt:
        states = rt.store.alert_states()
        gone = rt.store.count_gone_since(moment)
        held = sum(n - before.get(name, 0) for name, n in states.items() if name.startswith("held"))
        due = states.get("due", 0) - before.get("due", 0)
    if json:
        emit(
            {
                "verb": "rescan",
                "done": t.done,
                "new": t.new,
                "gone": gone,
                "failed": t.failed,
                "alerts": due,
                "held": held,
            }
        )
        return
    for note in t.notes:
        say(f"rescan: {note}")
    what = f"{t.done:,} transcripts looked through, {t.new:,} mentions are new, {gone:,} are no longer found"
    print(f"rescan: {what}, {t.failed} watches failed" if t.failed else f"rescan: {what}")
    print(f"{due} new alerts to be delivered, {held} kept back because their episodes are old")

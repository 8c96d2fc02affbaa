"""podwatch rescan: everything that is stored searched again, with nothing fetched."""

from __future__ import annotations

from typing import Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json, Processes, Since
from podwatch.commands.output import emit_json, load_settings, print_stderr, require_utf8, utc_now
from podwatch.commands.run import follow_detection
from podwatch.policy.wording import agree, count_of

Watches = Annotated[list[str] | None, cli.Option("--watch", help="Only this watch; may be given several times.")]


def rescan(watch: Watches = None, since: Since = None, processes: Processes = None, json: Json = False) -> None:
    """Looks again in all that is stored, after an upgrade.

    Old episodes raise no alert. A new or changed watch needs none: detect looks for it in all that is stored.

    Example: podwatch rescan --watch corridor
    """
    from podwatch.history import rescan as history

    names = [require_utf8(name) for name in watch or ()]
    result = history.rescan(load_settings(), utc_now(), names, since, processes, follow_detection)
    t = result.tally
    if json:
        counts = {"done": t.done, "new": t.new, "gone": result.gone, "failed": t.failed}
        emit_json({"verb": "rescan"} | counts | {"alerts": result.due, "held": result.held})
        return
    for note in t.notes:
        print_stderr(f"rescan: {note}")
    what = (
        f"{count_of(t.done, 'transcript')} looked through, {count_of(t.new, 'mention')} {agree(t.new, 'is', 'are')} new"
    )
    what += f", {result.gone:,} {agree(result.gone, 'is', 'are')} no longer found"
    print(f"rescan: {what}, {count_of(t.failed, 'watch')} failed" if t.failed else f"rescan: {what}")
    print(
        f"{count_of(result.due, 'new alert')} to be delivered, {result.held} kept back because their episodes are old"
    )

"""podwatch audit: who changed what, on the page, by a button in Slack or by a command."""

from __future__ import annotations

from typing import Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import open_runtime, require_utf8, show_rows

_COLUMNS = ("at", "who", "action", "subject", "before", "after")


def audit(
    who: Annotated[str, cli.Option("--who", help="Only of this person: ada, slack:U012AB, command:root.")] = "",
    what: Annotated[str, cli.Option("--what", help="Only of this kind: edit watch, add feeds, answer.")] = "",
    of: Annotated[str, cli.Option("--of", help="Only where this is in what was changed: watch grain.")] = "",
    limit: Annotated[int, cli.Option("--limit", min=1, help="How many at most, the newest first.")] = 50,
    json: Json = False,
) -> None:
    """Shows who changed what, the newest change first.

    On the page, by a button on a card in Slack, or by a command, with what was before and after.

    Example: podwatch audit --of "watch grain" --json
    """
    from podwatch.store.audit import AuditFilter, describe_facts

    wanted = AuditFilter(require_utf8(who), require_utf8(what), require_utf8(of))
    with open_runtime() as rt:
        found = rt.store.list_audit(wanted, limit=limit)
    rows = [
        {
            "id": e.id,
            "at": e.at,
            "who": e.who,
            "action": e.action,
            "subject": e.subject,
            "before": e.before if json else describe_facts(e.before),
            "after": e.after if json else describe_facts(e.after),
        }
        for e in found
    ]
    show_rows(rows, _COLUMNS, json, "nothing was changed by hand yet")

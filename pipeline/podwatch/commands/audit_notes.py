"""What a command has changed, noted in the audit: who, when, what, before and after. Written after the change."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from typing import TYPE_CHECKING

from podwatch.commands.output import utc_now

if TYPE_CHECKING:
    from podwatch.model import Watch
    from podwatch.policy.watchlist_changes import WatchlistChanges
    from podwatch.runtime import Runtime
    from podwatch.store.audit import Action, Facts

MOST_ROWS = 200  # of one sync; of more only the counts are noted


def user_name() -> str:
    """Who runs the command; "" for a user id without a name, as in containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def note(rt: Runtime, action: Action, subject: str, before: Facts = None, after: Facts = None) -> None:
    """Notes one change; control characters of an argument are nobody's name."""
    who = f"command:{user_name() or 'unknown'}"
    rt.store.add_audit(who, action, "".join(c for c in subject if c.isprintable())[:500], before, after, utc_now())


def note_sync(rt: Runtime, plan: WatchlistChanges, watches: Sequence[Watch]) -> None:
    """Notes what a sync has changed, a row a watch, as the page's editor does."""
    from podwatch.diagnose.watch_facts import shown_entry
    from podwatch.store.audit import Action

    by_name = {w.name: w for w in watches}
    removed = {w.name: w for w, _ in rt.store.retired_watches()}
    renamed = {new for _, new in plan.renamed}
    edited = {*plan.changed, *plan.told, *(name for name, _, _ in plan.moved), *renamed} - set(plan.back)
    if len(plan.new) + len(plan.back) + len(edited) + len(plan.removed) > MOST_ROWS:
        counts = {"new": len(plan.new), "changed": len(edited), "back": len(plan.back), "removed": len(plan.removed)}
        note(rt, Action.SYNC, f"watchlist of {len(watches)} watches", None, counts)
        return
    for name in plan.new:
        note(rt, Action.ADD_WATCH, f"watch {name}", None, shown_entry(by_name[name]))
    for name in sorted(edited):
        was = shown_entry(plan.was[name].watch)
        note(rt, Action.EDIT_WATCH, f"watch {name}", was, shown_entry(by_name[name]))
    for name in plan.back:
        note(rt, Action.SWITCH_ON, f"watch {name}", None, shown_entry(by_name[name]))
    for name in plan.removed:
        facts = shown_entry(removed[name]) if name in removed else None
        note(rt, Action.SWITCH_OFF, f"watch {name}", facts, None)

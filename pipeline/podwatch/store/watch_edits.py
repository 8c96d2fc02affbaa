"""Changes one watch of the watchlist in use, with its audit row, in one transaction; sync changes all of them.

Whoever edits says how the watch was when they began. Where it is another by now nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from podwatch.errors import WatchlistError
from podwatch.model import Watch
from podwatch.policy.watchlist_changes import StoredState, WatchlistChanges
from podwatch.store.audit import Action, Facts, insert_audit
from podwatch.store.connection import Rows
from podwatch.store.rerouting import hold_unused_reports
from podwatch.store.tables import watches
from podwatch.store.watches import LIVE, free_names, lock_watches, put_watch, state_of


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes a watch, and how the audit shows the watch before and after."""

    who: str
    before: Facts
    after: Facts


class WatchConflict(Exception):
    """The watch is not as its editor saw it. present: as it is now, None when it is not on the list any more."""

    def __init__(self, present: Watch | None) -> None:
        super().__init__("somebody else has changed the watch in the meantime")
        self.present = present


class WatchEditRows(Rows):
    def save_watch(
        self, watch: Watch, was: Watch | None, author: Author, now: datetime, live: timedelta = LIVE
    ) -> Watch:
        """Puts a watch to use: a new one (was: None), or in the place of what it was, under any name.

        Raises WatchConflict when the watch is not as ``was`` any more, WatchlistError when its name is another one's.
        """
        with self.writing() as c:
            stored = lock_watches(c)
            by_name = {s.watch.name: s for s in stored}
            namesake = by_name.get(watch.name)
            state: StoredState | None
            if was is not None:
                state = _unchanged(by_name, was)
            elif namesake is not None and namesake.enabled:
                raise WatchlistError("another watch has this name", where="name", todo="choose another one")
            else:
                state = namesake  # one that is back has its mentions and answers again
            if namesake is not None and namesake.enabled and (state is None or namesake.watch.id != state.watch.id):
                raise WatchlistError("another watch has this name", where="name", todo="choose another one")
            seq = c.execute(select(func.coalesce(func.max(watches.c.seq), 0))).scalar_one()
            plan = WatchlistChanges(was={watch.name: state} if state is not None else {})
            free_names(c, [watch], plan, stored)
            put_watch(c, watch, state, seq, {s.watch.alert_name for s in stored}, now, live)
            _hold_unused(c)
            [row] = c.execute(select(watches).where(watches.c.name == watch.name)).all()
            saved = state_of(row).watch
            action = Action.ADD_WATCH if was is None else Action.EDIT_WATCH
            after = None if author.after is None else {**author.after, "revision": saved.revision}
            insert_audit(c, author.who, action, f"watch {watch.name}", author.before, after, now)
        return saved

    def switch_off(self, was: Watch, author: Author, now: datetime, *, for_good: bool = False) -> None:
        """Takes a watch off the watchlist; what it found stays. for_good: it is not offered to be switched on again.

        Raises WatchConflict as save_watch() does; a watch that is off already can only be removed for good.
        """
        action = Action.REMOVE_WATCH if for_good else Action.SWITCH_OFF
        with self.writing() as c:
            state = {s.watch.name: s for s in lock_watches(c)}.get(was.name)
            if state is None or (state.enabled and not _is_same(state.watch, was)) or not (state.enabled or for_good):
                raise WatchConflict(state.watch if state is not None and state.enabled else None)
            values: dict[str, Any] = {"enabled": False, "disabled_at": now} if state.enabled else {}
            values |= {"removed_at": now} if for_good else {}
            c.execute(update(watches).where(watches.c.id == state.watch.id).values(**values))
            _hold_unused(c)
            insert_audit(c, author.who, action, f"watch {was.name}", author.before, author.after, now)

    def switch_on(self, name: str, author: Author, now: datetime, live: timedelta = LIVE) -> Watch:
        """Puts a watch that was taken off back to use; raises WatchConflict when it is on, or nowhere."""
        with self.writing() as c:
            stored = lock_watches(c)
            state = {s.watch.name: s for s in stored}.get(name)
            if state is None or state.enabled:
                raise WatchConflict(state.watch if state is not None else None)
            seq = c.execute(select(func.coalesce(func.max(watches.c.seq), 0))).scalar_one()
            put_watch(c, state.watch, state, seq, {s.watch.alert_name for s in stored}, now, live)
            insert_audit(c, author.who, Action.SWITCH_ON, f"watch {name}", author.before, author.after, now)
        return state.watch


def _unchanged(by_name: Mapping[str, StoredState], was: Watch) -> StoredState:
    state = by_name.get(was.name)
    if state is None or not state.enabled:
        raise WatchConflict(None)
    if not _is_same(state.watch, was):
        raise WatchConflict(state.watch)
    return state


def _is_same(stored: Watch, seen: Watch) -> bool:
    def plain(w: Watch) -> Watch:
        return replace(w, id=0, revision=0, revised_at=None)

    return plain(stored) == plain(seen)


def _hold_unused(c: Connection) -> None:
    hold_unused_reports(c, set(c.execute(select(watches.c.channel).where(watches.c.enabled)).scalars()))

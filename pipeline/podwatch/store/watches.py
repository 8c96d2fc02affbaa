"""The watchlist in the store. A number for each revision of a watch says in which transcripts it was looked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import chain, count
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, text, update

from podwatch.model import DeliverMode, Delivery, DeliveryState, EntityType, HoldReason, Scope, Tally, Watch
from podwatch.policy.watchlist_changes import (
    StoredState,
    WatchlistChanges,
    is_told_otherwise,
    plan_changes,
    returned_soon,
)
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.rerouting import decide_anew, hold_unused_reports, release_held, reroute_unsent
from podwatch.store.tables import deliveries, watches

LIVE = timedelta(days=7)  # see Settings.live_days

# The fields of Watch that the column "spec" holds, as JSON.
SPEC = ("query", "entity", "surge", "type", "aliases", "exclude", "sounds_like", "threshold", "skip", "minimum",
        "repeat_after", "silent_after", "scope")  # fmt: skip
# The watches that are looked for in texts: all but those of surges.
IS_TEXT_WATCH: ColumnElement[bool] = and_(watches.c.enabled, watches.c.spec["surge"].as_string().is_(None))


class WatchRows(Rows):
    def sync_watches(self, wanted: Sequence[Watch], now: datetime, live: timedelta = LIVE) -> Tally:
        """Makes the stored watchlist equal to ``wanted``. Watches that are not on it any more are disabled.

        What was not sent yet goes where and when the new list says: see store/rerouting.py. live: a watch that was off
        the list for no longer than this goes on as if it had not been. Raises WatchlistError as plan_changes() does.
        """
        with self.writing() as c:
            return _sync(c, wanted, now, live)

    def plan_sync(self, wanted: Sequence[Watch]) -> WatchlistChanges:
        """What sync_watches() would change; raises WatchlistError as it does."""
        return plan_changes(wanted, [state_of(r) for r in self.read_rows(ALL_WATCHES)])

    def count_unsent(self, names: Collection[str]) -> dict[str, int]:
        """How many alerts of these watches are neither sent nor given up, by name."""
        d, w = deliveries.c, watches.c
        unsent = d.state.in_([s.value for s in (DeliveryState.DUE, DeliveryState.RETRY, DeliveryState.HELD)])
        query = select(w.name, func.count().label("n")).join(deliveries, d.watch_id == w.id)
        rows = self.read_rows(query.where(w.name.in_(sorted(names)), unsent).group_by(w.name))
        return {r.name: r.n for r in rows}

    def reroute_moved(self, delivery: Delivery, now: datetime) -> bool:
        """Whether the delivery was addressed to another channel than that of its watch, or of one in the digest.

        What certainly was not posted is then addressed to the watch's channel.
        """
        d, w = deliveries.c, watches.c
        mine = (or_(d.id == delivery.id, d.digest_id == delivery.id), d.channel != w.channel)
        moved = self.read_rows(select(w.id, w.channel).join(deliveries, d.watch_id == w.id).where(*mine).distinct())
        if not moved:
            return False
        with self.writing() as c:
            return sum(reroute_unsent(c, r.id, r.channel, now) for r in moved) > 0

    def watches(self) -> list[Watch]:
        """The enabled watches, by name."""
        return [watch_of(r) for r in self.read_rows(select(watches).where(watches.c.enabled).order_by(watches.c.name))]

    def retired_watches(self, *, removed: bool = True) -> list[tuple[Watch, datetime | None]]:
        """(watch, when it was taken off the watchlist) of those that are no longer on it, by name.

        removed: also those that nobody wants to see any more.
        """
        query = select(watches).where(watches.c.enabled.is_(False)).order_by(watches.c.name)
        query = query if removed else query.where(watches.c.removed_at.is_(None))
        return [(watch_of(r), r.disabled_at) for r in self.read_rows(query)]

    def watches_told_of_silence(self) -> list[Watch]:
        """The enabled watches that have a ``silent_after``, by name: deliver asks every time, and most have none."""
        told = (watches.c.enabled, watches.c.spec["silent_after"].as_float() > 0)
        return [watch_of(r) for r in self.read_rows(select(watches).where(*told).order_by(watches.c.name))]


def lock_watches(c: Connection) -> list[StoredState]:
    """Every watch that ever was on the list; no other edit or sync changes one until the transaction ends."""
    if c.dialect.name == "postgresql":
        c.execute(text("LOCK TABLE watches IN SHARE ROW EXCLUSIVE MODE"))
    return [state_of(r) for r in c.execute(ALL_WATCHES)]


def _sync(c: Connection, wanted: Sequence[Watch], now: datetime, live: timedelta) -> Tally:
    stored = lock_watches(c)
    plan = plan_changes(wanted, stored)
    seq = c.execute(select(func.coalesce(func.max(watches.c.seq), 0))).scalar_one()
    key_names = {s.watch.alert_name for s in stored}
    free_names(c, wanted, plan, stored)
    for watch in wanted:
        seq = put_watch(c, watch, plan.was.get(watch.name), seq, key_names, now, live)
    gone = [s.watch.id for s in stored if s.watch.name in plan.removed]
    c.execute(update(watches).where(watches.c.id.in_(gone)).values(enabled=False, disabled_at=now))
    hold_unused_reports(c, {watch.channel for watch in wanted})
    notes: tuple[str, ...] = (f"{len(plan.changed) + len(plan.back)} changed", f"{len(plan.removed)} removed")
    notes += (f"{len(plan.renamed)} renamed",) if plan.renamed else ()
    return Tally("sync", done=len(wanted), new=len(plan.new), notes=notes)


def put_watch(
    c: Connection,
    watch: Watch,
    state: StoredState | None,
    seq: int,
    key_names: set[str],
    now: datetime,
    live: timedelta,
) -> int:
    """Stores one watch as the list has it now, and has what was not sent go where it says; returns the last seq.

    state: the stored watch that it continues. seq: the last one so far; key_names: those that are taken, added to.
    """
    finds_other = state is None or state.fingerprint != watch.fingerprint
    soon = state is not None and not state.enabled and not finds_other and returned_soon(state, now, live)
    values: dict[str, Any] = {
        "name": watch.name,
        "spec": {name: getattr(watch, name) for name in SPEC} | {"scope": asdict(watch.scope)},
        "channel": watch.channel,
        "deliver": watch.deliver.value,
        "enabled": True,
        "disabled_at": None,
        "removed_at": None,
    }
    if state is None or finds_other or not state.enabled:
        seq += 1
        revision = 1 if state is None else state.watch.revision + 1
        values |= {"fingerprint": watch.fingerprint, "revision": revision, "seq": seq, "error": None}
        values |= {} if soon else {"revised_at": now}
    if state is None:
        values["key_name"] = _free_key_name(watch.name, key_names)
        key_names.add(values["key_name"])
        c.execute(insert(watches).values(**values))
        return seq
    c.execute(update(watches).where(watches.c.id == state.watch.id).values(**values))
    reroute_unsent(c, state.watch.id, watch.channel, now)
    if is_told_otherwise(watch, state.watch) or watch.channel != state.watch.channel:
        keep = watch.deliver is DeliverMode.DIGEST
        decide_anew(c, deliveries.c.watch_id == state.watch.id, now, keep_digests=keep)
    if soon:
        release_held(c, state.watch.id, HoldReason.DISABLED, now)
    return seq


def free_names(c: Connection, wanted: Sequence[Watch], plan: WatchlistChanges, stored: Sequence[StoredState]) -> None:
    """Gives the stored watches another name whose name is a different one's from now on: names are unique."""
    by_name = {s.watch.name: s.watch.id for s in stored}
    for watch in wanted:
        other, mine = by_name.get(watch.name), plan.was.get(watch.name)
        if other is not None and (mine is None or mine.watch.id != other):
            free = f"{watch.name} (removed, {other})"  # one that is still on the list gets its new name next
            c.execute(update(watches).where(watches.c.id == other).values(name=free))


def _free_key_name(name: str, taken: Collection[str]) -> str:
    """The name, unless the keys of a watch that was renamed are made of it."""
    return next(k for k in chain([name], (f"{name}#{n}" for n in count(2))) if k not in taken)


ALL_WATCHES = select(watches).order_by(watches.c.seq)


def state_of(r: AnyRow) -> StoredState:
    return StoredState(watch_of(r), r.enabled, r.fingerprint, r.disabled_at)


def watch_of(r: AnyRow) -> Watch:
    """The watch of a row, which an older podwatch may have written without the newer fields."""
    spec = dict(r.spec)
    scope = {name: tuple(values) for name, values in spec.pop("scope").items()}
    spec["aliases"], spec["skip"] = tuple(spec["aliases"]), tuple(spec.get("skip", ()))
    spec["exclude"] = tuple(spec.get("exclude", ()))
    surge = spec.get("surge")
    spec["surge"] = None if surge is None else tuple(EntityType(name) for name in surge)
    return Watch(
        id=r.id,
        name=r.name,
        channel=r.channel,
        deliver=DeliverMode(r.deliver),
        revision=r.revision,
        revised_at=r.revised_at,
        key_name=r.key_name,
        scope=Scope(**scope),
        **spec,
    )

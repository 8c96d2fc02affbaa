"""The watchlist in the store. A number for each revision of a watch says in which transcripts it was looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, select, update

from podwatch.model import DeliverMode, EntityType, Scope, Tally, Watch
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.tables import watches

# The fields of Watch that the column "spec" holds, as JSON.
SPEC = ("query", "entity", "surge", "type", "aliases", "exclude", "sounds_like", "threshold", "skip", "minimum",
        "repeat_after", "scope")  # fmt: skip
# The watches that are looked for in texts: all but those of surges.
IS_TEXT_WATCH: ColumnElement[bool] = and_(watches.c.enabled, watches.c.spec["surge"].as_string().is_(None))


class WatchRows(Rows):
    def sync_watches(self, wanted: Sequence[Watch], now: datetime) -> Tally:
        """Makes the stored watchlist equal to ``wanted``. Watches that are not on it any more are disabled."""
        new = revised = removed = 0
        with self.writing() as c:
            seq = c.execute(select(func.coalesce(func.max(watches.c.seq), 0))).scalar_one()
            stored = {r.name: r for r in c.execute(select(watches).order_by(watches.c.seq))}
            for watch in wanted:
                row = stored.pop(watch.name, None)
                values: dict[str, Any] = {
                    "spec": {name: getattr(watch, name) for name in SPEC} | {"scope": asdict(watch.scope)},
                    "channel": watch.channel,
                    "deliver": watch.deliver.value,
                    "enabled": True,
                }
                finds_other = row is None or row.fingerprint != watch.fingerprint or not row.enabled
                if finds_other:
                    seq += 1
                    revision = 1 if row is None else row.revision + 1
                    values |= {"fingerprint": watch.fingerprint, "revision": revision, "revised_at": now, "seq": seq}
                    values["error"] = None
                if row is None:
                    new += 1
                    c.execute(insert(watches).values(name=watch.name, **values))
                else:
                    revised += finds_other
                    c.execute(update(watches).where(watches.c.id == row.id).values(**values))
            for row in stored.values():
                if row.enabled:
                    removed += 1
                    c.execute(update(watches).where(watches.c.id == row.id).values(enabled=False))
        notes = (f"{revised} changed", f"{removed} removed")
        return Tally("sync", done=len(wanted), new=new, notes=notes)

    def watches(self) -> list[Watch]:
        """The enabled watches, by name."""
        return [watch_of(r) for r in self.read_rows(select(watches).where(watches.c.enabled).order_by(watches.c.name))]


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
        scope=Scope(**scope),
        **spec,
    )

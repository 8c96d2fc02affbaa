"""The clock that all workers share, by which leases and pauses are set and judged: their own may be hours apart.

On PostgreSQL it is the server's. SQLite has none, and the machine's may be set while a lease runs; so there the clock
is the machine's time at the first use, and the seconds counted since by its monotonic clock. It is set to the machine's
again after a day, or when somebody else's clock says that the machine's is right (``correct_clock``).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from podwatch.model import DeliveryState
from podwatch.store.connection import Rows
from podwatch.store.tables import channels, clocks, deliveries

RESTART_AFTER = timedelta(days=1)  # then the count starts anew from the machine's clock, unless a claim is open
MAX_APART = timedelta(seconds=30)  # of the count and the machine's clock: beyond it one of them was wrong


def read_wall_clock() -> datetime:
    """The time of the machine's clock."""
    return datetime.now(UTC)


def monotonic_seconds() -> float:
    """Seconds since the machine's start, sleep included."""
    try:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    except (OSError, AttributeError):  # not Linux
        return time.monotonic()


def uptime() -> tuple[str, float]:
    """(id of the machine's start, seconds since it, sleep included)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip(), monotonic_seconds()
    except OSError:  # not Linux
        return "", monotonic_seconds()


class ClockRows(Rows):
    def clock(self) -> datetime:
        """Now, the same for every process that uses this database, within some milliseconds."""
        return self.clock_and_monotonic(1)[0]

    def clock_and_monotonic(self, readings: int = 3) -> tuple[datetime, float]:
        """(the clock's time, monotonic_seconds() at that moment), so that a process can count on from there.

        readings: of a server's clock. It is read somewhere between request and answer; the middle of the quickest
        reading is taken.
        """
        if self.engine.dialect.name != "postgresql":
            return self._read_counted()
        _, time_there, monotonic = min(self._read_server() for _ in range(readings))
        return time_there, monotonic

    def _read_server(self) -> tuple[float, datetime, float]:
        """(seconds that the answer took, the server's time, monotonic_seconds() in the middle)."""
        with self.reading() as c:
            began = monotonic_seconds()
            now: datetime = c.execute(select(func.clock_timestamp())).scalar_one()
            ended = monotonic_seconds()
        return ended - began, now.astimezone(UTC), (began + ended) / 2

    def _read_counted(self) -> tuple[datetime, float]:
        boot, count = uptime()
        with self.reading() as c:
            row = c.execute(select(clocks).where(clocks.c.boot == boot)).first()
        if row is not None:
            counted: datetime = row.wall + timedelta(seconds=count - row.ticks)
            if count - row.ticks < RESTART_AFTER.total_seconds():
                return counted, count
        return self._restart(boot, count), count

    def correct_clock(self) -> bool:
        """Starts to count anew when the machine's clock, which is known to be right, is far from the count.

        So it is when that clock was wrong at the first use. False: nothing was to be done, or a delivery is claimed.
        """
        if self.engine.dialect.name == "postgresql":
            return False
        counted, now = self._read_counted()[0], read_wall_clock()
        return abs(now - counted) > MAX_APART and abs(self._restart(*uptime(), force=True) - counted) > MAX_APART

    def _restart(self, boot: str, count: float, *, force: bool = False) -> datetime:
        """Starts to count from the machine's clock, unless another process did, or a delivery is claimed.

        force: although the count is not a day old.
        """
        with self.writing() as c:
            row = c.execute(select(clocks).where(clocks.c.boot == boot)).first()
            if row is not None:
                counted: datetime = row.wall + timedelta(seconds=count - row.ticks)
                busy = select(deliveries.c.id).where(deliveries.c.state == DeliveryState.ATTEMPTING.value).limit(1)
                fresh = count - row.ticks < RESTART_AFTER.total_seconds() and not force
                if fresh or c.execute(busy).first() is not None:
                    return counted
            now = read_wall_clock()
            if row is not None and abs(now - counted) > MAX_APART:
                _shift_times(c, now - counted)
            c.execute(delete(clocks))
            c.execute(insert(clocks).values(boot=boot, ticks=count, wall=now))
            return now


def _shift_times(c: Connection, by: timedelta) -> None:
    """Moves the waits and the unknown attempts that were set by the old clock to the new one: their length stays.

    What is held until a time of day stays: that moment is the same by any clock.
    """
    waiting = (DeliveryState.DUE.value, DeliveryState.RETRY.value)
    for table, key, names, where in (
        (deliveries, deliveries.c.id, ("next_attempt_at",), deliveries.c.state.in_(waiting)),
        (deliveries, deliveries.c.id, ("attempted_at", "posted_at"), deliveries.c.sent_at.is_(None)),
        (channels, channels.c.name, ("next_at",), channels.c.next_at.is_not(None)),
        (channels, channels.c.name, ("paused_until",), channels.c.paused_until.is_not(None)),
    ):
        rows = c.execute(select(key.label("row"), *(table.c[name] for name in names)).where(where)).all()
        shifted = [
            {"row": r.row} | {f"to_{n}": None if (at := getattr(r, n)) is None else at + by for n in names}
            for r in rows
        ]
        if shifted:
            values: dict[Any, Any] = {n: bindparam(f"to_{n}") for n in names}
            c.execute(update(table).where(key == bindparam("row")).values(values), shifted)

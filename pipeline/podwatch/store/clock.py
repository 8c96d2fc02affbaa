"""The clock that all workers share, because their own may be hours apart: leases and pauses are set and judged by it.

PostgreSQL has one. SQLite has none but that of the machine, which somebody may change while a lease runs; so the time
is counted from the machine's start, which nobody can, beginning with what its clock said when it was first asked.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, insert, select

from podwatch.store.connection import Rows
from podwatch.store.tables import clocks, deliveries

RESTART_AFTER = timedelta(days=1)  # after which a machine's clock is believed again, when nothing is under way


def read_wall_clock() -> datetime:
    """What the machine's clock says."""
    return datetime.now(UTC)


def monotonic_seconds() -> float:
    """Seconds since the machine's start, sleep included."""
    try:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    except (OSError, AttributeError):  # not Linux
        return time.monotonic()


def uptime() -> tuple[str, float]:
    """(which start of the machine, seconds since it, sleep included)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip(), monotonic_seconds()
    except OSError:  # not Linux
        return "", monotonic_seconds()


class ClockRows(Rows):
    def clock(self) -> datetime:
        """Now, the same for every process that uses this database, to some milliseconds."""
        return self.clock_and_monotonic(1)[0]

    def clock_and_monotonic(self, readings: int = 3) -> tuple[datetime, float]:
        """(what the clock says, monotonic_seconds() at that moment), so that a process can count on from there.

        readings: of a server's clock. It says what it says somewhere between the question and the answer, so of the
        quickest reading the middle is taken.
        """
        if self.engine.dialect.name != "postgresql":
            return self._read_counted()
        best: tuple[float, datetime, float] | None = None
        for _ in range(readings):
            with self.reading() as c:
                asked = monotonic_seconds()
                said: datetime = c.execute(select(func.clock_timestamp())).scalar_one()
                told = monotonic_seconds()
            if best is None or told - asked < best[0]:
                best = (told - asked, said.astimezone(UTC), (asked + told) / 2)
        assert best is not None
        return best[1], best[2]

    def _read_counted(self) -> tuple[datetime, float]:
        boot, count = uptime()
        with self.reading() as c:
            row = c.execute(select(clocks).where(clocks.c.boot == boot)).first()
        if row is not None:
            counted: datetime = row.wall + timedelta(seconds=count - row.ticks)
            if count - row.ticks < RESTART_AFTER.total_seconds():
                return counted, count
        return self._restart(boot, count), count

    def _restart(self, boot: str, count: float) -> datetime:
        """Begins to count from what the machine's clock says now, unless another did, or something is under way."""
        with self.writing() as c:
            row = c.execute(select(clocks).where(clocks.c.boot == boot)).first()
            if row is not None:
                counted: datetime = row.wall + timedelta(seconds=count - row.ticks)
                busy = select(deliveries.c.id).where(deliveries.c.state == "attempting").limit(1)
                if count - row.ticks < RESTART_AFTER.total_seconds() or c.execute(busy).first() is not None:
                    return counted
            now = read_wall_clock()
            c.execute(delete(clocks))
            c.execute(insert(clocks).values(boot=boot, ticks=count, wall=now))
            return now

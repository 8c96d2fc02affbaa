"""`make crash-test`: kills, faults, cuts, locks and wrong clocks, on SQLite and PostgreSQL; the last line sums up.

SHORT=1 or --short: some minutes. --only NAME,...: the runs whose name holds it. --database: one of the two alone.
Every run counts in the emulator what arrived, and asks of it: everything, nothing twice, nothing stuck, never more than
a message a second and channel.
"""

from __future__ import annotations

import argparse
import logging
import os
import pickle
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from benchmarks.crash import alert_rows, naive_sender
from benchmarks.crash.recording_proxy import Ledger, arrived
from benchmarks.crash.scenario import COLUMNS, SCALE, Result, run
from benchmarks.crash.workers import POINTS, RANDOM
from benchmarks.harness import show
from tests.support.postgres import Postgres
from tests.support.slack.emulator import Emulator

Address = Callable[[Path], str]
CUT, LONGEST_CUT, LOCKED = (
    600.0,
    1800.0,
    30.0,
)  # seconds: of the network, scaled in the short form; of the database, never
LAG = 200.0  # seconds of the history where each believes its own clock: longer than podwatch waits, so that it repeats


def kills(database: str, address: Address, alerts: int, channels: int, each: int, moments: int) -> Result:
    """Killed at every named point and at random moments, with four posts of ten going wrong, and always work to do."""
    deaths = [point for point in POINTS for _ in range(each)] + [RANDOM] * moments
    random.Random(3).shuffle(deaths)
    batch = min(300, alerts)
    with run("killed", database, address, batch, channels, digest_within=5.0) as r:
        r.start(deaths)

        def tick() -> None:
            killing = bool((r.home / "plan").read_text().strip())
            if killing:
                alert_rows.revise(r.store, 2, r.gone)
            if (killing or r.result.alerts < alerts) and alert_rows.left(r.store) < batch / 2:
                r.more(batch)

        r.wait(3600, tick)
        r.stop()
        r.count()
    return r.result


def cut(database: str, address: Address, each: int, channels: int, scale: float, others: Path | None) -> Result:
    """The network is away for ten minutes (scaled) with a backlog in every channel; then it is to drain.

    others: a file that is there while other runs keep the machine busy. The cut lasts until they are over, too, within
    bounds, so that what is measured then is the drain and not the others.
    """
    with run(
        "network cut", database, address, each * channels, channels, faulty=False, digest_within=1.0, scale=scale
    ) as r:
        r.start([])
        time.sleep(3.0)
        r.ledger.cut.set()
        began = time.monotonic()
        time.sleep(CUT * scale)
        while others is not None and others.exists() and time.monotonic() < began + LONGEST_CUT * scale:
            time.sleep(0.5)
        r.result.note = f"away for {time.monotonic() - began:.0f} s"
        r.ledger.cut.clear()
        back = time.monotonic()
        r.wait(each * 3 + 300 * scale + 60)
        r.stop()
        r.count()
        rates = []
        for times in r.ledger.accepted.values():
            after = sorted(t for t in times if t > back)
            if len(after) >= each // 2:
                steady = after[: int(len(after) * 0.9)]  # the last may be those that settle
                rates.append((len(steady) - 1) / (steady[-1] - steady[0]))
        r.result.drain = min(rates, default=0.0)
    return r.result


def locked(database: str, address: Address, alerts: int, channels: int) -> Result:
    """The database is locked (SQLite), or gone (PostgreSQL), for 30 seconds, in the middle."""
    with run("database locked" if database == "SQLite" else "database gone", database, address, alerts, channels) as r:
        r.start([])
        time.sleep(4.0)
        url = r.config["database"]
        if database == "SQLite":
            db = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60, isolation_level=None)
            db.execute("BEGIN EXCLUSIVE")
            time.sleep(LOCKED)
            db.execute("ROLLBACK")
            db.close()
        else:
            without_database(url, LOCKED)
        r.wait(alerts + 120)
        r.stop()
        r.count()
    return r.result


def without_database(url: str, seconds: float) -> None:
    """Ends every connection to a PostgreSQL database, and lets nobody in."""
    import psycopg

    base, _, name = url.partition("?")[0].rpartition("/")
    admin = url.replace(f"/{name}?", "/postgres?") if "?" in url else f"{base}/postgres"
    with psycopg.connect(admin, autocommit=True) as c:
        c.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            c.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
            time.sleep(0.2)
        c.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def skewed(database: str, address: Address, alerts: int, channels: int, *, own: bool) -> Result:
    """Workers whose clocks differ by an hour. own: each is made to believe its own clock, and not the shared one."""
    name = "clocks an hour apart" + (", each believed" if own else "")
    skews = (0.0, 3600.0, -3600.0, 0.0)
    with run(
        name, database, address, alerts, channels, skews=skews, own_clocks=own, digest_within=1.0,
        lag=LAG if own else 20.0,
    ) as r:  # fmt: skip
        r.start([RANDOM] * 20)
        r.wait(alerts / 2 + 60)
        r.stop()
        r.count()
        time.sleep(LAG * SCALE)
        r.sweep()
        if own:  # what waits by a clock an hour ahead is not stuck
            r.result.stuck = alert_rows.left(r.store)
    return r.result


def naively(alerts: int, channels: int) -> Result:
    """The naive way under the same faults and kills."""
    result = Result("the naive way", "SQLite", alerts)
    with (
        tempfile.TemporaryDirectory(prefix="podwatch-crash-") as home,
        Emulator() as emulator,
        Ledger(emulator, SCALE) as ledger,
    ):
        ids = [emulator.call("conversations.create", name=f"n{i}")["channel"]["id"] for i in range(channels)]
        began = time.monotonic()
        naive_sender.run(Path(home), ledger.base_url, ids, alerts)
        time.sleep(20 * SCALE + 0.5)
        found, _ = arrived(emulator, ids)
        tokens = [f"tok{i:06d}x" for i in range(alerts)]
        result.lost = sum(not found[t] for t in tokens)
        result.twice = sum(found[t] > 1 for t in tokens)
        result.seconds, result.faults, result.too_fast = time.monotonic() - began, ledger.seen, ledger.too_fast
    return result


def one(name: str, database: str, others: Path | None, *, short: bool) -> Result:
    """One run, here."""
    if name == "naive":
        return naively(200, 20)
    with ExitStack() as stack:
        if database == "SQLite":

            def address(home: Path) -> str:
                return f"sqlite:///{home / 'podwatch.db'}"
        else:
            postgres = stack.enter_context(Postgres())

            def address(home: Path) -> str:
                return postgres.new_database()

        match name:
            case "killed":
                return kills(database, address, *((300, 20, 3, 25) if short else (3500, 100, 50, 500)))
            case "cut":
                return cut(database, address, *((40, 5, SCALE) if short else (80, 8, 1.0)), others=others)
            case "database":
                return locked(database, address, *((150, 15) if short else (600, 30)))
            case _:
                # Where each believes its own clock, a channel belongs to the one that is ahead once it was there.
                size = ((100, 10) if short else (500, 50)) if name == "clocks" else (150, 150) if short else (300, 300)
                return skewed(database, address, *size, own=name == "believed")


RUNNING: list[subprocess.Popen[bytes]] = []


def end(*_: object) -> None:
    """At a signal: everything that was started is ended, too."""
    for started in RUNNING:
        started.terminate()
    sys.exit(1)


def lane(runs: Sequence[tuple[str, str]], others: Path, *, short: bool) -> list[Result]:
    """These runs after each other, each in a process of its own, which no other makes slower with its lock."""
    results = []
    for name, database in runs:
        with tempfile.TemporaryDirectory(prefix="podwatch-crash-") as folder:
            kept = Path(folder) / "result"
            command = [sys.executable, "-m", "benchmarks.crash", "--keep", str(kept), "--others", str(others)]
            command += ["--only", name, "--database", database, *(["--short"] if short else [])]
            started = subprocess.Popen(command)
            RUNNING.append(started)
            if started.wait() != 0:
                raise RuntimeError(f"the run {name} on {database} broke")
            result = pickle.loads(kept.read_bytes())
        results.append(result)
        said = ", ".join(f"{k} {v}" for k, v in sorted(result.deaths.items()))
        faults = ", ".join(f"{k} {v}" for k, v in sorted(result.faults.items()))
        print(*result.row(), result.note, f"({said})" if said else "", f"[{faults}]", sep=" | ", flush=True)
    return results


# What goes on side by side; each line one after another. All of it mostly waits: for leases, for what settles, for
# a channel's next second. The network that is cut in the first two comes back when the others are over.
CUTS = ((("cut", "SQLite"),), (("cut", "PostgreSQL"),))
OTHERS = (
    (("killed", "SQLite"), ("naive", "SQLite")),
    (("killed", "PostgreSQL"),),
    tuple((name, database) for database in ("SQLite", "PostgreSQL") for name in ("database", "clocks", "believed")),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", default=os.environ.get("SHORT", "") not in ("", "0"))
    parser.add_argument("--only", default="")
    parser.add_argument("--database", default="", help="SQLite or PostgreSQL alone")
    parser.add_argument("--keep", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--others", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.keep:
        options.keep.write_bytes(pickle.dumps(one(options.only, options.database, options.others, short=options.short)))
        return 0

    def wanted(runs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(n, d) for n, d in runs if options.database in d and any(p in n for p in options.only.split(","))]

    with tempfile.TemporaryDirectory(prefix="podwatch-crash-") as folder, ThreadPoolExecutor(8) as side_by_side:
        others = Path(folder) / "others"
        others.touch()
        cuts = [side_by_side.submit(lane, wanted(runs), others, short=options.short) for runs in CUTS]
        rest = [side_by_side.submit(lane, wanted(runs), others, short=options.short) for runs in OTHERS]
        try:
            results = [result for done in rest for result in done.result()]
        finally:
            others.unlink()
        results = [result for done in cuts for result in done.result()] + results
    return judged(results)


def judged(results: Sequence[Result]) -> int:
    """Prints the table and what it comes to; the exit status."""
    show("The crash test", COLUMNS, [r.row() for r in results])
    ours = [r for r in results if r.name != "the naive way"]
    believed = [r for r in ours if r.name.endswith("believed")]
    strict = [r for r in ours if r not in believed]
    drains = [r.drain for r in ours if r.name == "network cut"]
    holds = not any(r.lost or r.stuck or r.unedited for r in ours)
    holds &= not any(r.twice or r.too_fast for r in strict)
    holds &= not any(r.swept > 0 for r in ours) and all(d >= 0.9 for d in drains)
    naive_twice = sum(r.twice for r in results if r not in ours)
    print(
        f"\n{sum(r.alerts for r in ours)} alerts, {sum(sum(r.deaths.values()) for r in ours)} kills, "
        f"{sum(sum(r.faults.values()) for r in ours)} faults: {sum(r.lost for r in ours)} lost, "
        f"{sum(r.twice for r in strict)} twice, {sum(r.too_fast for r in strict)} within a second of another, "
        f"{sum(r.twice + r.removed for r in believed)} second copies where each believes its own clock, "
        f"{sum(max(0, r.swept) for r in believed)} of them left by a sweep, {sum(r.stuck for r in ours)} stuck; "
        f"drained at {min(drains, default=0):.2f}/s; the naive way: {naive_twice} of 200 twice - "
        f"{'holds' if holds else 'MISSES'}"
    )
    return 0 if holds else 1


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    threading.stack_size(512 * 1024)
    signal.signal(signal.SIGTERM, end)
    sys.exit(main())

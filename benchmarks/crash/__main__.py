"""`make crash-test`: kills, faults, cuts, locks and wrong clocks, on SQLite and PostgreSQL; the last line sums up.

SHORT=1 or --short: some minutes. --only NAME,...: the runs whose name contains it. --database: one of the two alone.
Every run counts in the emulator what arrived: nothing may be missing, duplicated or stuck, and two posts to a channel
must be a second apart.
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
from benchmarks.crash.operator import Operator, describe_stranded
from benchmarks.crash.recording_proxy import MIN_SPACING, RecordingProxy, count_tokens
from benchmarks.crash.scenario import COLUMNS, SCALE, USUAL_PACE, Result, open_scenario
from benchmarks.crash.workers import KILL_POINTS, RANDOM_MOMENT
from benchmarks.harness import print_table
from tests.support.postgres import Postgres
from tests.support.slack.emulator import Emulator

Address = Callable[[Path], str]
CUT, LONGEST_CUT = 600.0, 1800.0  # seconds without a network; scaled in the short form
LOCKED = 30.0  # seconds without a database; never scaled
LAG = 200.0  # seconds before the history shows a message: longer than podwatch waits, so that it sends again
DRAIN_SHARE = 0.9  # of the rate that a channel's limit and the emulator's answers allow


def run_kills(database: str, address: Address, alerts: int, channels: int, each: int, moments: int) -> Result:
    """Kills at every named point and at random moments, while four posts of ten fail and work never runs out."""
    deaths = [point for point in KILL_POINTS for _ in range(each)] + [RANDOM_MOMENT] * moments
    random.Random(3).shuffle(deaths)
    batch = min(300, alerts)
    with open_scenario("killed", database, address, batch, channels, digest_within=5.0) as r:
        r.start_schedulers(deaths)

        def tick() -> None:
            killing = bool((r.home / "plan").read_text().strip())
            if killing:
                alert_rows.retract_mentions(r.store, 2, r.retracted)
            if (killing or r.result.alerts < alerts) and alert_rows.count_unfinished(r.store) < batch / 2:
                r.add_alerts(batch)

        r.wait_until_done(3600, tick)
        r.stop()
        r.count_arrivals()
    return r.result


def run_network_cut(
    database: str, address: Address, each: int, channels: int, scale: float, others: Path | None
) -> Result:
    """Cuts the network for ten minutes (scaled) with a backlog in every channel, and measures how fast it then drains.

    others: a file that exists while other runs keep the machine busy. The cut also lasts until they are over, within
    bounds, so that they do not slow the drain that is measured.
    """
    with open_scenario(
        "network cut", database, address, each * channels, channels, faulty=False, digest_within=1.0, scale=scale
    ) as r:
        r.start_schedulers([])
        time.sleep(3.0)
        r.proxy.cut.set()
        began = time.monotonic()
        time.sleep(CUT * scale)
        while others is not None and others.exists() and time.monotonic() < began + LONGEST_CUT * scale:
            time.sleep(0.5)
        r.result.note = f"away for {time.monotonic() - began:.0f} s"
        r.proxy.cut.clear()
        back = time.monotonic()
        r.wait_until_done(each * 3 + 300 * scale + 60)
        r.stop()
        r.count_arrivals()
        rates = []
        for times in r.proxy.accepted.values():
            after = sorted(t for t in times if t > back)
            if len(after) >= each // 2:
                steady = after[: int(len(after) * 0.9)]  # the last may be retries
                rates.append((len(steady) - 1) / (steady[-1] - steady[0]))
        r.result.drain = min(rates, default=0.0)
    return r.result


def run_locked_database(database: str, address: Address, alerts: int, channels: int) -> Result:
    """Locks the database (SQLite), or takes it away (PostgreSQL), for 30 seconds in the middle."""
    with open_scenario(
        "database locked" if database == "SQLite" else "database gone", database, address, alerts, channels
    ) as r:
        r.start_schedulers([])
        time.sleep(4.0)
        url = r.config["database"]
        if database == "SQLite":
            db = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60, isolation_level=None)
            db.execute("BEGIN EXCLUSIVE")
            time.sleep(LOCKED)
            db.execute("ROLLBACK")
            db.close()
        else:
            take_database_away(url, LOCKED)
        r.wait_until_done(alerts + 120)
        r.stop()
        r.count_arrivals()
    return r.result


def take_database_away(url: str, seconds: float) -> None:
    """Ends every connection to a PostgreSQL database, and refuses new ones, for so many seconds."""
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


def run_skewed_clocks(database: str, address: Address, alerts: int, channels: int, *, own: bool) -> Result:
    """Workers whose clocks differ by an hour. own: each goes by its own clock instead of the shared one."""
    name = "clocks an hour apart" + (", each believed" if own else "")
    skews = (0.0, 3600.0, -3600.0, 0.0)
    with open_scenario(
        name, database, address, alerts, channels, skews=skews, own_clocks=own, digest_within=1.0,
        lag=LAG if own else 20.0,
    ) as r:  # fmt: skip
        r.start_schedulers([RANDOM_MOMENT] * 20)
        r.wait_until_done(alerts / 2 + 60)
        r.stop()
        r.count_arrivals()
        time.sleep(LAG * SCALE)
        r.remove_duplicates()
        if own:  # what a clock an hour ahead makes wait is not stuck
            r.result.stuck = alert_rows.count_unfinished(r.store)
    return r.result


def run_operated(database: str, address: Address, batches: int, channels: int, kills: int) -> Result:
    """An operator changes watchlist, channels and token at random, while workers with wrong clocks are killed.

    At the end everything is mended: each alert must be in one channel, once.
    """
    skews = (0.0, 3600.0, -7200.0, 0.0)
    with open_scenario("operated", database, address, 4 * channels, channels, skews=skews, digest_within=2.0) as r:
        watches = alert_rows.make_watches(r.channels)
        operator = Operator(r.store, r.emulator, r.proxy, r.channels, watches, seed=len(database))
        ids = list(operator.ids.values())
        r.start_schedulers([RANDOM_MOMENT] * kills)
        for _ in range(batches):
            for _ in range(6):
                operator.act()
                time.sleep(0.5)
            operator.mend_some()
            r.add_alerts(channels)
            time.sleep(1.0)
        operator.mend()
        r.proxy._faulty = False
        r.wait_until_done(120)
        r.stop()
        r.channels = ids
        r.count_arrivals()
        stranded = describe_stranded(r.store)
        r.result.stuck += sum(int(line.split()[0]) for line in stranded)
        r.result.note = f"{sum(operator.acts.values())} acts of the operator" + "".join(
            f"; {line}" for line in stranded
        )
    return r.result


def run_naive(alerts: int, channels: int) -> Result:
    """The naive sender under the same faults and kills."""
    result = Result("the naive way", "SQLite", alerts)
    with (
        tempfile.TemporaryDirectory(prefix="podwatch-crash-") as home,
        Emulator() as emulator,
        RecordingProxy(emulator, SCALE) as ledger,
    ):
        ids = [emulator.call("conversations.create", name=f"n{i}")["channel"]["id"] for i in range(channels)]
        began = time.monotonic()
        naive_sender.send_all(Path(home), ledger.base_url, ids, alerts)
        time.sleep(20 * SCALE + 0.5)
        found, _ = count_tokens(emulator, ids)
        tokens = [f"tok{i:06d}x" for i in range(alerts)]
        result.lost = sum(not found[t] for t in tokens)
        result.duplicates = sum(found[t] > 1 for t in tokens)
        result.seconds, result.faults, result.too_fast = time.monotonic() - began, ledger.fault_counts, ledger.too_fast
    return result


def run_one(name: str, database: str, others: Path | None, *, short: bool) -> Result:
    """One run, in this process."""
    if name == "naive":
        return run_naive(200, 20)
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
                return run_kills(database, address, *((300, 20, 3, 25) if short else (3500, 100, 50, 500)))
            case "cut":
                return run_network_cut(database, address, *((40, 5, SCALE) if short else (80, 8, 1.0)), others=others)
            case "operated":
                return run_operated(database, address, *((15, 8, 15) if short else (150, 20, 150)))
            case "database":
                return run_locked_database(database, address, *((150, 15) if short else (600, 30)))
            case _:
                # Where each goes by its own clock, the worker that is ahead reserves a channel for an hour: hence many.
                size = ((100, 10) if short else (500, 50)) if name == "clocks" else (150, 150) if short else (300, 300)
                return run_skewed_clocks(database, address, *size, own=name == "believed")


CHILDREN: list[subprocess.Popen[bytes]] = []


def terminate_children(*_: object) -> None:
    """Signal handler: ends what was started here, too."""
    for started in CHILDREN:
        started.terminate()
    sys.exit(1)


def run_in_sequence(runs: Sequence[tuple[str, str]], others: Path, *, short: bool) -> list[Result]:
    """These runs one after the other, each in a process of its own: their emulators share no interpreter lock."""
    results = []
    for name, database in runs:
        with tempfile.TemporaryDirectory(prefix="podwatch-crash-") as folder:
            file = Path(folder) / "result"
            command = [sys.executable, "-m", "benchmarks.crash", "--keep", str(file), "--others", str(others)]
            command += ["--only", name, "--database", database, *(["--short"] if short else [])]
            started = subprocess.Popen(command)
            CHILDREN.append(started)
            if started.wait() != 0:
                raise RuntimeError(f"the run {name} on {database} failed")
            result = pickle.loads(file.read_bytes())
        results.append(result)
        said = ", ".join(f"{k} {v}" for k, v in sorted(result.deaths.items()))
        faults = ", ".join(f"{k} {v}" for k, v in sorted(result.faults.items()))
        print(*result.table_row(), result.note, f"({said})" if said else "", f"[{faults}]", sep=" | ", flush=True)
    return results


# Each line is a sequence of runs, and the sequences go on side by side: mostly they wait, for leases, for outcomes to
# become certain, for a channel's next second. The network of the first two comes back when the others are over.
CUT_LANES = ((("cut", "SQLite"),), (("cut", "PostgreSQL"),))
OTHER_LANES = (
    (("killed", "SQLite"), ("naive", "SQLite")),
    (("killed", "PostgreSQL"),),
    (("operated", "SQLite"), ("operated", "PostgreSQL")),
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
        options.keep.write_bytes(
            pickle.dumps(run_one(options.only, options.database, options.others, short=options.short))
        )
        return 0

    def wanted(runs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(n, d) for n, d in runs if options.database in d and any(p in n for p in options.only.split(","))]

    with tempfile.TemporaryDirectory(prefix="podwatch-crash-") as folder, ThreadPoolExecutor(8) as side_by_side:
        others = Path(folder) / "others"
        others.touch()
        cuts = [side_by_side.submit(run_in_sequence, wanted(runs), others, short=options.short) for runs in CUT_LANES]
        rest = [side_by_side.submit(run_in_sequence, wanted(runs), others, short=options.short) for runs in OTHER_LANES]
        try:
            results = [result for done in rest for result in done.result()]
        finally:
            others.unlink()
        results = [result for done in cuts for result in done.result()] + results
    return report_results(results)


def report_results(results: Sequence[Result]) -> int:
    """Prints the table and a summary; returns the exit status."""
    print_table("The crash test", COLUMNS, [r.table_row() for r in results])
    ours = [r for r in results if r.name != "the naive way"]
    own_clocks = [r for r in ours if r.name.endswith("believed")]
    strict = [r for r in ours if r not in own_clocks]
    spaced = [r for r in strict if r.name != "operated"]  # an operator who says that it works has all sent at once
    cuts = [r for r in ours if r.name == "network cut"]
    holds = not any(r.lost or r.stuck or r.unedited for r in ours)
    holds &= not any(r.duplicates for r in strict) and not any(r.too_fast for r in spaced)
    holds &= not any(r.duplicates_left > 0 for r in ours)
    holds &= all(r.drain >= DRAIN_SHARE * possible_rate(r) for r in cuts)
    naive_duplicates = sum(r.duplicates for r in results if r not in ours)
    drains = ", ".join(f"{r.drain:.2f} of {possible_rate(r):.2f} possible" for r in cuts)
    print(
        f"\n{sum(r.alerts for r in ours)} alerts, {sum(sum(r.deaths.values()) for r in ours)} kills, "
        f"{sum(sum(r.faults.values()) for r in ours)} faults: {sum(r.lost for r in ours)} lost, "
        f"{sum(r.duplicates for r in strict)} twice, {sum(r.too_fast for r in spaced)} within a second of another, "
        f"{sum(r.duplicates + r.removed for r in own_clocks)} twice where each worker goes by its own clock, "
        f"{sum(max(0, r.duplicates_left) for r in own_clocks)} of them not removed, "
        f"{sum(r.stuck for r in ours)} stuck; messages a second of the slowest channel: {drains or '-'}; "
        f"the naive way: {naive_duplicates} of 200 twice - {'holds' if holds else 'MISSES'}"
    )
    return 0 if holds else 1


def possible_rate(result: Result) -> float:
    """Messages a second that a channel can take: the next is sent an interval after the last call and its answer."""
    return 1 / max(USUAL_PACE.interval, MIN_SPACING + result.answer_seconds)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    threading.stack_size(512 * 1024)
    signal.signal(signal.SIGTERM, terminate_children)
    sys.exit(main())

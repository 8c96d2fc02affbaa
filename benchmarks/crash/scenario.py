"""One run of the crash test: a fresh emulator, ledger and database, schedulers, what is done to them, and the count."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.crash import alert_rows
from benchmarks.crash.recording_proxy import Ledger, arrived, spacing
from podwatch import runtime
from podwatch.line.deliver import deliver
from podwatch.model import DeliveryTiming
from podwatch.settings import Secret, Settings
from podwatch.store.database import Store
from tests.support.slack.emulator import Emulator

SCALE = 1 / 20  # of the seconds that podwatch and the faults wait for; the pace of a channel stays as it is
REAL = DeliveryTiming()


def scaled(scale: float) -> DeliveryTiming:
    """podwatch's own waits, so many times shorter; 1: as they are."""
    if scale == 1.0:
        return REAL
    names = (
        "timeout", "settle", "recheck_after", "lease", "longest_pause", "first_retry", "longest_retry", "probe_after",
        "duplicate_check_after", "stay", "skew",
    )  # fmt: skip
    return replace(REAL, **{n: getattr(REAL, n) * scale for n in names}, channel_lease=5.0, first_pause=0.2, longest_run=120.0)


@dataclass
class Result:
    """What became of the alerts of one run. tokens: the words that were to arrive, each once."""

    name: str
    database: str
    alerts: int = 0
    tokens: int = 0
    lost: int = 0
    twice: int = 0
    stuck: int = 0
    unedited: int = 0
    deaths: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    shortest: float = 1e9
    most: int = 0
    too_fast: int = 0
    drain: float = 0.0
    swept: int = -1  # second copies after one sweep; -1: not asked
    removed: int = 0  # second copies that podwatch took away itself
    faults: Counter[str] = field(default_factory=Counter)
    note: str = ""

    def row(self) -> list[object]:
        sweep = "" if self.swept < 0 else f", {self.swept} after one sweep"
        sweep += f" ({self.removed} removed)" if self.removed else ""
        closest = f"{self.shortest:.3f}" if self.shortest < 1e9 else "-"
        return [
            self.name, self.database, self.alerts, sum(self.deaths.values()), sum(self.faults.values()), self.lost,
            f"{self.twice}{sweep}", self.stuck + self.unedited, self.too_fast, closest, self.most,
            f"{self.drain:.2f}" if self.drain else "-", f"{self.seconds:.0f}",
        ]  # fmt: skip


COLUMNS = (
    "run", "database", "alerts", "killed", "faults", "lost", "twice", "stuck", "within a second", "closest two, s",
    "most in 10 s", "drain, messages/s and channel", "s",
)  # fmt: skip


@dataclass
class Run:
    """What a scenario works with."""

    result: Result
    emulator: Emulator
    ledger: Ledger
    store: Store
    config: dict[str, Any]
    home: Path
    channels: list[str]
    tokens: list[str] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    _schedulers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def settings(self) -> Settings:
        return Settings(
            home=self.home,
            database_url=Secret(self.config["database"]),
            slack_token=Secret("xoxb-crash"),
            slack_base_url=self.ledger.base_url,
            pace=DeliveryTiming(**self.config["pace"]),
        )

    def start(self, deaths: list[str], schedulers: int = 2) -> None:
        (self.home / "plan").write_text("\n".join(deaths))
        path = self.home / "config.json"
        path.write_text(json.dumps(self.config))
        for number in range(schedulers):
            command = [sys.executable, "-m", "benchmarks.crash.workers", str(path), str(number)]
            self._schedulers.append(subprocess.Popen(command))

    def more(self, count: int) -> None:
        """More alerts, due now."""
        first = self.result.alerts
        self.tokens += alert_rows.fill(self.store, count, self.channels, first=first, digest_within=5.0)
        self.result.alerts += count

    def wait(self, limit: float, tick: Callable[[], None] = lambda: None) -> None:
        """Until nothing is left to do and nobody is to be killed any more, or ``limit`` seconds are over."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            time.sleep(0.5)
            tick()
            if not (self.home / "plan").read_text().strip() and not alert_rows.left(self.store):
                break

    def stop(self) -> None:
        (self.home / "stop").touch()
        for process in self._schedulers:
            process.wait(timeout=60)
        for file in self.home.glob("deaths-*"):
            self.result.deaths.update(file.read_text().split("\n")[:-1])

    def count(self) -> None:
        """Asks the emulator what arrived."""
        found, texts = arrived(self.emulator, self.channels)
        r = self.result
        r.tokens = len(self.tokens)
        r.lost = sum(not found[t] for t in self.tokens)
        r.twice = sum(found[t] > 1 for t in self.tokens)
        r.unedited = sum("no longer said" not in texts.get(t, "no longer said") for t in self.gone)
        r.stuck = alert_rows.left(self.store)
        r.shortest, r.most = spacing(self.ledger.accepted)
        r.too_fast, r.faults, r.removed = self.ledger.too_fast, self.ledger.seen, self.ledger.deleted

    def sweep(self) -> None:
        """One more run of deliver, late enough for what is to be swept, and the count of second copies again."""
        self.ledger._faulty = False
        with runtime.build(self.settings()) as rt:
            deliver(rt, rt.store.clock() + timedelta(hours=6))
        found, _ = arrived(self.emulator, self.channels)
        self.result.swept = sum(found[t] > 1 for t in self.tokens)
        self.result.lost += sum(not found[t] for t in self.tokens)
        self.result.removed = self.ledger.deleted


@contextmanager
def run(
    name: str, database: str, address: Callable[[Path], str], alerts: int, channels: int, *, faulty: bool = True,
    workers: int = 2, skews: tuple[float, ...] = (0.0,), own_clocks: bool = False, digest_within: float = 30.0,
    scale: float = SCALE, lag: float = 20.0,
) -> Iterator[Run]:  # fmt: skip
    """A world of its own with ``alerts`` due in ``channels``; what is left of it is removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="podwatch-crash-"))
    began = time.monotonic()
    result = Result(name, database, alerts)
    try:
        with Emulator() as emulator, Ledger(emulator, scale, faulty=faulty, lag=lag) as ledger:
            names = [f"#c{i:03d}" for i in range(channels)]
            for channel in names:
                emulator.call("conversations.create", name=channel[1:])
            config = {
                "home": str(home), "database": address(home), "slack": ledger.base_url, "pace": asdict(scaled(scale)),
                "workers": workers, "skews": skews, "own_clocks": own_clocks,
            }  # fmt: skip
            settings = Settings(home=home, database_url=Secret(address(home)))
            with runtime.build(settings) as rt:
                this = Run(result, emulator, ledger, rt.store, config, home, names)
                this.tokens = alert_rows.fill(rt.store, alerts, names, digest_within=digest_within)
                try:
                    yield this
                finally:
                    (home / "stop").touch()
                    for process in this._schedulers:
                        process.wait(timeout=60)
            result.seconds = time.monotonic() - began
        errors = home / "errors"
        if errors.exists():
            said = Counter(line.split(":")[0] for line in errors.read_text().splitlines())
            result.note += " " + ", ".join(f"{count} {name}" for name, count in said.most_common(4))
        if ledger.gaps:
            result.note += f" too fast by their gaps: {ledger.gaps[:9]}"
    finally:
        shutil.rmtree(home, ignore_errors=True)

"""One run of the crash test: a new emulator, proxy and database, schedulers, and the count of what arrived."""

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
from statistics import median
from typing import Any

from benchmarks.crash import alert_rows
from benchmarks.crash.recording_proxy import RecordingProxy, count_tokens, measure_spacing
from podwatch import runtime
from podwatch.line.deliver import deliver
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.settings import Secret, Settings
from podwatch.store.database import Store
from tests.support.slack.emulator import Emulator

SCALE = 1 / 20  # factor for the seconds that podwatch and the faults wait; a channel's rate limit is not scaled
USUAL_PACE = DeliveryTiming()


def scale_pace(scale: float) -> DeliveryTiming:
    """podwatch's own waits times ``scale``."""
    if scale == 1.0:
        return USUAL_PACE
    names = (
        "timeout", "settle", "recheck_after", "lease", "longest_pause", "first_retry", "longest_retry", "probe_after",
        "duplicate_check_after", "stay", "skew",
    )  # fmt: skip
    return replace(
        USUAL_PACE,
        **{n: getattr(USUAL_PACE, n) * scale for n in names},
        channel_lease=5.0,
        first_pause=0.2,
        longest_run=120.0,
    )


@dataclass
class Result:
    """What became of the alerts of one run. tokens: how many words had to arrive, each once.

    drain: messages a second of the slowest channel after the network came back; answer_seconds: median of a post.
    """

    name: str
    database: str
    alerts: int = 0
    tokens: int = 0
    lost: int = 0
    duplicates: int = 0
    stuck: int = 0
    unedited: int = 0
    deaths: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    shortest: float = 1e9
    most_in_ten_seconds: int = 0
    too_fast: int = 0
    drain: float = 0.0
    answer_seconds: float = 0.0
    duplicates_left: int = -1  # after one more run that removes duplicates; -1: there was none
    removed: int = 0  # duplicates that podwatch removed itself
    faults: Counter[str] = field(default_factory=Counter)
    note: str = ""

    def table_row(self) -> list[object]:
        removal = "" if self.duplicates_left < 0 else f", {self.duplicates_left} after removing duplicates"
        removal += f" ({self.removed} removed)" if self.removed else ""
        closest = f"{self.shortest:.3f}" if self.shortest < 1e9 else "-"
        return [
            self.name, self.database, self.alerts, sum(self.deaths.values()), sum(self.faults.values()), self.lost,
            f"{self.duplicates}{removal}", self.stuck + self.unedited, self.too_fast, closest, self.most_in_ten_seconds,
            f"{self.drain:.2f}" if self.drain else "-", f"{self.seconds:.0f}",
        ]  # fmt: skip


COLUMNS = (
    "run", "database", "alerts", "killed", "faults", "lost", "twice", "stuck", "within a second", "closest two, s",
    "most in 10 s", "drain, messages/s and channel", "s",
)  # fmt: skip


@dataclass
class Scenario:
    """One run and what is needed to act on it: its emulator, proxy, database and schedulers."""

    result: Result
    emulator: Emulator
    proxy: RecordingProxy
    store: Store
    config: dict[str, Any]
    home: Path
    channels: list[str]
    tokens: list[str] = field(default_factory=list)
    retracted: set[str] = field(default_factory=set)
    _schedulers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def build_settings(self) -> Settings:
        return Settings(
            home=self.home,
            database_url=Secret(self.config["database"]),
            slack_token=Secret("xoxb-crash"),
            slack_base_url=self.proxy.base_url,
            pace=DeliveryTiming(**self.config["pace"]),
        )

    def start_schedulers(self, deaths: list[str], schedulers: int = 2) -> None:
        (self.home / "plan").write_text("\n".join(deaths))
        path = self.home / "config.json"
        path.write_text(json.dumps(self.config))
        for number in range(schedulers):
            command = [sys.executable, "-m", "benchmarks.crash.workers", str(path), str(number)]
            self._schedulers.append(subprocess.Popen(command))

    def add_alerts(self, count: int) -> None:
        """Stores more alerts, due now."""
        first = self.result.alerts
        self.tokens += alert_rows.insert_alerts(self.store, count, self.channels, first=first, digest_within=5.0)
        self.result.alerts += count

    def wait_until_done(self, limit: float, tick: Callable[[], None] = lambda: None) -> None:
        """Until every delivery is finished and every planned kill done, or ``limit`` seconds are over.

        tick: called twice a second.
        """
        end = time.monotonic() + limit
        while time.monotonic() < end:
            time.sleep(0.5)
            tick()
            if not (self.home / "plan").read_text().strip() and not alert_rows.count_unfinished(self.store):
                break

    def stop(self) -> None:
        (self.home / "stop").touch()
        for process in self._schedulers:
            process.wait(timeout=60)
        for file in self.home.glob("deaths-*"):
            self.result.deaths.update(file.read_text().split("\n")[:-1])

    def count_arrivals(self) -> None:
        """Counts in the emulator what arrived."""
        found, texts = count_tokens(self.emulator, self.channels)
        r = self.result
        r.tokens = len(self.tokens)
        r.lost = sum(not found[t] for t in self.tokens)
        r.duplicates = sum(found[t] > 1 for t in self.tokens)
        r.unedited = sum("no longer said" not in texts.get(t, "no longer said") for t in self.retracted)
        r.stuck = alert_rows.count_unfinished(self.store)
        r.shortest, r.most_in_ten_seconds = measure_spacing(self.proxy.accepted)
        r.answer_seconds = median(self.proxy.answer_seconds or [0.0])
        r.too_fast, r.faults, r.removed = self.proxy.too_fast, self.proxy.fault_counts, self.proxy.deleted

    def remove_duplicates(self) -> None:
        """Runs deliver once more, hours later, when it looks for duplicates; counts those that are left."""
        self.proxy._faulty = False
        with runtime.build(self.build_settings()) as rt:
            deliver(rt, rt.store.clock() + timedelta(hours=6))
        found, _ = count_tokens(self.emulator, self.channels)
        self.result.duplicates_left = sum(found[t] > 1 for t in self.tokens)
        self.result.lost += sum(not found[t] for t in self.tokens)
        self.result.removed = self.proxy.deleted


@contextmanager
def open_scenario(
    name: str, database: str, address: Callable[[Path], str], alerts: int, channels: int, *, faulty: bool = True,
    workers: int = 2, skews: tuple[float, ...] = (0.0,), own_clocks: bool = False, digest_within: float = 30.0,
    scale: float = SCALE, lag: float = 20.0,
) -> Iterator[Scenario]:  # fmt: skip
    """A new emulator, proxy and database with ``alerts`` due in ``channels``; removed at the end.

    skews: seconds by which the workers' clocks are wrong, in turn; own_clocks: each worker goes by its own clock.
    """
    home = Path(tempfile.mkdtemp(prefix="podwatch-crash-"))
    began = time.monotonic()
    result = Result(name, database, alerts)
    try:
        with Emulator() as emulator, RecordingProxy(emulator, scale, faulty=faulty, lag=lag) as proxy:
            names = [f"#c{i:03d}" for i in range(channels)]
            for channel in names:
                emulator.call("conversations.create", name=channel[1:])
            url = address(home)  # of a new database each time
            config = {
                "home": str(home), "database": url, "slack": proxy.base_url,
                "pace": asdict(scale_pace(scale)), "workers": workers, "skews": skews, "own_clocks": own_clocks,
            }  # fmt: skip
            settings = Settings(home=home, database_url=Secret(url))
            with runtime.build(settings) as rt:
                this = Scenario(result, emulator, proxy, rt.store, config, home, names)
                this.tokens = alert_rows.insert_alerts(rt.store, alerts, names, digest_within=digest_within)
                try:
                    yield this
                finally:
                    (home / "stop").touch()
                    for process in this._schedulers:
                        process.wait(timeout=60)
            result.seconds = time.monotonic() - began
        errors = home / "errors"
        if errors.exists():
            kinds = Counter(line.split(":")[0] for line in errors.read_text().splitlines())
            result.note += " " + ", ".join(f"{count} {name}" for name, count in kinds.most_common(4))
        if proxy.gaps:
            result.note += f" too fast by their gaps: {proxy.gaps[:9]}"
    finally:
        shutil.rmtree(home, ignore_errors=True)

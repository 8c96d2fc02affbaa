"""The backtests of the editor: each runs in a thread, and whoever asks again for the same one sees how far it is.

There is nothing to stop one with: it ends when nobody has asked for it for a while, or its editor asks for another.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from podwatch.errors import PodwatchError
from podwatch.history.watch_backtest import WatchBacktest

Report = Callable[[WatchBacktest], bool]
FORGOTTEN_AFTER = 20.0  # seconds without a question
KEPT, KEPT_SECONDS = 30, 60.0  # of those that have ended
MOST_RUNNING = 2  # at once: a third one ends the one that was not asked about for longest
WAIT = 0.6  # seconds that a question waits for the end, so that a quick backtest is answered at once


@dataclass
class BacktestJob:
    """One backtest. found: what is known so far, None before the first transcripts were read; error: why it broke."""

    editor: str
    found: WatchBacktest | None = None
    error: PodwatchError | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    asked_at: float = field(default_factory=monotonic)
    ended_at: float = 0.0
    is_dropped: bool = False


class BacktestJobs:
    """All backtests of this process, by what they are of."""

    def __init__(self, wait: float = WAIT) -> None:
        self._wait = wait
        self._jobs: OrderedDict[str, BacktestJob] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, key: str, editor: str, run: Callable[[Report], WatchBacktest]) -> BacktestJob:
        """The backtest of that key, which is begun when there is none. editor: has one at a time."""
        with self._lock:
            self._forget()
            job = self._jobs.get(key)
            if job is None:
                job = self._jobs[key] = BacktestJob(editor)
                self._make_room(editor, job)
                threading.Thread(target=_run, args=(job, run), name="podwatch backtest", daemon=True).start()
            job.asked_at, job.editor = monotonic(), editor
            self._jobs.move_to_end(key)
        job.ended.wait(self._wait)
        return job

    def close(self) -> None:
        """Ends them all, and waits for them."""
        with self._lock:
            jobs = list(self._jobs.values())
            self._jobs.clear()
        for job in jobs:
            job.is_dropped = True
        for job in jobs:
            job.ended.wait(10.0)

    def _make_room(self, editor: str, new: BacktestJob) -> None:
        running = [j for j in self._jobs.values() if j is not new and not j.ended.is_set() and not j.is_dropped]
        others = [j for j in running if j.editor != editor]
        for job in (*(j for j in running if j.editor == editor), *others[: max(0, len(others) + 1 - MOST_RUNNING)]):
            job.is_dropped = True

    def _forget(self) -> None:
        old = monotonic() - KEPT_SECONDS
        gone = [k for k, j in self._jobs.items() if j.is_dropped or (j.ended.is_set() and j.ended_at < old)]
        ended = [k for k, j in self._jobs.items() if j.ended.is_set() and k not in gone]
        for key in (*gone, *ended[: max(0, len(ended) - KEPT)]):
            del self._jobs[key]


def _run(job: BacktestJob, run: Callable[[Report], WatchBacktest]) -> None:
    def report(found: WatchBacktest) -> bool:
        job.found = found
        job.is_dropped = job.is_dropped or monotonic() - job.asked_at > FORGOTTEN_AFTER
        return not job.is_dropped

    error: PodwatchError | None = PodwatchError(
        "broke: a bug in podwatch, which the page's log has", where="the backtest"
    )
    try:
        job.found = run(report)
        error = None
    except PodwatchError as e:
        error = e
    finally:  # of a bug the thread itself reports
        job.error, job.ended_at = error, monotonic()
        job.ended.set()

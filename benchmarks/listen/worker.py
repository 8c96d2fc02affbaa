"""A process that listens as `podwatch listen` does, counts what it hears, and says what it cost: one JSON object.

    python -m benchmarks.listen.worker LOG [--later SECONDS]

Its settings are those of the environment. LOG gets a line when a chunk begins to be recognised, and one when it is.
later: so much the clock is ahead, so that what a killed process had claimed is free without a wait of minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

DOWNLOADING = {"http": ("download",)}
KEEPING = {"store": ("open_recording", "chunks_of", "save_chunk", "save_heard", "forget_chunks")}


def cpu_seconds() -> float:
    """CPU seconds of this process so far, and of those that it started and that have ended."""
    own, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime


class Stopwatch:
    """CPU seconds, by what they were spent on. Other threads must be idle meanwhile, as they are here."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def time_methods(self, owner: Any, names: Sequence[str], what: str) -> None:
        for name in names:
            setattr(type(owner), name, self.wrap(getattr(type(owner), name), what))

    def wrap(self, function: Callable[..., Any], what: str) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            began = cpu_seconds()
            try:
                return function(*arguments, **named)
            finally:
                self.spent[what] = self.spent.get(what, 0.0) + cpu_seconds() - began

        return timed


class LoggedRecogniser:
    """A recogniser, and a line in a file before and after each chunk."""

    def __init__(self, inner: Any, log: Path) -> None:
        self._inner, self._log = inner, log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def recognise(self, samples: Any, **named: Any) -> Any:
        chunk = hashlib.sha256(samples.tobytes()).hexdigest()[:16]
        self._note("begin", chunk)
        found = self._inner.recognise(samples, **named)
        self._note("end", chunk)
        return found

    def _note(self, what: str, chunk: str) -> None:
        with self._log.open("a") as file:
            file.write(f"{what} {chunk} {os.getpid()} {time.time()}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--later", type=float, default=0.0)
    chosen = parser.parse_args()
    from podwatch import runtime
    from podwatch.line.listen import listen
    from podwatch.settings import from_environment
    from podwatch.transcripts import sandboxed

    watch = Stopwatch()
    with runtime.build(from_environment(os.environ)) as rt:
        watch.time_methods(rt.http, DOWNLOADING["http"], "downloading")
        watch.time_methods(rt.store, KEEPING["store"], "keeping")
        sandboxed.pack_transcript = watch.wrap(sandboxed.pack_transcript, "keeping")
        started = cpu_seconds()
        rt._recogniser = LoggedRecogniser(rt.recogniser(), chosen.log)
        loaded = cpu_seconds()
        tally = listen(rt, rt.store.clock() + timedelta(seconds=chosen.later))
    own, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    found = {
        "tally": asdict(tally),
        "starting": started,
        "loading": loaded - started,
        "all": cpu_seconds(),
        "peak": (own.ru_maxrss + theirs.ru_maxrss) * 1024,  # of this process, and of the largest that it started
        **watch.spent,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()

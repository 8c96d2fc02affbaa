"""A feed of audio without transcripts on a real server, a store, and real processes that listen to it.

with open_scenario(home, model, files) as s:
    s.run_worker()        # one process to its end
    s.chunks()            # what was begun and what was heard, of all processes so far
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from podwatch import runtime
from podwatch.line.poll import poll
from podwatch.model import Feed, Transcript
from podwatch.runtime import Runtime
from podwatch.settings import from_environment
from tests.support.podcast_host import Podcast, item, rss

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Scenario:
    """A store that has polled its feeds; ``log`` is what the workers wrote (benchmarks/listen/worker.py)."""

    home: Path
    env: dict[str, str]
    rt: Runtime
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.home / "heard.log"
        self.log.touch()

    def start_worker(self, later: float = 0.0) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "benchmarks.listen.worker", str(self.log), "--later", str(later)]
        return subprocess.Popen(command, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def run_worker(self, later: float = 0.0) -> dict[str, Any]:
        """What a worker said; raises RuntimeError when it broke."""
        return read_answer(self.start_worker(later))

    def chunks(self) -> dict[str, Counter[str]]:
        """begin, end: how often each chunk was."""
        found: dict[str, Counter[str]] = {"begin": Counter(), "end": Counter()}
        for line in self.log.read_text().splitlines():
            what, chunk, *_ = line.split()
            found[what][chunk] += 1
        return found

    def transcripts(self) -> dict[str, Transcript]:
        """By the guid of the episode."""
        sources = self.rt.store.load_sources(self.rt.store.transcript_ids())
        return {s.episode.guid: s.transcript for s in sources}


def read_answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{process.args!r}: status {process.returncode}")
    answer: dict[str, Any] = json.loads(out.splitlines()[-1])
    return answer


@contextmanager
def open_scenario(home: Path, model: Path, files: Sequence[Path], feeds: int = 1) -> Iterator[Scenario]:
    """feeds: so many, all with the same files."""
    home.mkdir(parents=True, exist_ok=True)
    env = {name: v for name, v in os.environ.items() if not name.startswith(("PODWATCH_", "AIRFLOW", "SLACK_"))}
    env |= {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "pipeline"), str(ROOT)]),
        "PODWATCH_HOME": str(home),
        "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
        "PODWATCH_HOST_PAUSE": "0",
        "PODWATCH_ENTITIES": "off",
        "PODWATCH_CONSOLE": "1",
        "PODWATCH_FIRST_POLL": "1000",
        "PODWATCH_LISTEN": "on",
        "PODWATCH_LISTEN_NEWEST": "1000",
        "PODWATCH_LISTEN_HOURS": "1000",
        "PODWATCH_SPEECH_MODELS": str(model.parent),
        "PODWATCH_SPEECH_MODEL": model.name,
    }
    with Podcast() as host, runtime.build(from_environment(env)) as rt:
        now = rt.store.clock()
        for n in range(feeds):
            items = [item(f"{n}/{f.stem}", audio=host.url(f"/{f.name}"), published=format_datetime(now)) for f in files]
            url = host.serve(f"/{n}.xml", rss(*items, title=f"Show {n}"))
            rt.store.add_feeds([Feed(url=url)], now)
        for f in files:
            host.serve(f"/{f.name}", f.read_bytes(), "audio/mpeg" if f.suffix == ".mp3" else "audio/flac")
        poll(rt, now, force=True)
        yield Scenario(home, env, rt)

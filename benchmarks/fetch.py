"""What fetching and keeping transcripts costs: from a server into the store, on disk, and back again.

    .venv/bin/python -m benchmarks.fetch [--short] [--real DIR]

An hour of talk each (about 10,000 words), as WebVTT with cues of ten words. The words are drawn from the sample talk by
a chain of word pairs; with --real they are those of the plain text files below DIR, which compress as talk does.
"""

from __future__ import annotations

import argparse
import itertools
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import show, verdict
from benchmarks.loopback_server import Files
from podwatch import runtime
from podwatch.line.fetch import fetch
from podwatch.model import Episode, Feed, PollResult, TranscriptRef
from podwatch.runtime import Runtime
from podwatch.sandbox.pool import shared_sandbox
from podwatch.settings import Secret, Settings, networks
from podwatch.store.database import Store
from podwatch.transcripts import formats as transcripts
from tests.support.postgres import Postgres

WORDS = 10_000  # of an hour
CUE = 10
SAMPLE = Path(__file__).resolve().parent.parent / "seeds/sample/missile-crisis.txt"


def hours(count: int, real: Path | None) -> list[list[str]]:
    """The words of ``count`` hours of talk."""
    if real is not None:
        words = itertools.chain.from_iterable(
            p.read_text("utf-8", "replace").split()
            for p in sorted(real.rglob("*"))
            if p.is_file() and p.suffix != ".tsv"
        )
        found = [list(itertools.islice(words, WORDS)) for _ in range(count)]
        return [f for f in found if len(f) == WORDS]
    chance = random.Random(7)
    follows: dict[str, list[str]] = defaultdict(list)
    said = SAMPLE.read_text(encoding="utf-8").split()
    for a, b in itertools.pairwise(said):
        follows[a].append(b)
    made = []
    for _ in range(count):
        word = chance.choice(said)
        talk: list[str] = []
        while len(talk) < WORDS:
            talk.append(word)
            word = chance.choice(follows.get(word, said) if chance.random() < 0.7 else said)
        made.append(talk)
    return made


def vtt(words: list[str], chance: random.Random) -> bytes:
    at, lines = 0.0, ["WEBVTT", ""]
    for i in range(0, len(words), CUE):
        end = at + 3.6 * chance.uniform(0.6, 1.4)
        lines += [f"{_clock(at)} --> {_clock(end)}", " ".join(words[i : i + CUE]).replace("-->", ""), ""]
        at = end
    return "\n".join(lines).encode()


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02}:{int(seconds // 60) % 60:02}:{seconds % 60:06.3f}"


def prepare(rt: Runtime, server: Files, count: int, now: datetime) -> None:
    rt.store.add_feeds([Feed(url="http://feeds.example/f")], now)
    [feed] = rt.store.feeds()
    for start in range(0, count, 1000):
        found = tuple(
            Episode(
                guid=f"e{n}",
                title=f"Episode {n}",
                transcripts=(TranscriptRef(url=server.url(n), media_type="text/vtt"),),
            )
            for n in range(start, min(count, start + 1000))
        )
        polled = PollResult(feed=replace(feed, title="Show"), episodes=found, lists=lambda guid: True)
        rt.store.save_polls([polled], now, first=count)


def read_back(store: Store, rounds: int) -> tuple[float, float]:
    """(MB of text per second of the median round, MB of text) of reading every transcript through SQLAlchemy."""
    rates, size = [], 0
    for _ in range(rounds):
        began, size = time.perf_counter(), 0
        for source in store.transcripts_due(1, datetime.now(UTC)):
            size += len(source.transcript.text)
        rates.append(size / 1e6 / (time.perf_counter() - began))
    return sorted(rates)[len(rates) // 2], size / 1e6


def cpu() -> float:
    """CPU seconds of this process and of those that it has seen off; the servers' are not among them."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def on(name: str, url: str, home: Path, bodies: list[bytes], count: int, rounds: int) -> list[bool]:
    settings = Settings(
        home=home, database_url=Secret(url), allow_addresses=networks("127.0.0.0/8"), host_pause=0, poll_threads=64
    )
    now = datetime.now(UTC)
    with Files(bodies) as server, runtime.build(settings) as rt:
        prepare(rt, server, count, now)
        began, spent = time.perf_counter(), cpu()
        tally = fetch(rt, now)
        rate = count / (time.perf_counter() - began)
        shared_sandbox().close()  # the workers end, so that what they spent is counted
        shared_sandbox.cache_clear()
        spent = (cpu() - spent) / count * 1000
        assert (tally.done, tally.new, tally.failed) == (count, count, 0), tally
        assert rt.store.counts()["transcripts"] == count
        first = next(iter(rt.store.transcripts_due(1, now))).transcript
        body = bodies[int(first.source.rpartition("/")[2].removesuffix(".vtt")) % len(bodies)]
        assert first.text == transcripts.parse_transcript(body, "text/vtt")[1].transcript().text
        size = rt.store.transcript_bytes() / count
        back, megabytes = read_back(rt.store, rounds)
    columns = (
        "database",
        "hours",
        "fetched and kept, hours/s",
        "CPU ms an hour",
        "kB an hour, stored",
        "read back, MB of text/s",
        "MB of text",
    )
    show(
        "Transcripts of an hour",
        columns,
        [(name, f"{count:,}", f"{rate:.0f}", f"{spent:.1f}", f"{size / 1024:.1f}", f"{back:.0f}", f"{megabytes:.0f}")],
    )
    return [
        verdict(f"{name}: hours fetched and kept per second", rate, 200),
        verdict(f"{name}: kB an hour", size / 1024, 28, least=False),
        verdict(f"{name}: MB of text/s read back", back, 200),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="1,000 hours instead of 10,000")
    parser.add_argument("--real", type=Path, help="a folder of plain text, real talk")
    asked = parser.parse_args()
    count = 1000 if asked.short else 10_000
    chance = random.Random(1)
    bodies = [vtt(words, chance) for words in hours(200, asked.real)]
    home = Path(tempfile.mkdtemp(prefix="podwatch-fetch-"))
    held: list[bool] = []
    try:
        held += on("SQLite", f"sqlite:///{home / 'podwatch.db'}", home, bodies, count, 3)
        with Postgres() as postgres:
            held += on("PostgreSQL", postgres.new_database(), home, bodies, count, 3)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"\n{sum(held)} of {len(held)} figures hold")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())

"""What fetching and storing transcripts costs: from a server into the store, on disk, and back again.

    .venv/bin/python -m benchmarks.fetch [--short] [--real DIR]

An hour of talk each (about 10,000 words), as WebVTT with cues of ten words. The words are drawn from the sample talk by
a Markov chain; with --real they are those of the plain text files below DIR, which compress as talk does. What decides
is the CPU time beside that of parsing and packing the same documents in this process, and the bytes that are stored.
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
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import check_figure, measure_cpu, measure_in_turn, print_table
from benchmarks.loopback_server import TranscriptServer
from podwatch import runtime
from podwatch.line.fetch import fetch
from podwatch.model import Episode, Feed, PollResult, TranscriptRef
from podwatch.runtime import Runtime
from podwatch.sandbox.pool import shared_sandbox
from podwatch.settings import Secret, Settings, parse_networks
from podwatch.store.database import Store
from podwatch.store.packing import unpack
from podwatch.transcripts.formats import parse_transcript
from podwatch.transcripts.sandboxed import pack_transcript
from tests.support.postgres import Postgres

WORDS_PER_HOUR = 10_000
WORDS_PER_CUE = 10
SAMPLE = Path(__file__).resolve().parent.parent / "seeds/sample/missile-crisis.txt"


def generate_hours(count: int, real: Path | None) -> list[list[str]]:
    """The words of ``count`` hours of talk."""
    if real is not None:
        words = itertools.chain.from_iterable(
            p.read_text("utf-8", "replace").split()
            for p in sorted(real.rglob("*"))
            if p.is_file() and p.suffix != ".tsv"
        )
        found = [list(itertools.islice(words, WORDS_PER_HOUR)) for _ in range(count)]
        return [f for f in found if len(f) == WORDS_PER_HOUR]
    chance = random.Random(7)
    follows: dict[str, list[str]] = defaultdict(list)
    said = SAMPLE.read_text(encoding="utf-8").split()
    for a, b in itertools.pairwise(said):
        follows[a].append(b)
    made = []
    for _ in range(count):
        word = chance.choice(said)
        talk: list[str] = []
        while len(talk) < WORDS_PER_HOUR:
            talk.append(word)
            word = chance.choice(follows.get(word, said) if chance.random() < 0.7 else said)
        made.append(talk)
    return made


def render_vtt(words: list[str], chance: random.Random) -> bytes:
    """A WebVTT document of ten words to a cue, each 3.6 seconds long give or take two fifths."""
    at, lines = 0.0, ["WEBVTT", ""]
    for i in range(0, len(words), WORDS_PER_CUE):
        end = at + 3.6 * chance.uniform(0.6, 1.4)
        lines += [f"{_clock(at)} --> {_clock(end)}", " ".join(words[i : i + WORDS_PER_CUE]).replace("-->", ""), ""]
        at = end
    return "\n".join(lines).encode()


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02}:{int(seconds // 60) % 60:02}:{seconds % 60:06.3f}"


def add_episodes(rt: Runtime, server: TranscriptServer, count: int, now: datetime) -> None:
    """Stores so many episodes of one feed, each with a transcript at the server."""
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


def read_cpu_seconds() -> float:
    """CPU seconds of this process and of its children that have ended; a server that still runs is not counted."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def parse_and_pack(bodies: Sequence[bytes]) -> list[bytes]:
    """The documents as they are stored, without a server, a sandbox or a database."""
    parsed = [parse_transcript(body, "text/vtt")[1].transcript() for body in bodies]
    return [pack_transcript(transcript, "en").body for transcript in parsed]


def read_back(store: Store) -> int:
    """Characters of all transcripts, read through SQLAlchemy."""
    return sum(len(source.transcript.text) for source in store.transcripts_due(1, datetime.now(UTC)))


def bench_database(name: str, url: str, home: Path, bodies: list[bytes], count: int, rounds: int) -> list[bool]:
    settings = Settings(
        home=home,
        database_url=Secret(url),
        allow_addresses=parse_networks("127.0.0.0/8"),
        host_pause=0,
        poll_threads=64,
    )
    now = datetime.now(UTC)
    with TranscriptServer(bodies) as server, runtime.build(settings) as rt:
        add_episodes(rt, server, count, now)
        began, spent = time.perf_counter(), read_cpu_seconds()
        tally = fetch(rt, now)
        rate = count / (time.perf_counter() - began)
        shared_sandbox().close()  # the sandbox's workers end, so that their CPU time is counted
        shared_sandbox.cache_clear()
        spent = (read_cpu_seconds() - spent) / count
        assert (tally.done, tally.new, tally.failed) == (count, count, 0), tally
        assert rt.store.counts()["transcripts"] == count
        first = next(iter(rt.store.transcripts_due(1, now))).transcript
        body = bodies[int(first.source.rpartition("/")[2].removesuffix(".vtt")) % len(bodies)]
        assert first.text == parse_transcript(body, "text/vtt")[1].transcript().text
        size = rt.store.transcript_bytes() / count
        packed = parse_and_pack(bodies[:1])  # loads the language model before anything is timed
        alone = measure_cpu(lambda: packed.extend(parse_and_pack(bodies))) / len(bodies)
        characters = read_back(rt.store)
        seconds = measure_in_turn(
            {
                "store": lambda: measure_cpu(lambda: read_back(rt.store)) / count,
                "unpack": lambda: measure_cpu(lambda: [unpack(body) for body in packed]) / len(packed),
            },
            rounds,
        )
    columns = ("database", "hours", "fetched and stored, hours/s", "CPU ms an hour", "parsed and packed alone, CPU ms",
               "kB an hour, stored", "read back, MB of text per CPU s")  # fmt: skip
    cells = (f"{rate:.0f}", f"{spent * 1000:.1f}", f"{alone * 1000:.1f}", f"{size / 1024:.1f}",
             f"{characters / 1e6 / (seconds['store'] * count):.0f}")  # fmt: skip
    print_table("Transcripts of an hour", columns, [(name, f"{count:,}", *cells)])
    reading = seconds["store"] / seconds["unpack"]
    return [
        check_figure(f"{name}: CPU of fetching, beside parsing and packing alone", spent / alone, 2.5, least=False),
        check_figure(f"{name}: kB an hour", size / 1024, 28, least=False),
        check_figure(f"{name}: CPU of reading back, beside unpacking alone", reading, 4, least=False),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="1,000 hours instead of 10,000")
    parser.add_argument("--real", type=Path, help="a folder of plain text, real talk")
    options = parser.parse_args()
    count = 1000 if options.short else 10_000
    chance = random.Random(1)
    bodies = [render_vtt(words, chance) for words in generate_hours(200, options.real)]
    home = Path(tempfile.mkdtemp(prefix="podwatch-fetch-"))
    held: list[bool] = []
    try:
        held += bench_database("SQLite", f"sqlite:///{home / 'podwatch.db'}", home, bodies, count, 3)
        with Postgres() as postgres:
            held += bench_database("PostgreSQL", postgres.new_database(), home, bodies, count, 3)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"\n{sum(held)} of {len(held)} figures hold")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Search over a store of generated talk: the index with the engine behind it, beside the engine over everything.

    python -m benchmarks.search [--short] [--hours N] [--postgresql]

Words are drawn by Zipf's law (the n-th word is said with a frequency of 1/n), 9,000 an hour. Each query is run twice:
as `podwatch search` runs it (the first 50 hits; beside it all of them), and with the engine reading every transcript of
the same store; both have to find the same. It holds when the common operators, all together, take at most a tenth of
the time.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from podwatch.history.search import CompiledSearch, SearchResult, compile_search, search
from podwatch.line.search_index import index_transcripts, tokens_of
from podwatch.model import Episode, Feed, PollResult, Segment, join_segments
from podwatch.settings import Secret, Settings
from podwatch.store.database import Store, open_store
from podwatch.store.fetch import FetchResult
from podwatch.store.search import SearchScope
from podwatch.transcripts.sandboxed import pack_transcript

VOCABULARY, HOUR = 40_000, 9_000  # different words; words in an hour
NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
SHARE = 0.1  # of the time of the engine over everything
FIRST_PAGE, EVERYTHING = 50, 10**9  # hits: what the command shows, and all there are
# What people ask for, by the rank of the word: w30 is as common as "time", w3000 as "parliament", w20000 is rare.
QUERIES = {
    "a rare word": "w20000",
    "a word of some episodes": "w9000",
    "a phrase": '"w900 w7000"',
    "AND": "w5000 AND w6000",
    "OR": "w15000 OR w16000",
    "NOT": "w12000 NOT w30",
    "NEAR": "w4000 NEAR/10 w7000",
    "a wildcard": "w1777*",
    "counted": "w9500{2,}",
}
# What no index helps with, shown and not judged.
OTHERS = {"a common word": "w30", "a regular expression": "/w2000[01]/"}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=int, default=0, help="of talk; 1,000 without it, or 300")
    parser.add_argument("--short", action="store_true", default=os.environ.get("SHORT", "") not in ("", "0"))
    parser.add_argument("--postgresql", action="store_true", help="a server of the test suite, instead of SQLite")
    options = parser.parse_args()
    options.hours = options.hours or (300 if options.short else 1000)
    with tempfile.TemporaryDirectory() as folder, open_database(Path(folder), options.postgresql) as store:
        began = time.monotonic()
        fill(store, options.hours)
        print(f"{options.hours} hours of talk written in {time.monotonic() - began:.0f} s", flush=True)
        began = time.monotonic()
        store.clear_index()
        index_transcripts(store, lambda done, of: None)
        taken = time.monotonic() - began
        print(f"indexed in {taken:.1f} s, {taken / options.hours * 1000:.1f} ms an hour of talk{size(store, folder)}")
        both = 0.0, 0.0
        for name, text in (QUERIES | OTHERS).items():
            one, all_ = measure(store, text, name)
            both = (both[0] + one, both[1] + all_) if name in QUERIES else both
    share = both[0] / both[1]
    print(f"search: {share:.3f} of the engine over all {options.hours} hours {'ok' if share <= SHARE else 'MISS'}")
    return int(share > SHARE)


@contextmanager
def open_database(home: Path, postgresql: bool) -> Iterator[Store]:
    if postgresql:
        from tests.support.postgres import Postgres

        with Postgres() as server:
            store = open_store(Settings(home=home, database_url=Secret(server.migrated_database())))
            yield store
            store.close()
        return
    store = open_store(Settings(home=home, database_url=Secret(f"sqlite:///{home / 'podwatch.db'}")))
    yield store
    store.close()


def fill(store: Store, hours: int) -> None:
    """A show with an episode of an hour for each hour, in segments of twelve words."""
    chance = random.Random(7)
    words = [f"w{n}" for n in range(1, VOCABULARY)]
    weights = list(accumulate(1 / n for n in range(1, VOCABULARY)))
    feed = Feed(url="https://show.example/feed", title="The Show")
    store.add_feeds([feed], NOW)
    [feed] = store.feeds()
    for start in range(0, hours, 100):
        count = range(start, min(hours, start + 100))
        found = [Episode(guid=f"g{n}", title=f"Episode {n}", published_at=NOW - timedelta(hours=6 * n)) for n in count]
        store.save_polls([PollResult(feed=feed, episodes=tuple(found), lists=lambda _: True)], NOW, first=hours)
        results = []
        for e in store.episodes_without_transcript():
            said = chance.choices(words, cum_weights=weights, k=HOUR)
            segments = [Segment(i * 0.4, i * 0.4 + 4.8, " ".join(said[i : i + 12])) for i in range(0, HOUR, 12)]
            fields = asdict(pack_transcript(join_segments(segments), "en")) | {"source": ""}
            results.append(FetchResult(episode=e, fields=fields, next_fetch_at=None, tokens=tokens_of(fields["body"])))
        store.save_transcripts(results, NOW)


def size(store: Store, folder: str) -> str:
    """How much the index adds, on SQLite."""
    if store.engine.dialect.name != "sqlite":
        return ""
    whole = sum(p.stat().st_size for p in Path(folder).iterdir())
    return f"; the texts are {store.transcript_bytes() / 1e6:.0f} MB, the database {whole / 1e6:.0f} MB"


def measure(store: Store, text: str, name: str) -> tuple[float, float]:
    """(seconds of a search, seconds of the engine over everything), the best of some rounds each."""
    compiled = compile_search(text)
    first, page = timed(store, compiled, 5, limit=FIRST_PAGE)
    whole, found = timed(store, compiled, 3, limit=EVERYTHING)
    slow, scanned = timed(store, replace(compiled, needed=None), 2, limit=EVERYTHING)
    every, same, shown = spans(scanned), spans(found), spans(page)
    assert same == every, f"{text}: the search found {len(same)} hits, the engine {len(every)}"
    assert shown == every[: len(shown)], f"{text}: the first page is not the newest hits"
    print(
        f"{name:24} {text:18} {first * 1000:7.1f} ms, all hits {whole * 1000:7.1f} ms; all read {slow * 1000:8.1f} ms; "
        f"{first / slow:6.3f} {whole / slow:6.3f}; {found.count} hits in {found.episodes} episodes, {found.read} read",
        flush=True,
    )
    return first, slow


def spans(found: SearchResult) -> list[tuple[int, int, int]]:
    return [(h.source.transcript.id, h.mention.start, h.mention.end) for h in found.hits]


def timed(store: Store, compiled: CompiledSearch, rounds: int, limit: int) -> tuple[float, SearchResult]:
    times = []
    for _ in range(rounds):
        fresh = replace(compile_search(compiled.text), needed=compiled.needed)
        began = time.perf_counter()
        result = search(store, fresh, SearchScope(), limit=limit, most_read=EVERYTHING)
        times.append(time.perf_counter() - began)
    return min(times), result


if __name__ == "__main__":
    sys.exit(main())

"""What it costs to find what is new in a feed, beside feedparser on the whole document.

    python -m benchmarks.feeds [--real DIR] [--items N]

CPU seconds of one process, side by side in one run, medians; every result is checked against feedparser's before it
counts. --real: also over a folder of real feeds, each with all but its newest item known.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import feedparser
import xxhash

from podwatch.errors import FeedError
from podwatch.feeds import FeedReading, KnownItems, WholeReason, feedparser_adapter, item_scanner, read_feed
from podwatch.feeds.parsed_document import ParsedDocument, Part
from tests.support.feed_parsers import InProcessParser

URL, MEDIA_TYPE = "https://show.example/feed.xml", "application/rss+xml"
VOCABULARY = (
    "the sea grain corridor minister asked about sanctions and oil prices while talks went on in the harbour town "
    "our guest explains what the new treaty says who signed it and why nobody expected that it would hold for long "
    "links from this episode support the show follow us write to us next week we speak with a former ambassador"
)
WORDS = VOCABULARY.split()


def generate_feed(items: int, seed: int = 7) -> tuple[bytes, list[bytes], bytes]:
    """(head, items, end) of a feed like a large show's: CDATA notes, itunes and podcast tags, 2.5 KB an item."""
    rng = random.Random(seed)

    def text(words: int) -> str:
        return " ".join(rng.choice(WORDS) for _ in range(words))

    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:podcast="https://podcastindex.org/namespace/1.0">\n<channel>\n<title>The Long Show</title>\n'
        "<link>https://show.example/</link><language>en</language><description>Daily since 1999</description>\n"
        f'<atom:link rel="self" href="{URL}" type="application/rss+xml"/><itunes:author>The Makers</itunes:author>\n'
        "<podcast:guid>917393e3-1b1e-5cef-ace4-edaa54e1f810</podcast:guid>\n"
    )
    found = []
    for n in range(items, 0, -1):
        notes = "".join(
            f"<p>{text(rng.randint(15, 60))} <a href='https://show.example/{n}/{k}'>caf\u00e9</a></p>" for k in range(4)
        )
        summary = text(rng.randint(30, 70))
        found.append(
            f"<item>\n<title>{n}: {text(6)}</title>\n<guid isPermaLink='false'>show-{n}</guid>\n"
            f"<link>https://show.example/{n}</link>\n<pubDate>Tue, 03 Nov 2026 05:{n % 60:02}:00 +0000</pubDate>\n"
            f"<description>{summary}</description>\n<content:encoded><![CDATA[{notes}]]></content:encoded>\n"
            f"<enclosure url='https://audio.example/{n}.mp3' type='audio/mpeg' length='{n}000'/>\n"
            f"<itunes:duration>{n % 3 + 1}:02:03</itunes:duration><itunes:episode>{n}</itunes:episode>"
            f"<itunes:summary>{summary}</itunes:summary><itunes:explicit>false</itunes:explicit>\n"
            f"<podcast:transcript url='https://show.example/{n}.vtt' type='text/vtt'/>"
            f"<podcast:transcript url='https://show.example/{n}.srt' type='application/srt'/>"
            f"<podcast:person role='guest' href='https://people.example/{n}'>{text(2).title()}</podcast:person>\n"
            "</item>\n".encode()
        )
    return head.encode(), found, b"</channel>\n</rss>\n"


class CountingParser(InProcessParser):
    """Records how many bytes were parsed, and feedparser's entries of them."""

    def __init__(self) -> None:
        self.bytes = 0
        self.entries: list[Any] = []

    def parse(self, parts: Sequence[Part], url: str, content_type: str, cpu: float) -> ParsedDocument:
        data = b"".join(parts)
        self.bytes += len(data)
        self.entries += feedparser_adapter.parse_with_feedparser(data, url, content_type).raw.entries
        return super().parse(parts, url, content_type, cpu)


def median_cpu(work: Callable[[], object], times: int) -> float:
    """Median CPU seconds of ``work``."""
    taken = []
    for _ in range(times):
        gc.collect()
        before = time.process_time()
        work()
        taken.append(time.process_time() - before)
    return statistics.median(taken)


def parse_whole(body: bytes) -> Any:
    return feedparser.parse(body, response_headers={"content-type": MEDIA_TYPE, "content-location": URL})


def read_known(body: bytes, known: KnownItems | None) -> FeedReading:
    return read_feed(body, URL, MEDIA_TYPE, known, InProcessParser())


def check_reading(body: bytes, known: KnownItems, whole: Any, new: list[int]) -> None:
    """Asserts that the items at ``new`` are found, and that each is parsed alone as it is in the whole document."""
    counting = CountingParser()
    reading = read_feed(body, URL, MEDIA_TYPE, known, counting)
    assert not reading.is_whole, reading.reason
    assert [e.guid for e in reading.episodes] == [whole.entries[i].id for i in new], "other episodes than expected"
    for i in new:
        assert whole.entries[i] in counting.entries, "an entry differs from feedparser's"
    assert len(reading.guid_keys) == len({e.get("id") for e in whole.entries})


def bench_large_feed(items: int) -> list[tuple[str, float, float]]:
    head, every, end = generate_feed(items)
    old, body = head + b"".join(every[1:]) + end, head + b"".join(every) + end
    edited = [*every]
    edited[items // 2] = edited[items // 2].replace(b"</title>", b" (corrected)</title>")
    changed = head + b"".join(edited) + end
    zipped = gzip.compress(body, 6)
    print(f"one feed of {items:,} items, {len(body) / 1e6:.1f} MB ({len(zipped) / 1e6:.1f} MB gzipped)")
    before = time.process_time()
    whole = parse_whole(body)
    base = time.process_time() - before
    first = median_cpu(lambda: read_known(old, None), 1)
    known, full = read_known(old, None).known, read_known(body, None).known
    again = KnownItems.from_bytes(known.to_bytes())
    assert again == known
    assert xxhash.xxh3_128_digest(body) != xxhash.xxh3_128_digest(old)
    check_reading(body, known, whole, [0])
    whole_changed = feedparser.FeedParserDict(
        entries=[*whole.entries[: items // 2], parse_whole(head + b"<item/>" + edited[items // 2] + end).entries[1]]
    )
    whole_changed.entries += whole.entries[items // 2 + 1 :]
    check_reading(changed, full, whole_changed, [items // 2])
    stored = known.to_bytes()
    print(f"known: {len(stored):,} bytes, {len(stored) / items:.0f} an item")
    return [
        ("feedparser on the whole", base, base),
        ("the first time, in parts", first, base),
        ("one new item in front", median_cpu(lambda: read_known(body, KnownItems.from_bytes(stored)), 15), base),
        ("one new item in front, with gunzip", median_cpu(lambda: read_known(gzip.decompress(zipped), known), 7), base),
        ("gunzip alone", median_cpu(lambda: gzip.decompress(zipped), 7), base),
        ("one item edited in the middle", median_cpu(lambda: read_known(changed, full), 7), base),
        ("nothing new: one hash", median_cpu(lambda: xxhash.xxh3_128_digest(body), 15), base),
    ]


def bench_real_feeds(folder: Path) -> tuple[str, float, float]:
    """(title, podwatch's CPU seconds, feedparser's) of a folder's feeds of 50 KB and more, of which one item is new.

    Files called derived... were made from others and are left out.
    """
    base = ours = 0.0
    count = size = wholes = 0
    for path in sorted(folder.iterdir()):
        body = path.read_bytes()
        if path.suffix not in (".xml", ".rss") or len(body) < 50_000 or path.name.startswith("derived"):
            continue
        cut = item_scanner.scan_items(body)
        old = body
        if not isinstance(cut, WholeReason):
            after = cut.starts[1] if len(cut.starts) > 1 else cut.ends[0]
            old = body[: cut.starts[0]] + body[after:]
        try:
            known = read_known(old, None).known
        except FeedError:  # the feed's only item was removed
            known = KnownItems()
        reading = read_known(body, known)
        everything = read_known(body, None)
        assert reading.facts == everything.facts
        assert set(reading.episodes) <= set(everything.episodes)
        before = time.process_time()
        parse_whole(body)
        one = time.process_time() - before
        mine = median_cpu(lambda b=body, k=known: read_known(b, k), 3)  # type: ignore[misc]
        if reading.is_whole:
            wholes += 1
            print(f"  {path.name}: whole, {reading.reason}")
        base, ours, count, size = base + one, ours + mine, count + 1, size + len(body)
    return f"{count} real feeds, {size / 1e6:.0f} MB, {wholes} whole", ours, base


PEAK_SCRIPT = """
import sys
from pathlib import Path
from benchmarks.feeds import print_peak_memory
print_peak_memory(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None)
"""


def print_peak_memory(path: Path, stored: Path | None) -> None:
    """Prints by how much the memory of this process rises, in sizes of the document, and the number of episodes.

    stored: the file of the known items; None for the first time.
    """
    warm = generate_feed(3)
    read_known(warm[0] + b"".join(warm[1]) + warm[2], None)
    known = KnownItems.from_bytes(stored.read_bytes()) if stored else None
    before = _kilobytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    body = path.read_bytes()
    size = len(body)
    reading = read_feed(body, URL, MEDIA_TYPE, known, InProcessParser())
    del body  # poll does so, too, before it reads the episodes
    episodes = reading.episodes
    print((_kilobytes("VmHWM") - before) * 1024 / size, len(episodes))


def _kilobytes(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1])


def bench_memory(items: int) -> None:
    head, every, end = generate_feed(items)
    with tempfile.TemporaryDirectory() as folder:
        new, known = Path(folder, "new.xml"), Path(folder, "known")
        new.write_bytes(head + b"".join(every) + end)
        known.write_bytes(read_known(head + b"".join(every[1:]) + end, None).known.to_bytes())
        for what, stored in (("one new item", str(known)), ("the first time", "")):
            command = [sys.executable, "-c", PEAK_SCRIPT, str(new), stored]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            print(f"peak memory, {what} ({out[1]} episodes): {float(out[0]):.2f} times the document")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--real", type=Path, default=None, help="a folder of feeds")
    options = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    rows = bench_large_feed(options.items)
    if options.real:
        rows.append(bench_real_feeds(options.real))
    print(f"{'':44}{'CPU ms':>10}{'times less':>12}")
    for name, ours, base in rows:
        print(f"{name:44}{ours * 1000:>10.2f}{base / ours:>12,.0f}")
    bench_memory(options.items)


if __name__ == "__main__":
    main()

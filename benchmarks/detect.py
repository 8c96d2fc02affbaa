"""What it costs to look for a watchlist: 100 and 10,000 watches over 100 MB of talk, and beside it the other ways.

    python -m benchmarks.detect [--talk DIR] [--megabytes N] [--short]

The talk is written for the benchmark (words of syllables, as often as Zipf says) or real text from DIR. Measured is
CPU time from the stored transcript to its mentions as JSON objects in memory. The answers are checked: against the
naive oracle of the tests on a part of the text, and every way that is compared against what it should have found.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.harness import cpu, in_turn, show, verdict
from podwatch import query as detectors
from podwatch.commands.output import mention_json
from podwatch.model import Segment, Transcript, Watch, join_segments
from podwatch.store.packing import pack, unpack
from tests.support import query_oracle

HOUR = 10_000  # words
SEED = 20


def talk(directory: Path | None, megabytes: float) -> Iterator[str]:
    """Hours of talk, each a text of about 55 KB."""
    size = 0
    words = _real(directory) if directory else _made()
    while size < megabytes * 1e6:
        hour = [w for _, w in zip(range(HOUR), words, strict=False)]
        if len(hour) < HOUR:
            words = _real(directory) if directory else _made()
            continue
        text = " ".join(hour)
        size += len(text)
        yield text


def _real(directory: Path) -> Iterator[str]:
    files = sorted(p for p in directory.rglob("*") if p.suffix == ".txt")
    random.Random(SEED).shuffle(files)
    for file in files:
        yield from file.read_text("utf-8", "replace").split()


def _made() -> Iterator[str]:
    import numpy as np

    chance = np.random.default_rng(SEED)
    starts = ("b", "br", "d", "f", "g", "gr", "k", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v", "w")
    ends = ("n", "r", "s", "l", "m", "nd", "st", "rk", "x")
    syllables = [a + v + e for a in starts for v in "aeiou" for e in ["", *ends]]
    lengths = chance.choice([1, 2, 3, 4], size=60_000, p=[0.1, 0.4, 0.35, 0.15])
    vocabulary = list(dict.fromkeys("".join(chance.choice(syllables, size=n)) for n in lengths))
    share = 1.0 / (np.arange(len(vocabulary)) + 2.7)  # Zipf and Mandelbrot
    share /= share.sum()
    while True:
        for i, n in enumerate(chance.choice(len(vocabulary), size=HOUR, p=share).tolist()):
            word = vocabulary[n]
            yield word.capitalize() + "." if i % 12 == 11 else word + "," if i % 17 == 16 else word


def stored(text: str) -> bytes:
    """A transcript as it lies in the database: segments of ten words."""
    words = text.split()
    parts = [" ".join(words[i : i + 10]) for i in range(0, len(words), 10)]
    t = join_segments(Segment(i * 3.6, i * 3.6 + 3.5, p) for i, p in enumerate(parts))
    return pack(t.text, t.offsets, t.starts, t.ends, t.speakers).body


def watchlist(count: int, hits: float, said: Counter[str], pairs: Counter[str]) -> list[Watch]:
    """Mixed watches, about ``hits`` finds of each in the whole text: terms, phrases, booleans, NEAR, names."""
    chance = random.Random(SEED + count)
    words = [w for w, n in said.items() if hits / 2 <= n <= max(1, hits * 2) and len(w) > 3] or list(said)
    phrases = [p for p, n in pairs.items() if hits / 2 <= n <= max(1, hits * 2)] or list(pairs)
    common = [w for w, _ in said.most_common(400)][50:]

    def word() -> str:
        found = chance.choice(words)  # of what is to be found less than once, most is not said at all
        return found if chance.random() < hits else f"{found}{chance.choice('bdkmt')}o"

    def phrase() -> str:
        found = chance.choice(phrases)
        return found if chance.random() < hits else f"{found}{chance.choice('bdkmt')}o"

    def some() -> str:
        return chance.choice(common)

    kinds = [
        lambda: word(),
        lambda: f'"{phrase()}"',
        lambda: f'"{phrase()}" OR {word()}',
        lambda: f"{word()} AND {word()} AND NOT {some()}",
        lambda: f"({word()} OR {word()}) NEAR/8 ({some()} OR {some()})",
        lambda: f'"{word()} {word()}" OR "{phrase()}"',
    ]
    return [Watch(name=f"w{i}", query=kinds[i % len(kinds)]()) for i in range(count)]


def run(engine: detectors.Engine, bodies: Sequence[bytes]) -> int:
    """How many mentions are made, as JSON objects, of stored transcripts."""
    made = 0
    for i, body in enumerate(bodies):
        made += len([mention_json(m, i, "") for m in engine(opened(body)).mentions])
    return made


def opened(body: bytes) -> Transcript:
    text, offsets, starts, ends, speakers, words = unpack(body)
    return Transcript(text=text, offsets=offsets, starts=starts, ends=ends, speakers=speakers, words=words)


def naive(patterns: Sequence[re.Pattern[str]], texts: Sequence[str]) -> int:
    """One compiled regular expression a watch, for its words alone: less than a watch asks."""
    return sum(1 for text in texts for p in patterns for _ in p.finditer(text))


def expression(watch: Watch) -> re.Pattern[str]:
    terms = re.findall(r'"([^"]+)"|(?<![\w"])(?!AND|OR|NOT|NEAR)([a-z]+)', watch.query or "")
    words = sorted({a or b for a, b in terms}, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(re.escape(w).replace(r"\ ", r"\W+") for w in words) + r")s?\b", re.IGNORECASE)


def agrees(engine: detectors.Engine, watches: Sequence[Watch], text: str) -> bool:
    """Whether the engine finds in a text what the oracle finds."""
    found = engine(join_segments([Segment(0, 1, text)]), only={w.name for w in watches}).mentions
    mine = sorted((m.watch, m.start, m.end, m.surface) for m in found)
    theirs = sorted((w.name, *f) for w in watches for f in query_oracle.finds(detectors.query_clause(w), text))
    return mine == theirs


def peers(watches: Sequence[Watch], texts: Sequence[str]) -> dict[str, Any]:
    """Other ways that can be had here, each over the plain words and phrases of the watches."""
    ways: dict[str, Any] = {}
    terms = [w.query.strip('"') for w in watches if w.query and re.fullmatch(r'"?[\w ]+"?', w.query)]
    try:
        import spacy
        from spacy.matcher import PhraseMatcher

        nlp = spacy.blank("en")
        matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
        matcher.add("w", [nlp.make_doc(t) for t in terms])
        ways["spaCy PhraseMatcher, words and phrases only"] = lambda: [matcher(nlp.make_doc(t)) for t in texts]
    except ImportError:
        pass
    try:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field("body")
        schema = builder.build()
        probe = tantivy.Index(schema)
        queries = [q for w in watches if (q := _lucene(probe, w.query or "")) is not None]

        def percolate(each: int) -> None:
            for i in range(0, len(texts), each):
                index = tantivy.Index(schema)
                writer = index.writer(heap_size=50_000_000, num_threads=1)
                for text in texts[i : i + each]:
                    writer.add_document(tantivy.Document(body=text))
                writer.commit()
                index.reload()
                searcher = index.searcher()
                for query in queries:
                    searcher.search(query, limit=each, count=False)

        ways["tantivy, all queries over an index of 1 hour"] = partial(percolate, 1)
        ways["tantivy, all queries over an index of 20 hours"] = partial(percolate, 20)
    except ImportError:
        pass
    return ways


def _lucene(index: Any, query: str) -> Any:
    """The query as tantivy parses it, NEAR as AND: it says in which hour, not where."""
    try:
        return index.parse_query(re.sub(r"NEAR/\d+", "AND", query).lower().replace(" and not ", " AND NOT ")
                                 .replace(" and ", " AND ").replace(" or ", " OR "), ["body"])  # fmt: skip
    except ValueError:
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--talk", type=Path, help="a folder of real text")
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--short", action="store_true", help="12 MB")
    asked = parser.parse_args()
    texts = list(talk(asked.talk, 12 if asked.short else asked.megabytes))
    size = sum(len(t.encode()) for t in texts) / 1e6
    bodies = [stored(t) for t in texts]
    said: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for text in texts:
        words = re.findall(r"[a-z]+", text.lower())
        said.update(words)
        if len(pairs) < 400_000:
            pairs.update(f"{a} {b}" for a, b in pairwise(words) if len(a) > 3 < len(b))
    wanted = len(texts) * 20  # mentions: twenty in an hour of talk
    lists = {n: watchlist(n, wanted / n / 1.5, said, pairs) for n in (100, 10_000)}

    took: list[float] = []
    engines: dict[int, detectors.Engine] = {}
    for n, watches in lists.items():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        def build(n: int = n, watches: Sequence[Watch] = watches) -> None:
            engines[n] = detectors.build(watches)
            run(engines[n], bodies[:20])

        took.append(cpu(build))
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    sample = " ".join(texts[3].split()[:400])
    same = [agrees(engines[n], lists[n][:1000], sample) for n in lists]
    counts = {n: run(engines[n], bodies) for n in lists}

    each = in_turn({str(n): partial(cpu, partial(run, engines[n], bodies)) for n in lists}, 3)
    few = texts[: 1 if asked.short else 3]
    few_size = sum(map(len, few)) / 1e6
    patterns = [expression(w) for w in lists[10_000]]
    others = in_turn({"naive": partial(cpu, partial(naive, patterns, few))}, 1)
    rows = [[f"podwatch, {n:,} watches", f"{size / each[str(n)]:.1f}", f"{counts[n] / size:.0f}"] for n in lists] + [
        ["one regular expression a watch, 10,000, words only", f"{few_size / others['naive']:.3f}", ""]
    ]
    some = texts[:20]
    some_size = sum(map(len, some)) / 1e6
    for name, way in peers(lists[10_000], some).items():
        rows.append([f"{name}, 10,000", f"{some_size / cpu(way):.2f}", ""])
    show(f"Detect: {size:.0f} MB of talk, one core", ["way", "MB/s of CPU", "mentions a MB"], rows)
    speed = {n: size / each[str(n)] for n in lists}
    good = [
        verdict("same finds as the oracle (1: yes)", float(all(same)), 1),
        verdict("MB/s with 10,000 watches", speed[10_000], 20),
        verdict("MB/s with 100 watches", speed[100], 40),
        verdict("times slower with 10,000 than with 100", speed[100] / speed[10_000], 2, least=False),
        verdict("times the naive loop", speed[10_000] / (few_size / others["naive"]), 50),
        verdict("seconds to compile 10,000", took[1], 5, least=False),
        verdict("MB that 10,000 add", memory, 500, least=False),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

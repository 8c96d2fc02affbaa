"""What it costs to look for a watchlist: 100 and 10,000 watches over 100 MB of talk, beside other ways to do it.

    python -m benchmarks.detect [--talk DIR] [--megabytes N] [--short]

The talk is generated (words of syllables, distributed after Zipf) or real text from DIR. Measured is CPU time from the
stored transcript to its mentions as JSON objects in memory. The mentions are checked against the tests' naive oracle on
a part of the text. What decides is how many times faster podwatch is than one compiled regular expression a watch.
"""

from __future__ import annotations

import argparse
import gc
import random
import re
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.harness import check_figure, measure_cpu, measure_in_turn, print_table
from podwatch.commands.output import mention_json
from podwatch.model import Segment, Transcript, Watch, join_segments
from podwatch.query import Engine, build_engine, query_clause
from podwatch.store.packing import pack, unpack
from tests.support import query_oracle

WORDS_PER_HOUR = 10_000  # words
SEED = 20
SIZES = FEW, MANY = 100, 10_000  # watches


def generate_talk(directory: Path | None, megabytes: float) -> Iterator[str]:
    """Hours of talk, each a text of about 55 KB, until there are so many megabytes."""
    size = 0
    words = _read_words(directory) if directory else _generate_words()
    while size < megabytes * 1e6:
        hour = [w for _, w in zip(range(WORDS_PER_HOUR), words, strict=False)]
        if len(hour) < WORDS_PER_HOUR:
            words = _read_words(directory) if directory else _generate_words()
            continue
        text = " ".join(hour)
        size += len(text)
        yield text


def _read_words(directory: Path) -> Iterator[str]:
    files = sorted(p for p in directory.rglob("*") if p.suffix == ".txt")
    random.Random(SEED).shuffle(files)
    for file in files:
        yield from file.read_text("utf-8", "replace").split()


def _generate_words() -> Iterator[str]:
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
        for i, n in enumerate(chance.choice(len(vocabulary), size=WORDS_PER_HOUR, p=share).tolist()):
            word = vocabulary[n]
            yield word.capitalize() + "." if i % 12 == 11 else word + "," if i % 17 == 16 else word


def pack_talk(text: str) -> bytes:
    """A transcript as the database stores it: segments of ten words."""
    words = text.split()
    parts = [" ".join(words[i : i + 10]) for i in range(0, len(words), 10)]
    t = join_segments(Segment(i * 3.6, i * 3.6 + 3.5, p) for i, p in enumerate(parts))
    return pack(t.text, t.offsets, t.starts, t.ends, t.speakers).body


def build_watchlist(count: int, hits: float, said: Counter[str], pairs: Counter[str]) -> list[Watch]:
    """Mixed watches with about ``hits`` mentions each in the whole text: terms, phrases, booleans, NEAR.

    said: word -> how often it is in the text; pairs: the same of two words in a row.
    """
    chance = random.Random(SEED + count)
    words = [w for w, n in said.items() if hits / 2 <= n <= max(1, hits * 2) and len(w) > 3] or list(said)
    phrases = [p for p, n in pairs.items() if hits / 2 <= n <= max(1, hits * 2)] or list(pairs)
    common = [w for w, _ in said.most_common(400)][50:]

    def word() -> str:
        return altered(chance.choice(words))

    def phrase() -> str:
        return altered(chance.choice(phrases))

    def altered(term: str) -> str:
        """Where fewer than one mention is wanted of each watch, most terms must not be in the text at all."""
        return term if chance.random() < hits else f"{term}{chance.choice('bdkmt')}o"

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


def count_mentions(engine: Engine, bodies: Sequence[bytes]) -> int:
    """How many mentions stored transcripts give, each made into a JSON object."""
    made = 0
    for i, body in enumerate(bodies):
        made += len([mention_json(m, i, "") for m in engine(unpack_transcript(body)).mentions])
    return made


def unpack_transcript(body: bytes) -> Transcript:
    text, offsets, starts, ends, speakers, words = unpack(body)
    return Transcript(text=text, offsets=offsets, starts=starts, ends=ends, speakers=speakers, words=words)


def measure_finds(
    bodies: Sequence[bytes], count: int, said: Counter[str], pairs: Counter[str], rounds: int
) -> tuple[float, float, float]:
    """(CPU s with hardly a find, microseconds that a find adds, finds) of a list of so many watches over stored talk.

    The same texts are searched for a list of rare words and for one of frequent words, in turn: what the second takes
    more, over what it finds more, is what a find costs.
    """
    engines = [build_engine(build_watchlist(count, len(bodies) * each / count, said, pairs)) for each in (1, 1000)]
    counts = [count_mentions(engine, bodies) for engine in engines]
    works: dict[str, Callable[[], float]] = {
        str(i): partial(measure_cpu, partial(count_mentions, e, bodies)) for i, e in enumerate(engines)
    }
    seconds = measure_in_turn(works, rounds)
    more = counts[1] - counts[0]
    return seconds["0"], 1e6 * (seconds["1"] - seconds["0"]) / max(1, more), more


def run_regexes(patterns: Sequence[re.Pattern[str]], texts: Sequence[str]) -> int:
    """One compiled regular expression a watch, for its words alone: less work than a watch is."""
    return sum(1 for text in texts for p in patterns for _ in p.finditer(text))


def compile_regex(watch: Watch) -> re.Pattern[str]:
    terms = re.findall(r'"([^"]+)"|(?<![\w"])(?!AND|OR|NOT|NEAR)([a-z]+)', watch.query or "")
    words = sorted({a or b for a, b in terms}, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(re.escape(w).replace(r"\ ", r"\W+") for w in words) + r")s?\b", re.IGNORECASE)


def agrees_with_oracle(engine: Engine, watches: Sequence[Watch], text: str) -> bool:
    """Whether the engine finds the same mentions in a text as the tests' oracle."""
    found = engine(join_segments([Segment(0, 1, text)]), only={w.name for w in watches}).mentions
    mine = sorted((m.watch, m.start, m.end, m.surface) for m in found)
    theirs = sorted((w.name, *f) for w in watches for f in query_oracle.find_surfaces(query_clause(w), text))
    return mine == theirs


def other_engines(watches: Sequence[Watch], texts: Sequence[str]) -> dict[str, Any]:
    """name -> work: the other engines that are installed, each over the words and phrases of the watches."""
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
        queries = [q for w in watches if (q := _parse_lucene(probe, w.query or "")) is not None]

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


def _parse_lucene(index: Any, query: str) -> Any:
    """The query as tantivy parses it, NEAR as AND: tantivy tells which hour matches, not where in it."""
    try:
        return index.parse_query(re.sub(r"NEAR/\d+", "AND", query).lower().replace(" and not ", " AND NOT ")
                                 .replace(" and ", " AND ").replace(" or ", " OR "), ["body"])  # fmt: skip
    except ValueError:
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--talk", type=Path, help="a folder of real text")
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--short", action="store_true", help="6 MB, about a minute")
    options = parser.parse_args()
    gc.set_threshold(100_000, 50, 100)  # as the commands have it
    texts = list(generate_talk(options.talk, 6 if options.short else options.megabytes))
    size = sum(len(t.encode()) for t in texts) / 1e6
    bodies = [pack_talk(t) for t in texts]
    said: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for text in texts:
        words = re.findall(r"[a-z]+", text.lower())
        said.update(words)
        if len(pairs) < 400_000:
            pairs.update(f"{a} {b}" for a, b in pairwise(words) if len(a) > 3 < len(b))
    wanted = len(texts) * 20  # mentions: twenty in an hour of talk
    lists = {n: build_watchlist(n, wanted / n / 1.5, said, pairs) for n in SIZES}

    engines: dict[int, Engine] = {}
    memory_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    compiling: dict[int, float] = {}
    for n, watches in lists.items():

        def build(n: int = n, watches: Sequence[Watch] = watches) -> None:
            engines[n] = build_engine(watches)
            count_mentions(engines[n], bodies[:20])

        compiling[n] = measure_cpu(build)
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory_before) / 1024  # kB -> MB
    sample = " ".join(texts[3].split()[:400])
    same = all(agrees_with_oracle(engines[n], lists[n][:1000], sample) for n in SIZES)
    counts = {n: count_mentions(engines[n], bodies) for n in SIZES}

    # Side by side: the engine over everything, the regular expressions over a few hours, in turn.
    few = [texts[0][: len(texts[0]) // 5]] if options.short else texts[:3]
    few_size = sum(map(len, few)) / 1e6
    patterns: dict[int, list[re.Pattern[str]]] = {}

    def compile_all(n: int) -> None:
        re.purge()
        patterns[n] = [compile_regex(w) for w in lists[n]]

    compiling_regexes = {n: measure_cpu(partial(compile_all, n)) for n in SIZES}
    works = {("podwatch", n): partial(measure_cpu, partial(count_mentions, engines[n], bodies)) for n in SIZES}
    works |= {("regexes", n): partial(measure_cpu, partial(run_regexes, patterns[n], few)) for n in SIZES}
    seconds = measure_in_turn({f"{way} {n}": work for (way, n), work in works.items()}, 1 if options.short else 3)
    speed = {n: size / seconds[f"podwatch {n}"] for n in SIZES}
    regexes = {n: few_size / seconds[f"regexes {n}"] for n in SIZES}

    part = bodies[: 100 if not options.short else 40]
    part_size = sum(len(t.encode()) for t in texts[: len(part)]) / 1e6
    finds = {n: measure_finds(part, n, said, pairs, 3 if options.short else 5) for n in SIZES}

    rows = [[f"podwatch, {n:,} watches", f"{speed[n]:.1f}", f"{counts[n] / size:.0f}"] for n in SIZES]
    rows += [[f"one regular expression a watch, {n:,}, words only", f"{regexes[n]:.3f}", ""] for n in SIZES]
    some = texts[:20]
    some_size = sum(map(len, some)) / 1e6
    for name, work in other_engines(lists[MANY], some).items():
        rows.append([f"{name}, {MANY:,}", f"{some_size / measure_cpu(work):.2f}", ""])
    print_table(f"Detect: {size:.0f} MB of talk, one core", ["way", "MB/s of CPU", "mentions a MB"], rows)
    columns = ["watches", "MB/s with hardly a find", "microseconds a find", "finds a MB"]
    cells = [
        [f"{n:,}", f"{part_size / s:.0f}", f"{us:.1f}", f"{more / part_size:.0f}"] for n, (s, us, more) in finds.items()
    ]
    print_table("What a text costs, and what a find", columns, cells)
    print(f"compiling {MANY:,} watches: {compiling[MANY]:.1f} CPU s\n")
    good = [
        check_figure("same mentions as the oracle (1: yes)", float(same), 1),
        check_figure("times slower with 10,000 watches than with 100", speed[FEW] / speed[MANY], 2, least=False),
        check_figure("times as dear a find with 10,000 as with 100", finds[MANY][1] / finds[FEW][1], 1.3, least=False),
        check_figure("times faster than the regular expressions, 100 watches", speed[FEW] / regexes[FEW], 40),
        check_figure("times faster than the regular expressions, 10,000", speed[MANY] / regexes[MANY], 2500),
        check_figure("compiling 10,000 watches, beside their regular expressions",
                     compiling[MANY] / compiling_regexes[MANY], 6, least=False),
        check_figure("MB that the watches add", memory, 500, least=False),
    ]  # fmt: skip
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

"""What it costs to read transcripts for names, beside bare spaCy with the same component on the same text.

    .venv/bin/python -m benchmarks.entities [--short] [--real DIR]

Both get the same transcripts, in turn. spaCy's side is `nlp.pipe` over the whole texts, as its manual has it, or over
the chunks that podwatch cuts, whichever is faster; podwatch's side is the whole stage: out of the store, cut,
recognised, merged, separated from boilerplate, packed and stored. Its spans are checked to be spaCy's own. The talk is
that of benchmarks.fetch; with --real it is that of the plain text files below DIR.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.fetch import generate_hours
from benchmarks.harness import check_figure, measure_cpu, print_table
from podwatch import runtime
from podwatch.entities.chunking import cut_chunks
from podwatch.entities.merge import merge_spans
from podwatch.entities.recognition import BATCH, load_model, recognise_spans
from podwatch.line.bugs import Bugs
from podwatch.line.entities import find_entities
from podwatch.model import ALL, Episode, Feed, PollResult, Transcript
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.store.fetch import FetchResult
from podwatch.transcripts import sandboxed

PAGE_SIZE = 16  # transcripts that the stage reads at once
WORDS_PER_SEGMENT = 30  # words of a segment


def build_transcript(words: Sequence[str], id: int) -> Transcript:
    parts = [" ".join(words[i : i + WORDS_PER_SEGMENT]) for i in range(0, len(words), WORDS_PER_SEGMENT)]
    offsets, at = array("I"), 0
    for part in parts:
        offsets.append(at)
        at += len(part) + 1
    unknown = array("d", [float("nan")]) * len(parts)
    return Transcript(
        text=" ".join(parts), offsets=offsets, starts=unknown, ends=unknown, speakers=(None,) * len(parts), id=id
    )


def fill_store(rt: Runtime, talk: Sequence[Transcript], now: datetime) -> None:
    rt.store.add_feeds([Feed(url="http://feeds.example/f")], now)
    [feed] = rt.store.feeds()
    episodes = tuple(Episode(guid=str(t.id), title=f"Episode {t.id}") for t in talk)
    rt.store.save_polls([PollResult(feed=feed, episodes=episodes, lists=lambda guid: True)], now, first=len(talk))
    by = {e.guid: e for e in rt.store.episodes_without_transcript()}
    for t in talk:
        fields = asdict(sandboxed.pack_transcript(t, "en")) | {"source": "benchmark"}
        rt.store.save_transcripts([FetchResult(episode=by[str(t.id)], fields=fields, next_fetch_at=None)], now)


def find_spans(texts: Sequence[str], batch: int | None) -> list[list[tuple[int, int, str]]]:
    """What bare spaCy finds."""
    return [[(e.start_char, e.end_char, e.label_) for e in d.ents] for d in load_model().pipe(texts, batch_size=batch)]


def compare_spans(page: Sequence[Transcript]) -> tuple[bool, int, int]:
    """(whether podwatch's spans are spaCy's on the chunks, spans that spaCy finds in the uncut text too, all spans).

    The last two count the spans of both sides.
    """
    same, agree, total = True, 0, 0
    for t, mine in zip(page, recognise_spans(page), strict=True):
        at, theirs = 0, []
        parts = [t.text[a:b] for a, b in cut_chunks(t.text, t.offsets)]
        for part, spans in zip(parts, find_spans(parts, BATCH), strict=True):
            theirs += [(at + a, at + b, label) for a, b, label in spans]
            at += len(part)
        same &= theirs == [tuple(s) for s in mine] and at == len(t.text)
        [uncut] = find_spans([t.text], None)
        agree += 2 * len({(a, b) for a, b, _ in uncut} & {(s.start, s.end) for s in mine})
        total += len(uncut) + len(mine)
    return same, agree, total


def measure_page(rt: Runtime, page: Sequence[Transcript], turn: int, now: datetime) -> dict[str, float]:
    """CPU seconds of each side over these transcripts, the newest unread ones; memory: MB at most until then."""
    texts = [t.text for t in page]
    parts = [t.text[a:b] for t in page for a, b in cut_chunks(t.text, t.offsets)]
    works: list[tuple[str, Callable[[], object]]] = [
        ("whole", lambda: find_spans(texts, None)),
        ("chunks", lambda: find_spans(parts, BATCH)),
        ("stage", lambda: find_entities(rt, now, ALL, Bugs("benchmark"), most=1)),
    ]
    seconds = {}
    for name, work in works if turn % 2 else reversed(works):  # the stage begins, before spaCy has taken more memory
        seconds[name] = measure_cpu(work)
        if name == "stage":
            seconds["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spans = recognise_spans(page)
    seconds["merge"] = measure_cpu(lambda: [merge_spans(t.text, s) for t, s in zip(page, spans, strict=True)])
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--real", type=Path)
    args = parser.parse_args()
    rounds = 3 if args.short else 5
    talk = generate_hours(rounds * PAGE_SIZE, args.real)
    texts = [build_transcript(words[:5000] if args.short else words, i) for i, words in enumerate(talk)]
    load_model()  # loaded before anything is timed
    now = datetime.now(UTC)
    taken: list[tuple[int, dict[str, float]]] = []
    same, agree, total = True, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(home=home, database_url=Secret(f"sqlite:///{home / 'podwatch.db'}"))
        with runtime.build(settings) as rt:
            fill_store(rt, texts, now)
            newest = texts[::-1]
            for i in range(0, len(newest), PAGE_SIZE):
                page = newest[i : i + PAGE_SIZE]
                taken.append((sum(t.text.count(" ") + 1 for t in page), measure_page(rt, page, i // PAGE_SIZE, now)))
            memory = taken[0][1]["memory"]
            for i in range(0, len(newest), PAGE_SIZE):
                equal, both, found = compare_spans(newest[i : i + PAGE_SIZE])
                same, agree, total = same and equal, agree + both, total + found
            left = rt.store.count_unread()

    def middle(what: Callable[[int, dict[str, float]], float]) -> float:
        return statistics.median(what(words, s) for words, s in taken)

    rows = [
        (name, f"{middle(lambda words, s, n=name: words / s[n]):,.0f}")  # type: ignore[misc]
        for name in ("whole", "chunks", "stage")
    ]
    names = {"whole": "bare spaCy, whole texts", "chunks": "bare spaCy, chunks", "stage": "the stage of podwatch"}
    print_table("Words a second of one core", ("what", "words/s"), [(names[name], speed) for name, speed in rows])
    share = middle(lambda _, s: s["merge"] / s["stage"])
    print(f"\nOf the stage {share:.1%} is merging names; of {total // 2:,} spans", end=" ")
    print(f"{agree / max(1, total):.2%} are those of spaCy on uncut text.\n")
    ratio = middle(lambda _, s: min(s["whole"], s["chunks"]) / s["stage"])
    held = [
        check_figure("share of spans that are spaCy's own", float(same), 1.0),
        check_figure("transcripts that were not stored", left, 0, least=False),
        check_figure("the stage beside bare spaCy at its fastest", ratio, 0.95),
        check_figure("memory, MB", memory, 1200.0, least=False),
    ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())

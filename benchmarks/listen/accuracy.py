"""Names found: podwatch's detect over its own transcript, beside an exact search in faster-whisper's own text.

Every name of the set is watched in every file, as an entity with its surname as alias and sounds_like. A mention counts
where it is said: within the seconds of its passage; any other is a false alarm. The intervals are bootstrapped over
names, since the mentions of one name are found or missed together.
"""

from __future__ import annotations

import random
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.listen.spoken_set import SpokenFile
from podwatch.line.detect import detect
from podwatch.model import Watch
from podwatch.runtime import Runtime

SLACK = 0.8  # seconds by which a word's time may lie outside of its passage
RESAMPLES = 1000
Word = tuple[float, float, str]  # start, end, text


@dataclass
class Found:
    """By (condition, name): [found, said] of each way; false alarms: by way, how many."""

    said: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    found: dict[str, dict[tuple[str, str], int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    false_alarms: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def count(self, way: str, file: SpokenFile, hits: Sequence[tuple[str, float]]) -> None:
        """hits: (name, second) in a file."""
        for spoken in file.spoken:
            there = sum(n == spoken.name and spoken.start - SLACK <= s <= spoken.end + SLACK for n, s in hits)
            self.found[way][file.condition, spoken.name] += min(there, spoken.times)
        right = sum(any(n == p.name and p.start - SLACK <= s <= p.end + SLACK for p in file.spoken) for n, s in hits)
        self.false_alarms[way] += len(hits) - right

    def recall(self, way: str, condition: str | None = None) -> tuple[float, float, float]:
        """(share found, its 95% interval) in one condition, or all."""
        by_name: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for (c, name), said in self.said.items():
            if condition in (None, c):
                by_name[name][0] += self.found[way][c, name]
                by_name[name][1] += said
        return bootstrap(list(by_name.values()), lambda rows: sum(r[0] for r in rows) / sum(r[1] for r in rows))

    def gain(self, way: str, over: str) -> tuple[float, float, float]:
        """(how much larger a share is found, its interval), of the same names."""
        by_name: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for (c, name), said in self.said.items():
            by_name[name][0] += self.found[way][c, name] - self.found[over][c, name]
            by_name[name][1] += said
        return bootstrap(list(by_name.values()), lambda rows: sum(r[0] for r in rows) / sum(r[1] for r in rows))


def bootstrap(rows: Sequence[list[int]], figure: Callable[[Sequence[list[int]]], float]) -> tuple[float, float, float]:
    dice = random.Random(1)
    again = [figure(dice.choices(rows, k=len(rows))) for _ in range(RESAMPLES)]
    cuts = statistics.quantiles(again, n=40)
    return figure(rows), cuts[0], cuts[-1]


def name_watches(files: Sequence[SpokenFile]) -> list[Watch]:
    subjects = {s.name: s for f in files for s in f.spoken}
    return [
        Watch(
            name=s.name,
            entity=s.name,
            type={"person": "person", "place": "place"}.get(s.type, "organization"),
            aliases=() if s.surname == s.name else (s.surname,),
            sounds_like=True,
        )
        for s in subjects.values()
    ]


def detect_names(rt: Runtime, files: Sequence[SpokenFile]) -> dict[str, list[tuple[str, float]]]:
    """By the name of a file: (watch, second) of each mention that detect finds in the stored transcripts."""
    now = rt.store.clock()
    rt.store.sync_watches(name_watches(files), now)
    detect(rt, now)
    hits: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for f in rt.store.mentions():
        hits[f.episode.guid.partition("/")[2]].append((f.mention.watch, f.mention.seconds))
    return hits


def search_names(words: Sequence[Word], files: Sequence[SpokenFile]) -> list[tuple[str, float]]:
    """(name, second) where a name, or its surname, is in the words as it is written."""
    text, starts = "", []
    for start, _, word in words:
        starts += [start] * (len(word) + 1)
        text += word + " "
    text, starts = _squeeze(text, starts)
    hits = []
    for s in {s.name: s for f in files for s in f.spoken}.values():
        forms = "|".join(re.escape(form) for form in sorted({s.name, s.surname}, key=len, reverse=True))
        hits += [(s.name, starts[m.start()]) for m in re.finditer(rf"\b(?:{forms})\b", text, re.IGNORECASE)]
    return hits


def _squeeze(text: str, starts: list[float]) -> tuple[str, list[float]]:
    """With single blanks, each character with its second: Whisper's words begin with one."""
    kept = [i for i, c in enumerate(text) if c != " " or (i and text[i - 1] != " ")]
    return "".join(text[i] for i in kept), [starts[i] for i in kept]


def compare_names(
    files: Sequence[SpokenFile],
    ours: Mapping[str, Sequence[tuple[str, float]]],
    bare: Mapping[str, Sequence[Word]],
) -> Found:
    """bare: by the path of a file, the words that faster-whisper heard in it."""
    result = Found()
    for file in files:
        for s in file.spoken:
            result.said[file.condition, s.name] += s.times
        result.count("podwatch", file, ours.get(file.path.stem, ()))
        result.count("exact", file, search_names(bare[str(file.path)], files))
    return result

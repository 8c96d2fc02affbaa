"""Real talk in which none of the names is said: every hit there is a false alarm.

Transcripts as plain text, one a file, under a folder of your own; they are not part of the project. A file called
INDEX.tsv with columns ``file`` and ``seconds`` gives lengths where they are known; else 10,000 words are an hour.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sounds_like.matchers import Hit, Matcher, WindowMatcher, match_exact
from benchmarks.sounds_like.names import Subject

WORDS_PER_HOUR = 10_000
MIN_WORDS = 500  # a shorter file is a stub


@dataclass(frozen=True, slots=True)
class TalkCorpus:
    texts: tuple[str, ...]
    hours: float


def load_corpus(folder: Path, hours: float, seed: int = 6) -> TalkCorpus:
    """About so many hours out of a folder, whole files, the same ones for the same seed; all of them for 0 hours."""
    index = folder / "INDEX.tsv"
    seconds: dict[str, float] = {}
    if index.exists():
        with index.open(encoding="utf-8", newline="") as file:
            seconds = {row["file"]: float(row["seconds"] or 0) for row in csv.DictReader(file, delimiter="\t")}
    paths = sorted(path for path in folder.rglob("*.txt") if path.is_file())
    random.Random(seed).shuffle(paths)
    texts: list[str] = []
    total = 0.0
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace")
        words = len(text.split())
        if words < MIN_WORDS:
            continue
        texts.append(text)
        total += (seconds.get(str(path.relative_to(folder)), 0) or words / WORDS_PER_HOUR * 3600) / 3600
        if hours and total >= hours:
            break
    return TalkCorpus(tuple(texts), total)


def filter_unmentioned(subjects: Sequence[Subject], talk: TalkCorpus) -> tuple[Subject, ...]:
    """The subjects whose full name is nowhere in the talk: it may really speak of the others, and misspell them."""
    spoken = {
        hit.name
        for hits in WindowMatcher("", tuple(subjects), frozenset({"full"}), match_exact).find_hits(talk.texts)
        for hit in hits
    }
    return tuple(subject for subject in subjects if subject.name not in spoken)


def find_alarms(method: Matcher, talk: TalkCorpus) -> list[Hit]:
    """All hits in the talk but names spelt right (only podwatch says which), the highest score first."""
    hits = [hit for heard in method.find_hits(talk.texts) for hit in heard if not hit.is_exact]
    return sorted(hits, key=lambda hit: -hit.score)


def take_hours(spoken: TalkCorpus, hours: float) -> TalkCorpus:
    """The first texts of a corpus, until they are so many hours."""
    texts: list[str] = []
    total = 0.0
    for text in spoken.texts:
        if texts and total >= hours:
            break
        texts.append(text)
        total += len(text.split()) / WORDS_PER_HOUR
    return TalkCorpus(tuple(texts), total)

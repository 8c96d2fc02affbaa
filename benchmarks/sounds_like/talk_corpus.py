"""Real talk that none of the names belong to: what a method says there is a false alarm.

Transcripts as plain text, one a file, under a folder of your own; they are not part of the project. A file called
INDEX.tsv with columns ``file`` and ``seconds`` gives lengths where they are known; else 10,000 words are an hour.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sounds_like.matchers import Hit, Method, Windows, exact
from benchmarks.sounds_like.names import Subject

WORDS_AN_HOUR = 10_000
LEAST_WORDS = 500  # a shorter file is a stub


@dataclass(frozen=True, slots=True)
class Talk:
    texts: tuple[str, ...]
    hours: float


def load(folder: Path, hours: float, seed: int = 6) -> Talk:
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
        if words < LEAST_WORDS:
            continue
        texts.append(text)
        total += (seconds.get(str(path.relative_to(folder)), 0) or words / WORDS_AN_HOUR * 3600) / 3600
        if hours and total >= hours:
            break
    return Talk(tuple(texts), total)


def strangers(subjects: Sequence[Subject], talk: Talk) -> tuple[Subject, ...]:
    """The subjects whose full name stands nowhere in the talk: of the others it may really speak, and misspell them."""
    spoken = {
        hit.name for hits in Windows("", tuple(subjects), frozenset({"full"}), exact).hear(talk.texts) for hit in hits
    }
    return tuple(subject for subject in subjects if subject.name not in spoken)


def alarms(method: Method, talk: Talk) -> list[Hit]:
    """All hits in the talk but names spelt right (podwatch alone says which), the surest first."""
    hits = [hit for heard in method.hear(talk.texts) for hit in heard if not hit.exact]
    return sorted(hits, key=lambda hit: -hit.score)


def first_hours(spoken: Talk, hours: float) -> Talk:
    """The beginning of some talk, whole texts."""
    texts: list[str] = []
    total = 0.0
    for text in spoken.texts:
        if texts and total >= hours:
            break
        texts.append(text)
        total += len(text.split()) / WORDS_AN_HOUR
    return Talk(tuple(texts), total)

"""What the name matcher costs: CPU seconds for an hour of talk, with 1,000 and 10,000 invented names."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.sounds_like.accuracy import BuildMatcher
from benchmarks.sounds_like.names import Subject, load_subjects


@dataclass(frozen=True, slots=True)
class Cost:
    names: int
    build: float  # CPU seconds
    hour: float  # CPU seconds for an hour of talk
    hits: int


def invent_names(number: int, seed: int = 6) -> tuple[Subject, ...]:
    """So many distinct names of two words, of halves of the train split's surnames: no more alike than real names."""
    chance = random.Random(seed)
    people = [s for s in load_subjects() if s.type == "person" and s.split == "train" and len(s.name.split()) == 2]
    first = sorted({s.name.split()[0] for s in people})
    last = sorted({s.name.split()[1] for s in people if len(s.name.split()[1]) > 5})
    made: dict[str, Subject] = {}
    while len(made) < number:
        front, back = chance.choice(last), chance.choice(last)
        name = f"{chance.choice(first)} {front[: len(front) // 2 + 1]}{back[len(back) // 2 :].lower()}"
        made.setdefault(name, Subject(name, "person", "politics", "en", name))
    return tuple(made.values())


def measure_cost(build: BuildMatcher, number: int, texts: Sequence[str], hours: float) -> Cost:
    """CPU time of this process, all its threads; the first text is matched once before, so that all data is loaded."""
    began = time.process_time()
    matcher = build(invent_names(number))
    built = time.process_time() - began
    list(matcher.find_hits(texts[:1]))
    began = time.process_time()
    hits = sum(len(found) for found in matcher.find_hits(texts))
    return Cost(number, built, (time.process_time() - began) / hours, hits)

"""The committed set as the harness reads it: passages, and episodes put together of them.

An episode is some passages of different names by one recogniser, in an order fixed by a seed. One half of the names is
watched while the other half is only talked about, then the other way round: so each name is looked for, and each is
also a stranger that a watch must not fire on.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import zstandard

from benchmarks.sounds_like.names import Split, split_of

DATA = Path(__file__).with_name("data")
PASSAGES = 8  # in an episode
_BETWEEN = "\n"


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a name was said, in characters of the heard text, half-open; empty where nothing was heard of it."""

    name: str
    form: str  # full | surname
    start: int
    end: int
    exact: bool
    heard: str
    introduced: bool  # the full name was said before it, in the same passage
    engine: str = ""  # that said it: kokoro | piper | flite | espeak
    passage: int = 0  # its number in the episode


@dataclass(frozen=True, slots=True)
class Line:
    """A passage as one recogniser heard it."""

    name: str
    type: str
    language: str
    recogniser: str
    heard: str
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Episode:
    text: str
    mentions: tuple[Mention, ...]
    recogniser: str


def load(split: Split, folder: Path = DATA) -> tuple[Line, ...]:
    """The passages of a split. Raises FileNotFoundError where there is none."""
    packed = (folder / f"{split}.jsonl.zst").read_bytes()
    text = zstandard.ZstdDecompressor().decompressobj().decompress(packed).decode()
    return tuple(line_from(json.loads(row)) for row in text.splitlines())


def line_from(row: dict[str, Any]) -> Line:
    found: list[Mention] = []
    for spot in row["mentions"]:
        introduced = any(earlier.form == "full" for earlier in found)
        place = (spot["heard_start"], spot["heard_end"], spot["exact"], spot["heard_surface"])
        found.append(Mention(row["name"], spot["form"], *place, introduced, row["voice"].partition("/")[0]))
    return Line(row["name"], row["type"], row["language"], row["recogniser"], row["heard"], tuple(found))


def episodes(lines: Iterable[Line], passages: int = PASSAGES, seed: int = 6) -> tuple[Episode, ...]:
    """All lines, each in one episode, with the places of their mentions moved along."""
    made: list[Episode] = []
    by_recogniser: dict[str, list[Line]] = {}
    for line in lines:
        by_recogniser.setdefault(line.recogniser, []).append(line)
    for recogniser, group in sorted(by_recogniser.items()):
        order = sorted(group, key=lambda line: (line.name, line.heard))
        random.Random(seed).shuffle(order)
        for at in range(0, len(order), passages):
            made.append(_episode(order[at : at + passages], recogniser))
    return tuple(made)


def _episode(lines: Sequence[Line], recogniser: str) -> Episode:
    text, mentions = "", []
    for number, line in enumerate(lines):
        for m in line.mentions:
            mentions.append(replace(m, start=m.start + len(text), end=m.end + len(text), passage=number))
        text += line.heard + _BETWEEN
    return Episode(text, tuple(mentions), recogniser)


def halves(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names in two halves, by the letters of the name alone; the order is that of the alphabet."""
    # The family's own hash would not do: it has already said that these names are of one split.
    first: list[str] = []
    second: list[str] = []
    for name in sorted(set(names)):
        (first if split_of(f"half {name}") == "train" else second).append(name)
    return tuple(first), tuple(second)

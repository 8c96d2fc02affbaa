"""Reads the committed set: passages as they were recognised, and episodes made of them.

An episode is some passages of different names by one recogniser, in an order fixed by a seed. One half of the names is
watched while the other half is only spoken of, then the other way round: so each name is searched for, and each is also
a name that no watch may match.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import zstandard

from benchmarks.sounds_like.names import Split, assign_split

DATA = Path(__file__).with_name("data")
PASSAGES_PER_EPISODE = 8
_SEPARATOR = "\n"


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a name was said, in characters of the heard text, half-open; empty where nothing of it was recognised."""

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
class HeardPassage:
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


def load_split(split: Split, folder: Path = DATA) -> tuple[HeardPassage, ...]:
    """The passages of a split. Raises FileNotFoundError where there is none."""
    packed = (folder / f"{split}.jsonl.zst").read_bytes()
    text = zstandard.ZstdDecompressor().decompressobj().decompress(packed).decode()
    return tuple(parse_passage(json.loads(row)) for row in text.splitlines())


def parse_passage(row: dict[str, Any]) -> HeardPassage:
    found: list[Mention] = []
    for mention in row["mentions"]:
        introduced = any(earlier.form == "full" for earlier in found)
        place = (mention["heard_start"], mention["heard_end"], mention["exact"], mention["heard_surface"])
        found.append(Mention(row["name"], mention["form"], *place, introduced, row["voice"].partition("/")[0]))
    return HeardPassage(row["name"], row["type"], row["language"], row["recogniser"], row["heard"], tuple(found))


def build_episodes(
    lines: Iterable[HeardPassage], passages: int = PASSAGES_PER_EPISODE, seed: int = 6
) -> tuple[Episode, ...]:
    """All passages, each in one episode, with the offsets of their mentions shifted accordingly."""
    made: list[Episode] = []
    by_recogniser: dict[str, list[HeardPassage]] = {}
    for line in lines:
        by_recogniser.setdefault(line.recogniser, []).append(line)
    for recogniser, group in sorted(by_recogniser.items()):
        order = sorted(group, key=lambda line: (line.name, line.heard))
        random.Random(seed).shuffle(order)
        for at in range(0, len(order), passages):
            made.append(_episode(order[at : at + passages], recogniser))
    return tuple(made)


def _episode(lines: Sequence[HeardPassage], recogniser: str) -> Episode:
    text, mentions = "", []
    for number, line in enumerate(lines):
        for m in line.mentions:
            mentions.append(replace(m, start=m.start + len(text), end=m.end + len(text), passage=number))
        text += line.heard + _SEPARATOR
    return Episode(text, tuple(mentions), recogniser)


def split_in_halves(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names in two halves by a hash of the name, each in alphabetical order."""
    # Not by the hash of the family key: that put all these names into one split.
    first: list[str] = []
    second: list[str] = []
    for name in sorted(set(names)):
        (first if assign_split(f"half {name}") == "train" else second).append(name)
    return tuple(first), tuple(second)

"""Measures whether guests are found where a show introduces them by their full name.

    python -m benchmarks.sounds_like.news.guests REPOSITORY [--misses]

guests.tsv, a place a line: key of an episode of "fresh", start, end (half-open, in characters of its text), the name as
title or description have it, and the words of the text. Of persons whom title or description name, the first place in
the first 6,000 characters was taken at which the first name, or else the surname, is spelt right; what is not the name
letter by letter there was read. So introductions in which both are misspelt are not among them. No name is of a list
that is measured elsewhere.

All these names are watched together in all these episodes: without title and description, which name them, and with.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.harness import print_table
from benchmarks.sounds_like.names import fold_name
from benchmarks.sounds_like.news.__main__ import share, watch_names
from benchmarks.sounds_like.news.corpus import FOLDER, NewsName, load_episodes, read_episode
from podwatch.query import EpisodeFields, build_engine


@dataclass(frozen=True, slots=True)
class Introduction:
    """A place where a guest is named in full. key: of the episode."""

    key: str
    start: int
    end: int
    name: str
    surface: str

    @property
    def is_spelt_right(self) -> bool:
        return fold_name(self.surface) == fold_name(self.name)


@cache
def load_introductions() -> tuple[Introduction, ...]:
    rows = (line.split("\t") for line in (FOLDER / "guests.tsv").read_text("utf-8").splitlines())
    return tuple(Introduction(key, int(start), int(end), name, surface) for key, start, end, name, surface in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    places = load_introductions()
    keys = {p.key for p in places}
    texts = {e.key: read_episode(options.repository, e) for e in load_episodes("fresh") if e.key in keys}
    names = [NewsName("fresh", "person", name, ()) for name in sorted({p.name for p in places})]
    engine = build_engine(watch_names(names))
    rows = []
    for title, with_notes in (("the text alone", False), ("with title and description", True)):
        found: dict[str, set[tuple[str, int, int]]] = {}
        for key, text in texts.items():
            fields = EpisodeFields(title=text.title, notes=text.notes) if with_notes else EpisodeFields()
            transcript = text.transcript
            found[key] = {(m.watch, m.start, m.end) for m in engine(transcript, fields).mentions}
        is_found = {p: any(n == p.name and s < p.end and p.start < e for n, s, e in found[p.key]) for p in places}
        misspelt = [is_found[p] for p in places if not p.is_spelt_right]
        rows.append((title, share(list(is_found.values())), share(misspelt)))
        if options.misses:
            for place in places:
                if not is_found[place]:
                    print(f"missed, {title}: {place.name} <- {place.surface}", file=sys.stderr)
    print_table(f"Guests in introductions, {len(texts)} episodes, {len(names)} names",
                ("given", "found, all", "found, misspelt"), rows)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())

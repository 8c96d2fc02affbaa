"""Counts what is told of names that nobody has, in shows of neither half: for finding kinds of false finds.

    python -m benchmarks.sounds_like.news.false_names REPOSITORY [--told FILE]

Every find is false. Made-up persons, some with frequent English first names (behind which a surname may be split), 400
with first names of the set; 150 made-up companies. Of the episodes known_names.py has read, word_pairs.py has not.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from benchmarks.harness import print_table
from benchmarks.sounds_like.cost import invent_names
from benchmarks.sounds_like.known_names import choose_paths, read_texts
from benchmarks.sounds_like.names import load_subjects
from benchmarks.sounds_like.news.corpus import seconds_of
from podwatch.phonetics import NameMatcher, WatchedName

FIRST_PATH, EPISODES, MIN_SECONDS, MAX_SECONDS = 3000, 160, 600, 5400
FIRST_NAMES = """
brian mike steve pete gavin mark ron sam andrew kevin lauren amy tom john joe bill adam chuck nancy mitch ted marco
lindsey mary david james robert susan karen rashida ilhan kamala tulsi vivek jack dan tim jeff bob frank grant rob will
elon kash pam
""".replace("\n", " ").split()


def invent(seed: int = 1) -> list[WatchedName]:
    """The names, the same ones for the same seed: halves of real ones put together."""
    chance = random.Random(seed)
    subjects = [s for s in load_subjects() if s.split == "train"]
    people = [s.name.split() for s in subjects if s.type == "person" and len(s.name.split()) == 2]
    last = sorted({name[1] for name in people if len(name[1]) > 5})
    single = [s.name for s in subjects if s.type != "person" and " " not in s.name]
    made = [
        WatchedName(f"{first.capitalize()} {_join(chance.choice(last), chance.choice(last))}", type="person")
        for first in FIRST_NAMES
        for _ in range(10)
    ]
    made += [WatchedName(_join(chance.choice(single), chance.choice(single)), type="company") for _ in range(150)]
    return made + [WatchedName(s.name, type="person") for s in invent_names(400)]


def _join(front: str, back: str) -> str:
    return f"{front[: len(front) // 2 + 1]}{back[len(back) // 2 :].lower()}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--told", type=Path)
    options = parser.parse_args()
    later = choose_paths(options.repository)[FIRST_PATH:]
    paths = [p for p in later if MIN_SECONDS <= seconds_of(p) <= MAX_SECONDS][:EPISODES]
    hours = sum(map(seconds_of, paths)) / 3600
    names, told = invent(), []
    matcher = NameMatcher(names)
    for text in read_texts(options.repository, paths):
        for match in matcher.find_matches(text):
            around = " ".join(text[max(0, match.start - 50) : match.end + 40].split())
            told.append(f"{names[match.name].full}\t{match.score:.2f}\t{text[match.start : match.end]}\t{around}")
    rows = [
        ("hours, names", f"{hours:.0f}, {len(names)}"),
        ("false", str(len(told))),
        ("false in 100 hours and name", f"{len(told) / hours * 100 / len(names):.4f}"),
    ]
    print_table("Made-up names in shows of neither half", ("what", "value"), rows)
    if options.told:
        options.told.write_text("".join(line + "\n" for line in told), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

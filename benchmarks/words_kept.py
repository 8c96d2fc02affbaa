"""Which words of real transcripts in text are lost: a folder of other people's files, read as podwatch reads them.

    python -m benchmarks.words_kept DIR [--each]

A word that plain text or Markdown shows, but for times, front matter and the addresses of links, is to be in the
transcript: as words, as a speaker's name or in the title. Prints how many files lose any, and how many have times and
speakers; --each: a line a file that loses words. The files stay outside the repository.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats import parse_transcript

_WORD = re.compile(r"[^\W\d_]{2,}")
_NOT_SHOWN = re.compile(r"\A---\n.*?\n---\n|(?<=\])\([^)\s]*\)|\d+ ?(?:h|m|min|s)\b", re.DOTALL)


def lost_words(shown: str, said: str, names: set[str]) -> Counter[str]:
    """The words that are shown more often than they are said, but for those of speakers' names."""
    lost = Counter(_WORD.findall(_NOT_SHOWN.sub(" ", shown))) - Counter(_WORD.findall(said))
    in_names = set(_WORD.findall(" ".join(names)))
    return Counter({word: n for word, n in lost.items() if word not in in_names})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", action="store_true")
    options = parser.parse_args()
    files = losing = words = timed = named = refused = 0
    for path in sorted(p for p in options.folder.rglob("*") if p.suffix in (".txt", ".md")):
        data = path.read_bytes()
        try:
            name, columns = parse_transcript(data, name=path.name)
        except TranscriptError:
            refused += 1
            continue
        if name not in ("plain", "markdown"):
            continue
        transcript = columns.transcript()
        names = {s for s in transcript.speakers if s}
        lost = lost_words(data.decode("utf-8", "replace"), f"{transcript.text} {columns.title}", names)
        files, timed, named = files + 1, timed + any(s == s for s in transcript.starts), named + bool(names)
        losing, words = losing + bool(lost), words + lost.total()
        if lost and options.each:
            print(f"{path}: {', '.join(w for w, _ in lost.most_common(8))}")
    print(f"{files} files: {losing} lose {words} words; {timed} have times, {named} have speakers; {refused} refused")
    return int(losing > 0)


if __name__ == "__main__":
    sys.exit(main())

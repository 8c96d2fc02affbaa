"""Makes pipeline/podwatch/phonetics/data/known_names.txt: names that everybody in the news talks of.

    python -m benchmarks.sounds_like.known_names REPOSITORY

What is near to a watched name by its sound is mostly another name; the better known that one is, the likelier it was
meant. Counted is, in the repository of news/corpus.py, in how many episodes a word stands with a capital within a
sentence: in the shows of the half "tune" and those that are left out there, without the episodes that are marked. Names
and counts are kept, no text. A line: a word, or a first name and a surname; in how many thousandths of the episodes.

A frequent misspelling is counted as well as the name (Massey, Massie): the matcher leaves out what sounds the same.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.sounds_like.news import corpus
from podwatch.phonetics.lexicon import GIVEN, look_up_words, plain_spelling

TARGET = Path(__file__).parents[2] / "pipeline" / "podwatch" / "phonetics" / "data" / "known_names.txt"
MAX_EPISODES = 6000
MIN_EPISODES, MIN_PAIRS = 8, 4  # that have a word; a first name and a surname
_NAME = re.compile(r"(?<=[a-z,] )([A-Z][a-z]+(?:[A-Z][a-z]+)?)(?:[ -]([A-Z][a-z]+(?:[A-Z][a-z]+)?))?")


def find_names(text: str) -> set[str]:
    """The words with a capital within a sentence, and pairs of such words, in plain letters."""
    found = set()
    for match in _NAME.finditer(text):
        words = [w for piece in match.groups() if piece and (w := plain_spelling(piece))]
        found |= {*words, " ".join(words)}
    return found


def choose_paths(repository: Path) -> list[str]:
    chosen = {e.path for half in ("tune", "test") for e in corpus.load_episodes(half)}
    held = {e.show for e in corpus.load_episodes("test")}
    paths = corpus.list_paths(repository)
    free = [p for p in paths if p not in chosen and corpus.show_of(p) not in held]
    return free[:MAX_EPISODES]


def read_texts(repository: Path, paths: list[str]) -> Iterator[str]:
    for at in range(0, len(paths), 200):
        asked = "".join(f"{corpus.COMMIT}:{path}\n" for path in paths[at : at + 200])
        command = ["git", "-C", str(repository), "cat-file", "--batch"]
        data = subprocess.run(command, input=asked.encode(), capture_output=True, check=True).stdout
        while data:
            head, _, data = data.partition(b"\n")
            size = int(head.rsplit(b" ", 1)[1]) if not head.endswith(b"missing") else -1
            if size >= 0:
                yield corpus.join_lines(data[:size].decode("utf-8", "replace").partition("\n---\n")[2])
                data = data[size + 1 :]


def main() -> int:
    repository = Path(sys.argv[1])
    counts: Counter[str] = Counter()
    number = 0
    for text in read_texts(repository, choose_paths(repository)):
        counts.update(find_names(text))
        number += 1
    entries = look_up_words({w for name in counts for w in name.split()})
    lines = []
    for name, count in sorted(counts.items()):
        words = name.split()
        if len(words) == 1:
            wanted = count >= MIN_EPISODES and not entries[name].is_everyday() and len(name) > 2
        else:
            is_person = entries[words[0]].flags & GIVEN and not entries[words[1]].is_everyday(11.0)
            wanted = count >= MIN_PAIRS and bool(is_person) and len(words[1]) > 2
        if wanted:
            lines.append(f"{name}\t{1000 * count / number:.1f}\n")
    TARGET.write_text("".join(lines), "utf-8")
    print(f"{number} episodes, {len(lines)} names")
    return 0


if __name__ == "__main__":
    sys.exit(main())

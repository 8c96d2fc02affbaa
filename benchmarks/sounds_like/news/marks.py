"""The marks: of each place that was told, or should have been, whether the name is meant there; and how it was decided.

marks.tsv, a place a line: half, key of the episode, start, end (half-open, in characters of the text), name, ``+`` (the
name is meant), ``-`` (it is not) or ``?`` (a reader could not tell), how, and the words of the text.

How: ``read`` - somebody read the words around it (and who was meant, where only the episode says it); ``rule`` - it is
spelt as the full name, as an alias, or as a surname that hardly anybody else has. Read was all that any version told
for a name by its sound, all single surnames that others have too, and all that the first version had from a score of
0.08 up: what every version misses is not in the marks, and recall is recall of what was pooled. Places behind a first
name that stands alone were looked through besides, for names in words that no version proposes.

Of "fresh" only what is told for its sound was read, from a score of 0.05 up: it says how right that is, not what is
missed. Where many places have the same words for the same name, one was read for all from 0.97 up and under 0.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.sounds_like.names import fold_name
from benchmarks.sounds_like.news.corpus import NewsName

RIGHT, WRONG, UNCLEAR = "+", "-", "?"


@dataclass(frozen=True, slots=True)
class Mark:
    key: str
    start: int
    end: int
    name: str
    verdict: str
    how: str
    surface: str

    def overlaps(self, start: int, end: int) -> bool:
        return start < self.end and self.start < end


@cache
def load_marks(half: str) -> Mapping[tuple[str, str], Sequence[Mark]]:
    """By episode and name."""
    found: defaultdict[tuple[str, str], list[Mark]] = defaultdict(list)
    for line in (Path(__file__).parent / "marks.tsv").read_text("utf-8").splitlines():
        side, key, start, end, name, verdict, how, surface = line.split("\t")
        if side == half:
            found[key, name].append(Mark(key, int(start), int(end), name, verdict, how, surface))
    return found


def form_of(name: NewsName, surface: str) -> str:
    """full | bare | company (anything that is no person), by what is written: two words or more that are no title."""
    if name.type != "person":
        return "company"
    words, surname = fold_name(surface).split(), fold_name(name.name).split()[-1]
    titles = {fold_name(alias).split()[0] for alias in name.aliases} | {"mr", "judge", "secretary", "president"}
    while words and words[0] in titles:
        words = words[1:]
    is_surname = "".join(words) in (surname, surname + "s")
    return "full" if len(words) > 1 and not is_surname else "bare"


def is_spelt_right(name: NewsName, surface: str) -> bool:
    """Whether it is the full name, an alias, or the end of the name, as it is written."""
    folded = fold_name(surface)
    forms = [fold_name(name.name), *map(fold_name, name.aliases)]
    words = forms[0].split()
    ends = {" ".join(words[at:]) for at in range(len(words))} | set(forms)
    return folded in ends or folded.removesuffix("s") in ends

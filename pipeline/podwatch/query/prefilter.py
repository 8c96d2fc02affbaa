"""Decides that a text can hold nothing of a few watches, without normalising it.

When a changed watch alone is looked for in a store, most transcripts have none of its words. Then searching for these
words is all that there is to do: 2.6 times faster for one rare word, 1.5 times for five.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from podwatch.query.literals import Literal
from podwatch.query.normaliser import to_ascii

MAX_WORDS = 16  # more are found faster by the automaton
_RUN = re.compile("[a-z0-9]+")


class Prefilter:
    """Of each literal one run of lower-case letters and digits that a text has to have if the literal is in it.

    Normalising ASCII changes such a run to lower case and nothing else, and joins nothing that stands apart
    but by dots (U.S. is us) and apostrophes (Nuku'alofa is nukualofa).
    """

    def __init__(self, runs: Iterable[str]) -> None:
        self._runs = sorted(runs, key=len)

    def excludes(self, text: str) -> bool:
        """Whether none of the literals can be in this text. False when one may be, or when that is not known."""
        plain = to_ascii(text)
        if not plain.isascii():
            return False
        low = plain.lower().replace(".", "").replace("'", "").replace("`", "")
        return not any(run in low for run in self._runs)


def build_prefilter(literals: Iterable[Literal], word_counts: Mapping[str, int]) -> Prefilter | None:
    """The prefilter of these literals; None when there are too many, or one has no letter of ASCII.

    word_counts: how often words are said; of a phrase the rarest word is looked for.
    """
    runs = {max(_RUN.findall(_rarest_word(li.text, word_counts)), key=len, default="") for li in literals}
    return None if "" in runs or len(runs) > MAX_WORDS else Prefilter(runs)


def _rarest_word(text: str, word_counts: Mapping[str, int]) -> str:
    words = [word for word in text.split() if word.isascii()] or text.split()
    return min(words, key=lambda word: (word_counts.get(word, 0), -len(word)))

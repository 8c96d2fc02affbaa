"""Decides that a text can hold nothing of a few watches, without normalising it.

Of a changed watch alone most transcripts have none of its words: then looking for these words is all there is to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from podwatch.query.literals import Literal
from podwatch.query.normaliser import to_ascii

MOST = 16  # words; more are found faster by the automaton
_RUN = re.compile("[a-z0-9]+")


class Prefilter:
    """Of each literal one run of letters and digits that a text has to have, in lower case, if the literal is there.

    Normalising ASCII neither changes such a run but to lower case, nor joins what stands apart.
    """

    def __init__(self, cores: Iterable[str]) -> None:
        self._cores = sorted(cores, key=len)

    def excludes(self, text: str) -> bool:
        """Whether none of the literals can be in this text. False when it may be, or when that is not known."""
        plain = to_ascii(text)
        if not plain.isascii():
            return False
        low = plain.lower()
        return not any(core in low for core in self._cores)


def build_prefilter(literals: Iterable[Literal], said: Mapping[str, int]) -> Prefilter | None:
    """The prefilter of these literals; None when there are too many, or one has no letter of ASCII.

    said: how often words are said; of a phrase the rarest is looked for.
    """
    cores = {max(_RUN.findall(_rarest(li.text, said)), key=len, default="") for li in literals}
    return None if "" in cores or len(cores) > MOST else Prefilter(cores)


def _rarest(text: str, said: Mapping[str, int]) -> str:
    plain = [word for word in text.split() if word.isascii()] or text.split()
    return min(plain, key=lambda word: (said.get(word, 0), -len(word)))

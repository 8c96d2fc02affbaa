"""One transcript while watches are evaluated over it: what was found, and what can be asked about its places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from podwatch.model import Kind, Transcript
from podwatch.query.intervals import Spans
from podwatch.query.literals import Literal, find_literals
from podwatch.query.normaliser import NormalisedText, normalise
from podwatch.query.postings import WordPostings

SECONDS_APART = 1e-9
SOUGHT = 8  # searches in one text; after them an index of its words is cheaper


@dataclass(frozen=True, slots=True)
class MatchDetail:
    """In which way something was found."""

    kind: Kind
    score: float = 1.0
    reason: str = ""


EXACT = MatchDetail(Kind.EXACT)


class RecognisedEntity(Protocol):
    """An entity of a transcript: the names it goes by there, and its half-open spans in the stored text."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def spans(self) -> Sequence[tuple[int, int]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeFields:
    """What a query may ask about the episode. entities: None when nobody looked for them."""

    title: str = ""
    notes: str = ""
    show: str = ""
    feed_url: str = ""
    entities: Sequence[RecognisedEntity] | None = None

    def fact(self, name: str, transcript: Transcript) -> str:
        """A field of a query as text."""
        if name == "lang":
            return transcript.language or ""
        return {"title": self.title, "notes": self.notes, "feed": f"{self.show} {self.feed_url}"}[name]


@dataclass(slots=True, eq=False)
class EvaluationContext:
    """hits: atom -> its spans in characters of the normalised text. All offsets asked here are in that text.

    details: how a span was found, by the number at its end. deferred: the literals of the atoms that are only
    looked for when a watch asks for them.
    """

    transcript: Transcript
    about: EpisodeFields
    normal: NormalisedText
    hits: dict[int, Spans]
    details: Sequence[MatchDetail] = ()
    deferred: Mapping[int, Sequence[Literal]] = field(default_factory=dict)
    _words: Any = None
    _found_literals: int = 0
    _index: WordPostings | None = None
    _facts: dict[str, str] = field(default_factory=dict)

    def of(self, atom: int) -> Spans:
        """The spans of an atom."""
        spans = self.hits.get(atom)
        if spans is None:
            literals = self.deferred.get(atom)
            spans = self.hits[atom] = self._seek(literals) if literals else []
        return spans

    def _seek(self, literals: Sequence[Literal]) -> Spans:
        self._found_literals += 1
        if self._found_literals == SOUGHT:
            self._index = WordPostings(self.normal.text)
        return find_literals(self.normal.text, literals, self._index)

    def _blanks(self) -> Any:
        import numpy as np

        text = self.normal.text
        if text.isascii():
            return np.frombuffer(text.encode(), dtype=np.uint8) == 32
        return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32) == 32

    def word_of(self, offset: int) -> int:
        """The number of the word that holds the character at ``offset``, counted from 1."""
        if self._words is None:
            self._words = self._blanks().cumsum(dtype="int32")
        return int(self._words[offset])

    def stored(self, start: int, end: int) -> str:
        """The stored text of a span."""
        left, right = self.normal.span(start, end)
        return self.normal.stored[left:right]

    def within_seconds(self, seconds: float) -> Callable[[int, int], bool]:
        def fits(start: int, end: int) -> bool:
            left, right = self.normal.span(start, end)
            first = self.transcript.seconds_at(left)
            last = self.transcript.seconds_at(_word_start(self.normal.stored, right))
            return abs(last - first) <= seconds + SECONDS_APART  # nan is never

        return fits

    def within_segment(self, start: int, end: int) -> bool:
        left, right = self.normal.span(start, end)
        return self.transcript.index_at(left) == self.transcript.index_at(right - 1)

    def within_words(self, words: int) -> Callable[[int, int], bool]:
        return lambda start, end: self.word_of(end - 1) - self.word_of(start) < words

    def fact(self, name: str) -> str:
        """A fact of the episode, normalised."""
        if name not in self._facts:
            self._facts[name] = normalise(self.about.fact(name, self.transcript)).text
        return self._facts[name]

    def spoken(self, matches: Callable[[str], bool], by: bool) -> list[tuple[int, int]]:
        """The spans that are said by a speaker whose normalised name matches (or does not)."""
        regions: list[tuple[int, int]] = []
        known: dict[str | None, bool] = {None: False}
        t = self.transcript
        for i, speaker in enumerate(t.speakers):
            if speaker not in known:
                known[speaker] = matches(normalise(speaker or "").text)
            if known[speaker] is by:
                start = self.normal.index(t.offsets[i])
                stop = self.normal.index(t.offsets[i + 1]) if i + 1 < len(t) else len(self.normal.text)
                if regions and regions[-1][1] == start:
                    regions[-1] = (regions[-1][0], stop)
                elif start < stop:
                    regions.append((start, stop))
        return regions


def _word_start(text: str, end: int) -> int:
    """Where the last word before ``end`` begins."""
    return text.rfind(" ", 0, end) + 1

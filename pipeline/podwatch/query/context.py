"""The evaluation context: one transcript and what was found where in it, for the watches evaluated over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from podwatch.model import Entity, Hearing, Kind, Transcript
from podwatch.query.intervals import Spans
from podwatch.query.literals import Literal, find_literals, find_literals_within, iterate_literals
from podwatch.query.normaliser import NormalisedText, normalise
from podwatch.query.short_texts import is_short

TOLERANCE = 1e-9  # seconds, of a distance between two floats
CHARACTERS_A_WORD = 8
WIDEST = 200  # words on either side of a span, beyond which the whole text is looked through
BEGINNING = 2000  # characters, in which a frequent word is mostly found


@dataclass(frozen=True, slots=True)
class MatchDetail:
    """How something was found: what a mention says of it."""

    kind: Kind
    score: float = 1.0
    reason: str = ""


EXACT = MatchDetail(Kind.EXACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeFields:
    """What a query may ask about the episode. entities: those of the transcript; None when they were not looked for.

    hearings: what was heard again of names in doubt. asks_audio: what is in doubt and was not heard again is no mention
    yet, but reported as a doubt; else the text alone decides. asks_widely: as well where the text has hardly
    a trace of a name (place_proposals.py).
    """

    title: str = ""
    notes: str = ""
    show: str = ""
    feed_url: str = ""
    entities: Sequence[Entity] | None = None
    hearings: Sequence[Hearing] = ()
    asks_audio: bool = False
    asks_widely: bool = False

    def text_of(self, name: str, transcript: Transcript) -> str:
        """A field of a query, as text."""
        if name == "lang":
            return transcript.language or ""
        return {"title": self.title, "notes": self.notes, "feed": f"{self.show} {self.feed_url}"}[name]


@dataclass(slots=True, eq=False)
class EvaluationContext:
    """All offsets here are in characters of the normalised text.

    hits: the spans of each atom that was searched for. details: how a span was found, by the number at its end.
    deferred: the literals of the atoms that are searched for only when a watch needs them. plans: of nodes with such
    atoms, how they are evaluated.
    """

    transcript: Transcript
    fields: EpisodeFields
    normalised: NormalisedText
    hits: dict[int, Spans]
    details: Sequence[MatchDetail] = ()
    deferred: Mapping[int, Sequence[Literal]] = field(default_factory=dict)
    plans: Mapping[Any, Any] = field(default_factory=dict)
    _word_numbers: Sequence[int] | None = None
    _normalised_fields: dict[str, str] = field(default_factory=dict)
    _present: dict[int, bool] = field(default_factory=dict)

    def spans_of(self, atom: int) -> Spans:
        """The spans of an atom."""
        spans = self.hits.get(atom)
        if spans is None:
            literals = self.deferred.get(atom)
            spans = self.hits[atom] = find_literals(self.normalised.text, literals) if literals else []
        return spans

    def spans_of_any(self, atoms: Sequence[int]) -> Spans:
        """All spans of some atoms of which none is deferred."""
        return [span for atom in atoms if atom in self.hits for span in self.hits[atom]]

    def has_atom(self, atom: int) -> bool:
        """Whether an atom has a span."""
        spans = self.hits.get(atom)
        if spans is not None:
            return bool(spans)
        is_present = self._present.get(atom)
        if is_present is None:
            literals = self.deferred.get(atom, ())
            text = self.normalised.text
            is_present = bool(find_literals_within(text, literals, [(0, BEGINNING)]))
            is_present = is_present or any(True for _ in iterate_literals(text, literals))
            self._present[atom] = is_present
        return is_present

    def spans_within(self, atom: int, regions: Sequence[tuple[int, int]]) -> Spans:
        """The spans of an atom that lie in one of the regions, and maybe others."""
        spans = self.hits.get(atom)
        if spans is not None:
            return spans
        literals = self.deferred.get(atom)
        return find_literals_within(self.normalised.text, literals, regions) if literals else []

    def regions_around(self, spans: Spans, words: int, wanted: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
        """The stretches of so many words, at least, on either side of each span, where one of each of ``wanted`` is.

        None lies over another, however many spans are near: a word in two of them would be found twice.
        """
        text, step = self.normalised.text, CHARACTERS_A_WORD * (words + 1)
        if words > WIDEST:
            return [(0, len(text))] if spans else []
        regions: list[tuple[int, int]] = []
        for start, end, _ in sorted(spans):
            first, last = start - step, end + step
            while first > 0 and text.count(" ", first, start) <= words:
                first -= step
            while last < len(text) and text.count(" ", end, last) <= words:
                last += step
            first = max(first, 0)
            for some in wanted:
                for word in some:
                    if text.find(word, first, last) >= 0:
                        break
                else:
                    break
            else:
                if regions and first <= regions[-1][1]:
                    first, last = min(first, regions[-1][0]), max(last, regions.pop()[1])
                regions.append((first, last))
        return regions

    def word_at(self, offset: int) -> int:
        """The number of the word that holds the character at ``offset``, counted from 1."""
        if self._word_numbers is None:
            self._word_numbers = _number_words(self.normalised.text)
        return self._word_numbers[offset]

    def stored_text(self, start: int, end: int) -> str:
        """The stored text of a span."""
        left, right = self.normalised.stored_span(start, end)
        return self.normalised.stored[left:right]

    def within_seconds(self, seconds: float) -> Callable[[int, int], bool]:
        """A function that says whether the first and the last word of a span begin within so many seconds."""

        def fits(start: int, end: int) -> bool:
            left, right = self.normalised.stored_span(start, end)
            first = self.transcript.seconds_at(left)
            last = self.transcript.seconds_at(last_word_start(self.normalised.stored, right))
            return abs(last - first) <= seconds + TOLERANCE  # nan is never

        return fits

    def within_segment(self, start: int, end: int) -> bool:
        """Whether a span lies in one segment."""
        left, right = self.normalised.stored_span(start, end)
        return self.transcript.index_at(left) == self.transcript.index_at(right - 1)

    def within_words(self, words: int) -> Callable[[int, int], bool]:
        """A function that says whether a span has so many words at most."""
        return lambda start, end: self.word_at(end - 1) - self.word_at(start) < words

    def normalised_field(self, name: str) -> str:
        """A field of the episode, normalised."""
        if name not in self._normalised_fields:
            self._normalised_fields[name] = normalise(self.fields.text_of(name, self.transcript)).text
        return self._normalised_fields[name]

    def regions_by_speaker(self, matches: Callable[[str], bool], by: bool) -> list[tuple[int, int]]:
        """The spans that are said by a speaker whose normalised name matches (by False: by anybody else)."""
        regions: list[tuple[int, int]] = []
        known: dict[str | None, bool] = {None: False}
        t = self.transcript
        for i, speaker in enumerate(t.speakers):
            if speaker not in known:
                known[speaker] = matches(normalise(speaker or "").text)
            if known[speaker] is by:
                start = self.normalised.index_of(t.offsets[i])
                stop = self.normalised.index_of(t.offsets[i + 1]) if i + 1 < len(t) else len(self.normalised.text)
                if regions and regions[-1][1] == start:
                    regions[-1] = (regions[-1][0], stop)
                elif start < stop:
                    regions.append((start, stop))
        return regions


def last_word_start(text: str, end: int) -> int:
    """Where the last word of ``text[:end]`` begins."""
    return text.rfind(" ", 0, end) + 1


def _number_words(text: str) -> Sequence[int]:
    """Of each character how many blanks there are up to it."""
    if is_short(text):
        return list(accumulate(character == " " for character in text))
    import numpy as np

    if text.isascii():
        is_blank = np.frombuffer(text.encode(), dtype=np.uint8) == 32
    else:
        is_blank = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32) == 32
    return memoryview(is_blank.cumsum(dtype="int32"))

"""Doubtful places of the spoken test set: each with what the text says of it, before the audio is asked.

Where names that are said may be, and names that nobody says. ``text``: what the name matcher proposes in the recognised
text, all names of the set watched at once. ``wide``: where the wider net would listen for the eight names of a file, as
if only those were watched. ``twin``: what the matcher proposes for names that nobody says, each one sound away from one
that is said (Carlsson, Carlsen). ``absent``: what it proposes for a thousand other names that nobody says in the set.
``stranger``: where the net would listen for the eight names of another file, with those of this one not watched;
``stranger 2`` and so on: of other files again. ``missed``: mentions that the text does not propose, whether the net
does or not.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.listen.spoken_set import PASSAGES, Spoken, SpokenFile, choose_subjects
from benchmarks.listen.twins import twin_of
from benchmarks.sounds_like.alignment import align
from benchmarks.sounds_like.names import load_subjects
from benchmarks.sounds_like.phrases import write_passage
from podwatch.model import Doubt, Transcript
from podwatch.phonetics import NameMatcher, WatchedName
from podwatch.query.place_proposals import PlaceProposer
from podwatch.query.second_hearing import FLOOR

SLACK = 0.4  # seconds by which a word's time may lie outside of its passage
ANOTHER_TEXT = 0.4  # of the letters wrong: the passage was not heard at all
BESIDE = 2  # characters between a word and the next
STRANGERS = 4  # files whose names are tried in a file where nobody says them


@dataclass(frozen=True, slots=True)
class Said:
    """Where a name is said, in characters of the recognised text. number: which mention of its passage it is."""

    start: int
    end: int
    name: str
    form: str
    number: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a place."""

    doubt: Doubt
    kind: str
    source: str
    form: str
    match: str
    features: tuple[float, ...] = ()
    said: tuple[int, ...] = ()


class DoubtSet:
    """The names of the set, watched all at once."""

    def __init__(self, names: int) -> None:
        self.subjects = choose_subjects(names)
        self._names = [s.name for s in self.subjects]
        watched = [WatchedName(s.name, (), s.type, threshold=0.0) for s in self.subjects]
        self._matcher, self._proposer = NameMatcher(watched), PlaceProposer(watched)
        others = [s for s in load_subjects() if s.name not in set(self._names)]
        self._absent = NameMatcher([WatchedName(s.name, (), s.type, threshold=0.0) for s in others])
        self.absent_names = [s.name for s in others]
        self._twins = NameMatcher([WatchedName(twin_of(s.name), (), s.type, threshold=0.0) for s in self.subjects])
        self._passages = {s.name: write_passage(s, "test", random.Random(f"listen {s.name}")) for s in self.subjects}

    def propose(self, file: SpokenFile, transcript: Transcript) -> list[Question]:
        """Everything that is in question in a file, of which it is known whether it is right."""
        said = self.said(file, transcript)
        lost = [s for s in file.spoken if sum(placed.name == s.name for placed in said) < s.times]
        return [q for q in self._propose(file, transcript, said) if not _may_be_lost(q, lost, said, transcript)]

    def _propose(self, file: SpokenFile, transcript: Transcript, said: Sequence[Said]) -> Iterator[Question]:
        text = transcript.text
        found = self._matcher.find_matches(text)
        for m in found:
            yield self._question(text, said, "text", self._names[m.name], m.start, m.end, m.score, m.kind)
        for m in self._twins.find_matches(text):
            mine = [s for s in said if s.name == self._names[m.name] and s.start < m.end and m.start < s.end]
            if mine and m.score >= FLOOR:
                twin = self._twins.names[m.name].full
                d = Doubt(name=twin, start=m.start, end=m.end, surface=text[m.start : m.end], score=m.score)
                yield Question(d, "twin", "twin", mine[0].form, m.kind)
        for m in self._absent.find_matches(text):
            if m.score >= FLOOR:
                span = (m.start, m.end)
                yield self._question(text, said, "absent", self.absent_names[m.name], *span, m.score, m.kind)
        proposed = [m for m in found if m.kind != "sounds_like" or m.score >= FLOOR]
        likely = [self._names.index(s.name) for s in file.spoken]
        for place in self._proposer.propose(text, likely, [(m.start, m.end) for m in proposed]):
            name, span = self._names[place.name], (place.start, place.end)
            yield self._question(text, said, "wide", name, *span, 0.0, "none", place.features)
        for k in range(1, STRANGERS + 1):
            strangers = [(i + k * PASSAGES) % len(self._names) for i in likely]
            for place in self._proposer.propose(text, strangers, []):
                name, span = self._names[place.name], (place.start, place.end)
                source = "stranger" if k == 1 else f"stranger {k}"
                yield self._question(text, said, source, name, *span, 0.0, "none", place.features)
        for i, s in enumerate(said):
            if not any(m.start < s.end and s.start < m.end and self._names[m.name] == s.name for m in proposed):
                d = Doubt(name=s.name, start=s.start, end=s.end, surface=text[s.start : s.end], score=0.0)
                yield Question(d, "right", "missed", s.form, "said", (), (i,))

    def _question(
        self, text: str, said: Sequence[Said], source: str, name: str, start: int, end: int, score: float, match: str,
        features: tuple[float, ...] = (),
    ) -> Question:  # fmt: skip
        there = [i for i, s in enumerate(said) if s.start < end and start < s.end]
        mine = [i for i in there if said[i].name == name]
        kind = "right" if mine else "name" if there else "plain"
        doubt = Doubt(name=name, start=start, end=end, surface=text[start:end], score=score, is_wide=match == "none")
        return Question(doubt, kind, source, said[mine[0]].form if mine else "", match, features, tuple(mine))

    def said(self, file: SpokenFile, transcript: Transcript) -> list[Said]:
        """Where the names of a file are said in what was recognised."""
        return list(self._said(file, transcript))

    def _said(self, file: SpokenFile, transcript: Transcript) -> Iterator[Said]:
        assert transcript.words is not None
        offsets, starts = transcript.words.columns
        for spoken in file.spoken:
            inside = [
                o for o, t in zip(offsets, starts, strict=True) if spoken.start - SLACK <= t <= spoken.end + SLACK
            ]
            if not inside:
                continue
            begin, after = inside[0], bisect_right(offsets, inside[-1])
            heard = transcript.text[begin : offsets[after] if after < len(offsets) else None]
            passage = self._passages[spoken.name]
            aligned = align(passage.text, heard, [(n.start, n.end) for n in passage.name_spans])
            if aligned.word_errors > ANOTHER_TEXT:
                continue
            for number, (span, place) in enumerate(zip(passage.name_spans, aligned.spans, strict=True)):
                if place.end > place.start:
                    yield Said(begin + place.start, begin + place.end, spoken.name, span.form, number)


def _may_be_lost(q: Question, lost: Sequence[Spoken], said: Sequence[Said], transcript: Transcript) -> bool:
    """Whether a name that seems wrong may well be said there: in a passage that says it and of which not all that is
    said could be placed, or right beside it, where the recogniser wrote it twice."""
    if q.kind not in ("name", "plain"):
        return False
    d, at = q.doubt, transcript.seconds_at(q.doubt.start)
    is_twice = any(s.name == d.name and s.start - BESIDE <= d.end and d.start <= s.end + BESIDE for s in said)
    return is_twice or any(s.name == d.name and s.start - SLACK <= at <= s.end + SLACK for s in lost)

"""Doubtful places of the spoken test set, each with what the text says of it and what the audio says when asked again.

Five sources. ``text``: what the name matcher proposes in the recognised text, all names watched at once. ``wide``:
where the wider net would listen for the eight names of a file, as if only those were watched. ``twin``: what the
matcher proposes for names that nobody says, each one sound away from one that is said (Carlsson, Carlsen).
``stranger``: where the net would listen for the eight names of another file, with those of this one not watched.
``missed``: mentions that the text does not propose, whether the net does or not; nobody is asked about them. What was
recognised, and the rows of each file, are kept beside the set: a run that was cut goes on where it was.
"""

from __future__ import annotations

import json
import random
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.listen.recognitions import recognise
from benchmarks.listen.spoken_set import PASSAGES, SpokenFile, choose_subjects
from benchmarks.listen.twins import twin_of
from benchmarks.sounds_like.alignment import align
from benchmarks.sounds_like.phrases import write_passage
from podwatch.model import Doubt, Transcript
from podwatch.phonetics import NameMatcher, WatchedName
from podwatch.query.place_proposals import PlaceProposer
from podwatch.query.second_hearing import FLOOR, spellings_of
from podwatch.speech.decoding import open_audio
from podwatch.speech.hearing_places import place_by_words, read_windows
from podwatch.speech.recognisers import SAMPLE_RATE, Recogniser
from podwatch.speech.transcribing import to_transcript

SLACK = 0.4  # seconds by which a word's time may lie outside of its passage
ANOTHER_TEXT = 0.4  # of the letters wrong: the passage was not heard at all


@dataclass(frozen=True, slots=True)
class Row:
    """One name at one place. kind: right, twin, name (another one was said), or plain (no name was). source: see above.
    start, end: characters of what was recognised.
    match: of the text's match, "none" of the wider net. likelihoods: none where the text needs no hearing. features: of
    the wider net. at: of the window, seconds from the start of the file; seconds: how long it is; cpu: what it took.
    context: how likely the words around it are. said: numbers of the mentions of the file that it reaches."""

    file: str
    name: str
    condition: str
    kind: str
    source: str
    form: str
    match: str
    score: float
    start: int
    end: int
    surface: str
    bare: bool
    likelihoods: tuple[float, ...]
    features: tuple[float, ...]
    context: float
    at: float
    seconds: float
    cpu: float
    said: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """Where a name is said, in characters of the recognised text."""

    start: int
    end: int
    name: str
    form: str


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
        self._twins = NameMatcher([WatchedName(twin_of(s.name), (), s.type, threshold=0.0) for s in self.subjects])
        self._passages = {s.name: write_passage(s, "test", random.Random(f"listen {s.name}")) for s in self.subjects}

    def propose(self, file: SpokenFile, transcript: Transcript) -> Iterator[Question]:
        """Everything that is in question in a file."""
        text, said = transcript.text, self.said(file, transcript)
        found = self._matcher.find_matches(text)
        for m in found:
            yield self._question(text, said, "text", self._names[m.name], m.start, m.end, m.score, m.kind)
        for m in self._twins.find_matches(text):
            mine = [s for s in said if s.name == self._names[m.name] and s.start < m.end and m.start < s.end]
            if mine and m.score >= FLOOR:
                twin = self._twins.names[m.name].full
                d = Doubt(name=twin, start=m.start, end=m.end, surface=text[m.start : m.end], score=m.score)
                yield Question(d, "twin", "twin", mine[0].form, m.kind)
        proposed = [m for m in found if m.kind != "sounds_like" or m.score >= FLOOR]
        likely = [self._names.index(s.name) for s in file.spoken]
        for place in self._proposer.propose(text, likely, [(m.start, m.end) for m in proposed]):
            name, span = self._names[place.name], (place.start, place.end)
            yield self._question(text, said, "wide", name, *span, 0.0, "none", place.features)
        strangers = [(i + PASSAGES) % len(self._names) for i in likely]
        for place in self._proposer.propose(text, strangers, []):
            name, span = self._names[place.name], (place.start, place.end)
            yield self._question(text, said, "stranger", name, *span, 0.0, "none", place.features)
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
            for span, place in zip(passage.name_spans, aligned.spans, strict=True):
                if place.end > place.start:
                    yield Said(begin + place.start, begin + place.end, spoken.name, span.form)


def collect_rows(folder: Path, files: Sequence[SpokenFile], names: int, recogniser: Recogniser) -> Iterator[Row]:
    """Recognises the files, and asks the audio about all that is in question; what is kept is not done again."""
    kept = folder / f"rows-{recogniser.name.replace('/', '-').replace(' ', '-')}-{names}"
    kept.mkdir(exist_ok=True)
    doubts: DoubtSet | None = None
    for file in files:
        path = kept / f"{file.path.name}.jsonl"
        if not path.exists():
            doubts = doubts or DoubtSet(names)
            write_rows(path, _hear_file(file, doubts, recogniser))
        yield from read_rows(path)


def _hear_file(file: SpokenFile, doubts: DoubtSet, recogniser: Recogniser) -> list[Row]:
    hearer = recogniser.forced_decoder("en")
    assert hearer is not None
    transcript = to_transcript(recognise(file.path, recogniser), source="speech:")
    asked = [(q, p) for q in doubts.propose(file, transcript) if (p := place_by_words(transcript, q.doubt)) is not None]
    with open_audio(file.path, max_hours=3) as audio:
        samples = read_windows(audio, sorted({(p.start, p.end) for _, p in asked}))
    encoded: dict[tuple[float, float], tuple[Any, int]] = {}
    rows = []
    for q, place in asked:
        likelihoods: tuple[float, ...] = ()
        context, span, began = 0.0, (place.start, place.end), time.process_time()
        if q.match == "none" or (q.match == "sounds_like" and q.doubt.score >= FLOOR):
            window = encoded.get(span) or encoded.setdefault(span, hearer.encode(samples[span]))
            each = [hearer.likelihoods(window, place.place, spelling) for spelling in spellings_of(q.doubt.name)]
            likelihoods = max(each, key=lambda x: x.prompted_ratio).numbers()
            context = hearer.context_likelihood(window, place.place)
        rows.append(
            Row(
                file=file.path.name,
                name=q.doubt.name,
                condition=file.condition,
                kind=q.kind,
                source=q.source,
                form=q.form,
                match=q.match,
                score=q.doubt.score,
                start=q.doubt.start,
                end=q.doubt.end,
                surface=q.doubt.surface,
                bare=len(q.doubt.surface.split()) == 1,
                likelihoods=likelihoods,
                features=q.features,
                context=context,
                at=place.start,
                seconds=len(samples[span]) / SAMPLE_RATE,
                cpu=time.process_time() - began,
                said=q.said,
            )
        )
    return rows


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Whole or not at all, so that a run that is cut leaves no half file."""
    part = path.with_suffix(".part")
    part.write_text("".join(json.dumps(asdict(r)) + "\n" for r in rows))
    part.rename(path)


def read_rows(path: Path) -> list[Row]:
    rows = (json.loads(line) for line in path.read_text().splitlines())
    return [Row(**r | {n: tuple(r[n]) for n in ("likelihoods", "features", "said")}) for r in rows]

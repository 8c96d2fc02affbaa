"""Doubtful places of the spoken test set, each with what the text says of it and what the audio says when asked again.

Two kinds: what the name matcher proposes in the recognised text (``text``), and, at every place where a name was said,
that name where the matcher has missed it, beside the names that sound most like it and a random one (``net``): what a
wider net would have to tell apart.
"""

from __future__ import annotations

import json
import random
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.listen.spoken_set import SpokenFile, choose_subjects
from benchmarks.sounds_like.alignment import align
from benchmarks.sounds_like.phrases import write_passage
from podwatch.model import Doubt, RecognisedChunk, Transcript
from podwatch.phonetics import NameMatcher, WatchedName
from podwatch.phonetics.name_forms import build_forms
from podwatch.phonetics.noisy_channel import measure_costs
from podwatch.query.second_hearing import spellings_of
from podwatch.speech.chunks import split_at_silence
from podwatch.speech.decoding import open_audio
from podwatch.speech.hearing_places import place_by_words, read_windows
from podwatch.speech.recognisers import SAMPLE_RATE, Recogniser
from podwatch.speech.transcribing import to_transcript, transcribe

SLACK = 0.4  # seconds by which a word's time may lie outside of its passage
ANOTHER_TEXT = 0.4  # of the letters wrong: the passage was not heard at all
ALIKE = 2  # other names that are tried at a place


@dataclass(frozen=True, slots=True)
class Row:
    """One name at one place. kind: right, name (another one was said), or plain (no name was). source: text or net.
    match: of the text's match, "none" of a wider net. likelihoods: none where the text needs no hearing.
    seconds: of the window. context: how likely the words around it are."""

    name: str
    condition: str
    kind: str
    source: str
    form: str
    match: str
    score: float
    surface: str
    likelihoods: tuple[float, ...]
    context: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Said:
    """Where a name is said, in characters of the recognised text."""

    start: int
    end: int
    name: str
    form: str


class DoubtSet:
    """The names of the set, watched all at once."""

    def __init__(self, names: int) -> None:
        self.subjects = choose_subjects(names)
        watched = [WatchedName(s.name, (), s.type, threshold=0.0) for s in self.subjects]
        self._matcher = NameMatcher(watched)
        self._near = _nearest_names(watched)
        self._passages = {s.name: write_passage(s, "test", random.Random(f"listen {s.name}")) for s in self.subjects}

    def propose(self, file: SpokenFile, transcript: Transcript) -> Iterator[tuple[Doubt, str, str, str, str]]:
        """(place, kind, source, form, the text's match) of everything that is in question in a file."""
        text, said = transcript.text, list(self._said(file, transcript))
        found: set[Said] = set()
        for m in self._matcher.find_matches(text):
            name = self.subjects[m.name].name
            there = [s for s in said if s.start < m.end and m.start < s.end]
            mine = [s for s in there if s.name == name]
            found.update(mine)
            kind = "right" if mine else "name" if there else "plain"
            doubt = Doubt(name=name, start=m.start, end=m.end, surface=text[m.start : m.end], score=m.score)
            yield doubt, kind, "text", mine[0].form if mine else "", m.kind
        dice = random.Random(file.path.name)
        for s in said:
            others = [(name, "name") for name in self._near[s.name]]
            others.append((dice.choice([x.name for x in self.subjects if x.name != s.name]), "random"))
            for name, kind in ([] if s in found else [(s.name, "right")]) + others:
                doubt = Doubt(name=name, start=s.start, end=s.end, surface=text[s.start : s.end], score=0.0)
                yield doubt, kind, "net", s.form, "none"

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


def collect_rows(files: Sequence[SpokenFile], names: int, recogniser: Recogniser) -> Iterator[Row]:
    """Recognises the files, and asks the audio about all that is in question."""
    doubts = DoubtSet(names)
    hearer = recogniser.forced_decoder("en")
    assert hearer is not None
    for file in files:
        transcript = to_transcript(recognise(file.path, recogniser), source="speech:")
        rows = [(q, p) for q in doubts.propose(file, transcript) if (p := place_by_words(transcript, q[0])) is not None]
        spans = sorted({(p.start, p.end) for _, p in rows})
        with open_audio(file.path, max_hours=3) as audio:
            samples = read_windows(audio, spans)
        encoded: dict[tuple[float, float], tuple[Any, int]] = {}
        for (d, kind, source, form, match), place in rows:
            likelihoods: tuple[float, ...] = ()
            context, span = 0.0, (place.start, place.end)
            if match in ("sounds_like", "none"):
                window = encoded.get(span) or encoded.setdefault(span, hearer.encode(samples[span]))
                each = [hearer.likelihoods(window, place.place, spelling) for spelling in spellings_of(d.name)]
                likelihoods = max(each, key=lambda x: x.prompted_ratio).numbers()
                context = hearer.context_likelihood(window, place.place)
            yield Row(
                name=d.name, condition=file.condition, kind=kind, source=source, form=form, match=match,
                score=d.score, surface=d.surface, likelihoods=likelihoods, context=context,
                seconds=len(samples[span]) / SAMPLE_RATE,
            )  # fmt: skip


def recognise(path: Path, recogniser: Recogniser) -> list[RecognisedChunk]:
    """What is heard in a file."""
    with open_audio(path, max_hours=3) as audio:
        return transcribe(split_at_silence(audio), recogniser, {}, lambda number, chunk: None, language="en")


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(asdict(r)) + "\n" for r in rows))


def read_rows(path: Path) -> list[Row]:
    rows = (json.loads(line) for line in path.read_text().splitlines())
    return [Row(**r | {"likelihoods": tuple(r["likelihoods"])}) for r in rows]


def _nearest_names(names: Sequence[WatchedName]) -> Mapping[str, list[str]]:
    """By name the other names that sound most like it."""
    forms: dict[str, list[tuple[bytes, bytes]]] = {}
    for form in build_forms(names):
        if form.part in ("full", "surname"):
            forms.setdefault(names[form.name].full, []).append(form.encoded)
    pairs = [(a, b, x, y) for a in forms for b in forms if a != b for x in forms[a][-1:] for y in forms[b]]
    costs = measure_costs([(y, x) for _, _, x, y in pairs])
    best: dict[str, dict[str, float]] = {}
    for (a, b, _, _), cost in zip(pairs, costs, strict=True):
        mine = best.setdefault(a, {})
        mine[b] = min(mine.get(b, 99.0), min(cost))
    return {a: sorted(mine, key=lambda b: mine[b])[:ALIKE] for a, mine in best.items()}

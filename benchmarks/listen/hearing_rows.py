"""Rows of the second hearing: doubtful places of the spoken test set, with what the audio says when it is asked.

What was recognised, and the rows of each file, are kept beside the set: a run that was cut goes on where it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.listen.doubts import DoubtSet, Question
from benchmarks.listen.recognitions import recognise
from benchmarks.listen.spoken_set import SpokenFile
from podwatch.query.second_hearing import FLOOR, spellings_of
from podwatch.query.wide_doubts import place_score
from podwatch.speech.decoding import open_audio
from podwatch.speech.forced_decoding import SoundWindow
from podwatch.speech.hearing_places import place_by_words, read_windows
from podwatch.speech.recognisers import SAMPLE_RATE, Recogniser
from podwatch.speech.transcribing import to_transcript

LEAST_ASKED = 0.003  # of the net's score, of the weights that podwatch ships: below it nobody would ask


@dataclass(frozen=True, slots=True)
class Row:
    """One name at one place. kind: right, twin, name (another one was said), or plain (no name was).

    source: see doubts.py. start, end: characters of what was recognised. match: of the text's match, "none" of the
    wider net. likelihoods: none where nobody asks. features: of the wider net. at: of the window, seconds from the
    start of the file; seconds: how long it is; cpu: what it took. context: how likely the words around it are. said:
    numbers of the mentions of the file that it reaches.
    """

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
    encoded: dict[tuple[float, float], SoundWindow] = {}
    rows = []
    for q, place in asked:
        likelihoods: tuple[float, ...] = ()
        context, span, began = 0.0, (place.start, place.end), time.process_time()
        if is_asked(q):
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


def is_asked(q: Question) -> bool:
    """Whether the audio is asked about it: what text or net are too little sure of is told by nobody."""
    if q.match == "none":
        return place_score(q.features) >= LEAST_ASKED
    return q.match == "sounds_like" and q.doubt.score >= FLOOR


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Whole or not at all, so that a run that is cut leaves no half file."""
    part = path.with_suffix(".part")
    part.write_text("".join(json.dumps(asdict(r)) + "\n" for r in rows))
    part.rename(path)


def read_rows(path: Path) -> list[Row]:
    rows = (json.loads(line) for line in path.read_text().splitlines())
    return [Row(**r | {n: tuple(r[n]) for n in ("likelihoods", "features", "said")}) for r in rows]

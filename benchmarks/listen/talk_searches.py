"""Searches recordings for lists of names in three ways: by the text, with the second hearing, with the wider net.

What was recognised and told is kept beside the recordings, so that a run goes on where it was cut.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.listen.recognitions import recognise
from benchmarks.listen.talk_lists import NameList, choose_lists, count_name, names_in
from podwatch import query
from podwatch.commands.scan import load_transcript
from podwatch.line.hearing_audio import AudioFile
from podwatch.line.place_hearing import PlaceHearing
from podwatch.model import Hearing, Mention, Transcript
from podwatch.query.second_hearing import combine
from podwatch.settings import Settings, from_environment
from podwatch.speech.audio_files import is_audio
from podwatch.speech.phantoms import find_phantoms
from podwatch.speech.quality import measure_quality
from podwatch.speech.recognisers import Recogniser, build_recogniser
from podwatch.speech.transcribing import to_transcript
from podwatch.watchlist.loader import read_watches

WAYS = ("text", "on", "wide")
TEXTS = (".txt", ".vtt", ".srt")
AROUND = 60  # characters of the text on either side of what was told, for whoever looks it over


@dataclass(frozen=True, slots=True)
class Told:
    """A mention in one of the three ways. how: exact or by sound. around: what stands there, with what is beside it."""

    way: str
    name: str
    how: str
    score: float
    start: int
    surface: str
    around: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the audio said of one doubt. before, after: its score by the text or the net, and with the audio."""

    name: str
    start: int
    surface: str
    is_wide: bool
    outcome: str
    likelihoods: tuple[float, ...]
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Search:
    """One list in one file. hours: of audio. sure: the mean probability of the words, None: not known. said: how often
    the truth says each name, None where there is no truth."""

    file: str
    kind: str
    names: tuple[str, ...]
    hours: float
    sure: float | None
    said: dict[str, int] | None
    told: tuple[Told, ...]
    asked: tuple[Asked, ...]
    seconds: float
    cpu: float


class TalkFile:
    """A file as it was recognised, and where that is known what was really said in it, and the names in that."""

    def __init__(self, path: Path, recogniser: Recogniser, settings: Settings) -> None:
        self.path, self._recogniser, self._settings = path, recogniser, settings
        chunks = recognise(path, recogniser, None)
        self.transcript: Transcript = replace(to_transcript(chunks, source=str(path)), title=path.stem)
        self._phantoms = find_phantoms(chunks)
        self._sure = measure_quality(chunks).probability
        self.hours = max(self.transcript.ends, default=0.0) / 3600
        beside = [path.with_suffix(ending) for ending in TEXTS]
        self.truth = next((load_transcript(p).text for p in beside if p.exists()), None)
        names = path.with_suffix(".names")
        if self.truth is None:
            self.said = []
        elif names.exists():
            self.said = [line.strip() for line in names.read_text("utf-8").splitlines() if line.strip()]
        else:
            self.said = names_in(self.truth)

    def search(self, names: NameList) -> Search:
        """What is told of these names in the three ways."""
        engine, transcript = _build_engine(names.names), self.transcript
        fields = query.EpisodeFields(title=transcript.title)
        asks = replace(fields, asks_audio=True)
        began = time.process_time()
        doubts = engine(transcript, replace(asks, asks_widely=True)).doubts
        heard, seconds = self._hear(doubts)
        cpu = time.process_time() - began
        ways = {
            "text": engine(transcript, fields),
            "on": engine(transcript, replace(asks, hearings=tuple(h for h in heard if not h.doubt.is_wide))),
            "wide": engine(transcript, replace(asks, asks_widely=True, hearings=heard)),
        }
        watched = {f"name-{i}": name for i, name in enumerate(names.names)}
        told = tuple(
            self._told(way, watched[m.watch], m)
            for way, result in ways.items()
            for m in result.mentions
            if not any(p.start <= m.start and m.end <= p.end for p in self._phantoms)
        )
        said = None if self.truth is None else {n: count_name(self.truth, n) for n in names.names}
        asked = tuple(map(_asked, heard))
        return Search(self.path.name, names.kind, names.names, self.hours, self._sure, said, told, asked, seconds, cpu)

    def _hear(self, doubts: Sequence[Any]) -> tuple[tuple[Hearing, ...], float]:
        hearer = self._recogniser.forced_decoder(self.transcript.language or "en")
        if not doubts or hearer is None:
            return (), 0.0
        audio = AudioFile(self.path, self._settings.speech.max_hours)
        places = PlaceHearing(audio, self.transcript, self._recogniser, hearer, is_own=True, is_same=True)
        found = places.hear(doubts, math.inf)
        return tuple(f.hearing for f in found), sum(f.seconds for f in found)

    def _told(self, way: str, name: str, m: Mention) -> Told:
        around = " ".join(self.transcript.text[max(0, m.start - AROUND) : m.end + AROUND].split())
        return Told(way, name, m.kind.value, m.score, m.start, m.surface, around, m.reason)


def _asked(h: Hearing) -> Asked:
    d = h.doubt
    after = combine(d.score, h.likelihoods, is_wide=d.is_wide) if h.likelihoods else d.score
    return Asked(d.name, d.start, d.surface, d.is_wide, h.outcome.value, h.likelihoods, d.score, after)


def _build_engine(names: Sequence[str]) -> query.Engine:
    """An engine for a watchlist of these names, read as podwatch reads one."""
    watches = [{"name": f"name-{i}", "entity": name, "sounds_like": True} for i, name in enumerate(names)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "watchlist.yaml"
        path.write_text(json.dumps({"defaults": {"channel": "#talk"}, "watches": watches}))
        return query.build_engine(read_watches(path))


def search_folder(folder: Path, model: Path, lists: int) -> Iterator[Search]:
    """Each list in each file; what is kept is not done again."""
    settings = from_environment({})
    settings = replace(settings, speech=replace(settings.speech, models=str(model.parent), model=model.name))
    recogniser = build_recogniser(settings)
    kept = folder / "searches"
    kept.mkdir(exist_ok=True)
    for path in sorted(p for p in folder.iterdir() if p.is_file() and is_audio(p)):
        talk = TalkFile(path, recogniser, settings)
        for names in choose_lists(talk.said, talk.transcript.text, lists):
            file = kept / f"{path.name}.{model.name}.{zlib.crc32(repr(names).encode()):08x}.json"
            if not file.exists():
                part = file.with_suffix(".part")
                part.write_text(json.dumps(asdict(talk.search(names))))
                part.rename(file)
            yield _search(json.loads(file.read_text()))
        print(f"{path.name}: {talk.hours * 60:.1f} minutes", file=sys.stderr)


def _search(row: dict[str, Any]) -> Search:
    told = tuple(Told(**t) for t in row["told"])
    asked = tuple(Asked(**a | {"likelihoods": tuple(a["likelihoods"])}) for a in row["asked"])
    return Search(**row | {"names": tuple(row["names"]), "told": told, "asked": asked})

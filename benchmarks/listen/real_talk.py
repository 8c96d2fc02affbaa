"""What podwatch tells of real talk: false names and found ones, by the text, the second hearing and the wider net.

    python -m benchmarks.listen.real_talk FOLDER [--model base] [--lists 3] [--told FILE]

FOLDER has audio files, any that podwatch reads; the spoken test set is of machines' voices, and whoever has hours of
real recordings measures here what those are worth. Beside talk.mp3 may stand talk.txt, .vtt or .srt with what was
really said: then the names in it are looked for, too, or those that talk.names has, one a line. All goes the way of
`podwatch scan FILE --again`, with watchlists of twelve names (talk_lists.py). What was recognised and told is kept in
FOLDER, so that a run goes on where it was cut.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.harness import print_table
from benchmarks.listen.recognitions import recognise
from benchmarks.listen.talk_lists import SAID, TWIN, NameList, choose_lists, count_name, names_in
from podwatch import query
from podwatch.commands.scan import load_transcript
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
from scripts.speech_models import fetch_model

ROOT = Path(__file__).resolve().parents[2]
WAYS = ("text", "on", "wide")
TEXTS = (".txt", ".vtt", ".srt")
AROUND = 60  # characters of the text on either side of what was told, for whoever looks it over
RESAMPLES = 1000


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
        speech = self._settings.speech
        places = PlaceHearing(self.path, speech.max_hours, self.transcript, self._recogniser, hearer, is_own=True)
        found = places.hear(doubts, speech.again_seconds)
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
        for number, names in enumerate(choose_lists(talk.said, talk.transcript.text, lists)):
            file = kept / f"{path.name}.{model.name}.{number:03}.json"
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


def false_ones(search: Search, way: str) -> list[Told]:
    """What is told by its sound of names that are not said, or oftener than they are."""
    left, false = Counter(search.said or {}), []
    for t in sorted((t for t in search.told if t.way == way), key=lambda t: (t.how != "exact", -t.score)):
        if left[t.name] > 0:
            left[t.name] -= 1
        elif t.how == "sounds_like":
            false.append(t)
    return false


def found_mentions(search: Search, way: str) -> int:
    """How many of the mentions of names that are said are told."""
    counts = Counter(t.name for t in search.told if t.way == way)
    return sum(min(counts[name], times) for name, times in (search.said or {}).items())


def measure(searches: Sequence[Search]) -> str:
    """Prints the tables; the last line of the figures."""
    unsaid = [s for s in searches if s.kind != SAID]
    lines = []
    for kind in sorted({s.kind for s in unsaid}):
        mine = [s for s in unsaid if s.kind == kind]
        hours = sum(s.hours * len(s.names) for s in mine)
        rates = [_rate(mine, way) for way in WAYS]
        heard = [[a for s in mine for a in s.asked if a.likelihoods and a.is_wide == w] for w in (False, True)]
        lines.append([kind, f"{hours:,.0f}", *rates, *map(str, map(len, heard))])
    head = ["names that nobody says", "hours x names", *WAYS, "asked, doubtful", "asked, wider net"]
    print_table("False ones in 100 hours and name, with how many there are", head, lines)
    _print_files(unsaid)
    said = [s for s in searches if s.kind == SAID]
    if said:
        _print_said(said)
    return _print_cost(searches)


def _print_files(searches: Sequence[Search]) -> None:
    """By file, without the names one sound away: which recordings mislead, and how sure the recogniser was of them."""
    lines = []
    for file in sorted({s.file for s in searches}):
        mine = [s for s in searches if s.file == file and s.kind != TWIN]
        sure = "-" if mine[0].sure is None else f"{mine[0].sure:.2f}"
        heard = [str(sum(bool(a.likelihoods) and a.is_wide == w for s in mine for a in s.asked)) for w in (False, True)]
        false = [str(sum(len(false_ones(s, way)) for s in mine)) for way in WAYS]
        lines.append([file, f"{mine[0].hours * 60:.0f}", sure, *false, *heard])
    head = ["file", "minutes", "sure of words", *WAYS, "asked, doubtful", "asked, wider net"]
    print_table("False ones by file, of public and invented names", head, lines)


def _rate(searches: Sequence[Search], way: str) -> str:
    hours = sum(s.hours * len(s.names) for s in searches)
    false = sum(len(false_ones(s, way)) for s in searches)
    return f"{false / max(hours, 1e-9) * 100:.2f} ({false})"


def _print_said(searches: Sequence[Search]) -> None:
    """Of what is really said: mentions found, and how much of what is told by its sound is right."""
    lines = []
    for way in WAYS:
        told = sum(t.way == way for s in searches for t in s.told)
        wrong = sum(len(false_ones(s, way)) for s in searches)
        recall = bootstrap(searches, lambda some, w=way: _recall(some, w))  # type: ignore[misc]
        lines.append([way, f"{recall[0]:.3f} ({recall[1]:.3f}-{recall[2]:.3f})", f"{1 - wrong / max(1, told):.3f}"])
    mentions = sum(sum((s.said or {}).values()) for s in searches)
    print_table(f"{mentions} mentions of names that are said", ["", "found (over files)", "precision"], lines)


def _recall(searches: Sequence[Search], way: str) -> float:
    mentions = sum(sum((s.said or {}).values()) for s in searches)
    return sum(found_mentions(s, way) for s in searches) / max(1, mentions)


def bootstrap(searches: Sequence[Search], figure: Callable[[Sequence[Search]], float]) -> tuple[float, float, float]:
    """(the figure, its 95% interval), files drawn with all their lists."""
    files = sorted({s.file for s in searches})
    by_file = {f: [s for s in searches if s.file == f] for f in files}
    dice = random.Random(1)
    values = [figure([s for f in dice.choices(files, k=len(files)) for s in by_file[f]]) for _ in range(RESAMPLES)]
    cuts = statistics.quantiles(values, n=40)
    return figure(searches), cuts[0], cuts[-1]


def _print_cost(searches: Sequence[Search]) -> str:
    hours = sum(s.hours for s in searches)
    asked = [a for s in searches for a in s.asked]
    heard = sum(bool(a.likelihoods) for a in asked)
    lines = [
        ["files, hours", f"{len({s.file for s in searches})}, {sum({s.file: s.hours for s in searches}.values()):.1f}"],
        ["lists of names in a file", str(len(searches))],
        ["asked, and heard", f"{len(asked)}, {heard}"],
        ["seconds heard again an hour and list", f"{sum(s.seconds for s in searches) / max(hours, 1e-9):.0f}"],
        ["CPU seconds a candidate", f"{sum(s.cpu for s in searches) / max(1, heard):.2f}"],
    ]
    print_table("What it was measured on, and cost", ["", ""], lines)
    false = {way: sum(len(false_ones(s, way)) for s in searches if s.kind not in (SAID, TWIN)) for way in WAYS}
    return ", ".join(f"{way} {n}" for way, n in false.items())


def write_told(path: Path, searches: Sequence[Search]) -> None:
    """A line for each false one, to look it over."""
    rows = []
    for s in searches:
        for way in WAYS:
            for t in false_ones(s, way):
                rows.append(f"{s.kind}\t{way}\t{s.file}\t{t.name}\t{t.surface}\t{t.score:.2f}\t{t.around}\t{t.reason}")
    path.write_text("".join(row + "\n" for row in rows))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", choices=("tiny.en", "base"), default="base")
    parser.add_argument("--lists", type=int, default=3, help="of public and of invented names, each")
    parser.add_argument("--told", type=Path, help="where to write what is false, to look it over")
    chosen = parser.parse_args()
    searches = list(search_folder(chosen.folder, fetch_model(chosen.model, ROOT / ".cache/models"), chosen.lists))
    if not searches:
        print(f"{chosen.folder}: no audio file is in it", file=sys.stderr)
        return 1
    print(f"real talk: false ones of names that nobody says: {measure(searches)}")
    if chosen.told:
        write_told(chosen.told, searches)
    return 0


if __name__ == "__main__":
    sys.exit(main())

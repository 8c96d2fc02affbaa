"""`make listen-test`: names found, CPU and memory, kills and two workers, of `podwatch listen`; the last line sums up.

SHORT=1 or --short: tiny.en and the voices that need no models, some minutes. --voices DIR: those of
benchmarks.sounds_like.materials, too. --model: tiny.en or base. --only NAME,...: names, hearing, cost, memory, kills,
two, speakers. --keep DIR: keeps the spoken set there, with what hearing has asked, so that it goes on where it was cut.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.harness import check_figure, print_table
from benchmarks.listen.accuracy import compare_names, detect_names
from benchmarks.listen.cost import hearing_cost, measure_stage, median_ratio, run_bare, write_hours
from benchmarks.listen.dialogues import make_dialogues
from benchmarks.listen.kills import run_kills, run_two_workers
from benchmarks.listen.scenario import open_scenario
from benchmarks.listen.second_hearing import ask, describe, measure
from benchmarks.listen.sound_files import write_sound
from benchmarks.listen.speakers import tell_apart
from benchmarks.listen.spoken_set import CONDITIONS, SpokenFile, choose_subjects, load_set, make_set, speak_passages
from podwatch.speech.speakers.speaker_model import get_speaker_model
from podwatch.speech_settings import SpeechSettings
from scripts.speech_models import fetch_model

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / ".cache/models"
MOST_CPU = 1.1  # times that of faster-whisper alone
MOST_MEMORY = 1.2e9  # bytes, with base and int8
MOST_GROWTH = 1.1  # of the memory, over the long file
MOST_ERRORS = 0.15  # diarisation error rate
MOST_FOR_SPEAKERS = 0.1  # CPU seconds for a second of audio
PARTS = ("names", "hearing", "cost", "memory", "kills", "two", "speakers")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything. talk: names in the talk whose cost is measured; rounds: of it. hours: of the long file;
    beside: of the short one that it is laid beside; every: seconds of silence in it. dialogues: whose
    speakers are told apart."""

    names: int
    talk: int
    rounds: int
    hours: float
    beside: float
    every: float
    kills: int
    dialogues: int


FULL = Scale(names=130, talk=130, rounds=3, hours=10.0, beside=0.5, every=280.0, kills=10, dialogues=8)
SHORT = Scale(names=16, talk=44, rounds=1, hours=2.0, beside=0.25, every=580.0, kills=3, dialogues=3)


@dataclass
class Run:
    folder: Path
    model: Path
    scale: Scale
    voices: Path | None
    summary: list[str]
    keep: Path | None = None
    holds: bool = True
    files: list[SpokenFile] | None = None

    def check(self, name: str, value: float, bound: float, *, least: bool = True) -> None:
        self.holds = check_figure(name, value, bound, least=least) and self.holds

    def the_set(self) -> list[SpokenFile]:
        if self.files is None:
            kept = (self.set_folder / "set.json").exists()
            self.files = load_set(self.set_folder) if kept else make_set(self.set_folder, self.scale.names, self.voices)
        return self.files

    @property
    def set_folder(self) -> Path:
        return self.keep or self.folder / "set"

    def names(self) -> None:
        """Names found, beside an exact search in faster-whisper's text."""
        files = self.the_set()
        paths = [f.path for f in files]
        with open_scenario(self.folder / "names", self.model, paths) as s, ThreadPoolExecutor(1) as beside:
            alone = beside.submit(run_bare, self.model, paths)  # at once: nothing here is timed
            s.run_worker()
            hits, bare = detect_names(s.rt, files), alone.result()
        found = compare_names(files, hits, bare["heard"])
        said = sum(found.said.values())
        rows = []
        for condition in (*CONDITIONS, None):
            shares = [found.recall(way, condition) for way in ("podwatch", "exact")]
            count = sum(n for (c, _), n in found.said.items() if condition in (None, c))
            rows.append([condition or "all", count, *(f"{s:.3f} ({low:.3f}-{high:.3f})" for s, low, high in shares)])
        rows.append(["found elsewhere", "", found.false_alarms["podwatch"], found.false_alarms["exact"]])
        title = f"Names found of {len({n for _, n in found.said})}, {self.model.name} int8"
        print_table(title, ["", "mentions", "podwatch listen and detect", "faster-whisper, exact"], rows)
        gain, low, high = found.gain("podwatch", "exact")
        self.check("share found more than exactly, lower end of its interval", low, 0.0)
        self.summary.append(
            f"{found.recall('podwatch')[0]:.2f} of {said} mentions found, {gain:.2f} ({low:.2f}-{high:.2f}) more than"
            f" faster-whisper with exact match"
        )

    def hearing(self) -> None:
        """The second hearing: what the audio tells of doubtful names, and of those that the text passes over."""
        files = self.the_set()
        rows = ask(self.set_folder, files, self.scale.names, self.model)
        worth = measure(rows, files, is_short=self.scale is not FULL)
        self.holds = worth.holds and self.holds
        self.summary.append(f"heard again: {describe(worth)}")

    def cost(self) -> None:
        path = self.folder / "talk.mp3"  # as long as an episode: a decoder is started for each file
        talk = (sound for _, _, sound in speak_passages(choose_subjects(self.scale.talk), None))
        minutes, files = write_sound(path, talk) / 60, [path]
        pairs = []
        for n in range(self.scale.rounds):
            pairs.append((measure_stage(self.folder / f"cost{n}", self.model, files), run_bare(self.model, files)))
        ours, bare = pairs[-1]
        rows: list[list[str]] = [
            [what, f"{float(str(ours.get(key, 0.0))):.2f}", f"{float(str(bare[key])):.2f}" if key in bare else ""]
            for what, key in (
                ("start of the interpreter, imports", "starting"),
                ("loading the model", "loading"),
                ("downloading", "downloading"),
                ("keeping", "keeping"),
            )
        ]
        rows.append(["decoding, loading and recognising", f"{hearing_cost(ours):.2f}", f"{hearing_cost(bare):.2f}"])
        rows.append(["all", f"{float(str(ours['all'])):.2f}", f"{float(str(bare['all'])):.2f}"])
        title = f"CPU seconds for {minutes:.0f} minutes of mp3, {self.model.name} int8, the last round"
        print_table(title, ["", "podwatch listen", "faster-whisper"], rows)
        ratio = median_ratio(pairs)
        self.check(f"CPU beside faster-whisper alone, median of {len(pairs)}", ratio, MOST_CPU, least=False)
        self.summary.append(f"{ratio:.2f} times the CPU of faster-whisper alone")

    def memory(self) -> None:
        talk = [sound for _, _, sound in speak_passages(choose_subjects(12), None)]
        peaks = {}
        for hours in (self.scale.beside, self.scale.hours):
            path = self.folder / f"{hours}.flac"
            write_hours(path, talk, hours, self.scale.every)
            peaks[hours] = float(measure_stage(self.folder / f"memory {hours}", self.model, [path])["peak"])
            path.unlink()
        rows = [[f"{hours:g} hours", f"{peak / 1e6:,.0f}"] for hours, peak in peaks.items()]
        print_table(f"Peak memory, {self.model.name} int8", ["a file of", "MB"], rows)
        self.check("peak memory in MB", max(peaks.values()) / 1e6, MOST_MEMORY / 1e6, least=False)
        growth = peaks[self.scale.hours] / peaks[self.scale.beside]
        self.check(f"peak of {self.scale.hours:g} hours as a multiple", growth, MOST_GROWTH, least=False)
        self.summary.append(f"{peaks[self.scale.hours] / 1e6:,.0f} MB over {self.scale.hours:g} hours")

    def kills(self) -> None:
        talk = [sound for _, _, sound in speak_passages(choose_subjects(12), None)]
        killed = run_kills(self.folder / "kills", self.model, talk, self.scale.kills)
        print(f"\n{killed}")
        self.check("workers killed at work", killed.kills, self.scale.kills)
        self.check("chunks heard again, all kills", sum(killed.again), killed.kills, least=False)
        self.check("the transcript is that of an undisturbed run", killed.same, 1)
        self.summary.append(f"{killed.kills} kills: {sum(killed.again)} of {killed.chunks} chunks heard again")

    def two(self) -> None:
        files = [f.path for f in self.the_set() if f.condition != "noise"][:6]
        shared = run_two_workers(self.folder / "two", self.model, files)
        print(f"\n{shared}")
        self.check("most often that a chunk was begun by two workers", shared.begun, 1, least=False)
        self.check("transcripts of both feeds", shared.transcripts, 2 * len(files))
        self.summary.append(f"two workers: {shared.chunks} chunks heard {shared.heard} times")

    def speakers(self) -> None:
        weights = get_speaker_model(SpeechSettings(models=str(MODELS)), programs=(ROOT / ".tools/bin/uv",))
        dialogues = make_dialogues(self.folder / "dialogues", self.scale.dialogues, self.voices)
        told = tell_apart(self.model, weights.path.parents[1], dialogues)
        rows = [
            [condition, f"{e.talk / 60:.1f}", f"{e.rate:.3f}", f"{e.confused / e.talk:.3f}", f"{single.rate:.3f}"]
            for (condition, e), single in zip(told.errors.items(), told.single.values(), strict=True)
        ]
        title = f"Diarisation error rate, {told.right} of {len(told.counts)} files with the right number of speakers"
        print_table(title, ["", "minutes", "podwatch listen", "of it confused", "all one speaker"], rows)
        hearing, telling = (seconds / told.audio for seconds in told.cpu)
        print(f"\nCPU seconds for a second: {hearing:.3f} to recognise it, {telling:.3f} to tell speakers apart")
        self.check("diarisation error rate", told.errors["all"].rate, MOST_ERRORS, least=False)
        self.check("CPU seconds for a second, to tell speakers apart", telling, MOST_FOR_SPEAKERS, least=False)
        self.summary.append(f"diarisation error rate {told.errors['all'].rate:.3f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", default=os.environ.get("SHORT", "") not in ("", "0"))
    parser.add_argument("--voices", type=Path)
    parser.add_argument("--model", choices=("tiny.en", "base"))
    parser.add_argument("--names", type=int)
    parser.add_argument("--rounds", type=int, help="of cost: so that it fits in the minutes that there are")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", default=",".join(PARTS))
    chosen = parser.parse_args()
    scale = SHORT if chosen.short else FULL
    if chosen.names:
        scale = replace(scale, names=chosen.names)
    if chosen.rounds:
        scale = replace(scale, rounds=chosen.rounds)
    model = fetch_model(chosen.model or ("tiny.en" if chosen.short else "base"), MODELS)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), model, scale, chosen.voices, [], chosen.keep)
        parts: dict[str, Callable[[], None]] = {name: getattr(run, name) for name in PARTS}
        for name in chosen.only.split(","):
            print(f"{name}, {time.monotonic() - began:.0f} s after the start", file=sys.stderr, flush=True)
            parts[name]()
    print(f"listen-test: {'; '.join(run.summary)}; {'all hold' if run.holds else 'NOT ALL HOLD'}")
    return 0 if run.holds else 1


if __name__ == "__main__":
    sys.exit(main())

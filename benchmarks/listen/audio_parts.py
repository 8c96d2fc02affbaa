"""What hearing some places of an hour again reads of its audio, by range requests and without: bytes, CPU, answers.

    python -m benchmarks.listen.audio_parts FOLDER [--hours 1] [--model base]

FOLDER keeps the spoken test set; its files one after the other are an episode of an hour, which `podwatch listen` hears
once. Then the audio is published in each form, and `podwatch listen --again` asks it about the names in doubt: from a
server with ranges, and from one without, where the whole is downloaded. Both have to answer alike.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from itertools import cycle
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from benchmarks.harness import check_figure, print_table
from benchmarks.listen.scenario import ROOT, open_scenario
from benchmarks.listen.spoken_set import SpokenFile, load_set, make_set
from podwatch.line.listen import kept_audio
from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.query.second_hearing import combine
from scripts.speech_models import fetch_model
from tests.support.file_host import FileHost
from tests.support.podcast_host import Podcast, item, rss
from tests.support.varied_audio import VBR, Encoding

NAMES = 40
RATE, BITS = 44_100, 128_000  # as most podcasts have it
BLOCK = RATE  # samples
FORMS = {
    "mp3, constant": Encoding("mp3", "libmp3lame", RATE, BITS),
    "mp3, varying, with a table": Encoding("mp3", "libmp3lame", RATE, options=VBR),
    "m4a, index at the end": Encoding("m4a", "aac", RATE, BITS),
    "m4a, index in front": Encoding("m4a", "aac", RATE, BITS, container={"movflags": "+faststart"}),
    "opus": Encoding("opus", "libopus", 48_000, 64_000),
}
WHOLE = {"mp3, varying, with a table"}  # its times are an estimate, and here those of the words are known
TYPES = {"company": "organisation"}
MOST_READ = 0.5  # of the file
NEAR, LEAST_ALIKE = 0.05, 0.85  # of the scores; of the places


@dataclass(frozen=True, slots=True)
class Heard:
    """What a run of listen --again did. sent: bytes. cpu: seconds. places: by name and offset (what became of each,
    the score that counts)."""

    sent: int
    requests: int
    cpu: float
    places: dict[tuple[str, int], tuple[str, float]]


def read_waves(files: Sequence[SpokenFile], seconds: float, rate: int) -> Iterator[NDArray[np.int16]]:
    """The files one after the other, again and again, for so many seconds."""
    left = int(seconds * rate)
    for file in cycle(files):
        with av.open(str(file.path)) as container:
            resampler = AudioResampler(format="s16", layout="mono", rate=rate)
            for made in (m for frame in container.decode(audio=0) for m in resampler.resample(frame)):
                wave = made.to_ndarray()[0][:left]
                if left and len(wave):
                    yield wave
                left -= len(wave)
        if not left:
            return


def write_watchlist(path: Path, files: Sequence[SpokenFile]) -> None:
    names = sorted({(s.name, s.type) for f in files for s in f.spoken})
    watches = [
        {"name": f"n{i}", "entity": name, "type": TYPES.get(kind, kind), "sounds_like": True}
        for i, (name, kind) in enumerate(names)
    ]
    path.write_text(json.dumps({"defaults": {"channel": "console:"}, "watches": watches}), "utf-8")


def run(env: dict[str, str], *words: str) -> tuple[str, float]:
    """(what a command prints, its CPU seconds with those of its processes); its log goes to stderr."""
    before = os.times()
    command = [sys.executable, "-m", "podwatch", *words]
    done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    after = os.times()
    return done.stdout, after.children_user + after.children_system - before.children_user - before.children_system


def hear_again(env: dict[str, str], home: Path, host: FileHost, body: bytes, *, ranges: bool) -> Heard:
    """The names in doubt of a copy of a store, asked of this audio."""
    host.serve("/episode", body, ranges=ranges)
    host.sent["/episode"], host.asked["/episode"] = 0, []
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "home"
        shutil.copytree(home, copy)
        env = env | {"PODWATCH_HOME": str(copy)}
        _, cpu = run(env, "listen", "--again")
        rows: list[dict[str, Any]] = [json.loads(line) for line in run(env, "hearings", "--json")[0].splitlines()]
    places = {(r["name"], r["start"]): (r["outcome"], final_score(r)) for r in rows}
    return Heard(host.sent["/episode"], len(host.asked["/episode"]), cpu, places)


def final_score(row: dict[str, Any]) -> float:
    """What the text and the audio together give a place of `podwatch hearings --json`."""
    return combine(row["score"], row["likelihoods"]) if row["outcome"] == "heard" else float(row["score"])


def share_alike(parts: Heard, whole: Heard) -> float:
    """The share of the places that end alike, with a score that differs by NEAR at most: a copy begins its sound
    some milliseconds earlier or later."""
    nowhere = ("", 0.0)
    pairs = [(parts.places.get(key, nowhere), place) for key, place in whole.places.items()]
    alike = sum(mine[0] == other[0] and abs(mine[1] - other[1]) <= NEAR for mine, other in pairs)
    return alike / max(1, len(pairs))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--model", default="base")
    chosen = parser.parse_args()
    folder: Path = chosen.folder
    files = load_set(folder) if (folder / "set.json").exists() else make_set(folder, NAMES, None)
    seconds, rows, holds = chosen.hours * 3600, [], True
    model = fetch_model(chosen.model, ROOT / ".cache/models")
    with tempfile.TemporaryDirectory() as scratch, FileHost() as host, Podcast() as podcast:
        home, watchlist = Path(scratch) / "home", Path(scratch) / "watchlist.yaml"
        write_watchlist(watchlist, files)
        bodies = {
            form: e.encode(Path(scratch) / f"{n}.{e.suffix}", read_waves(files, seconds, e.rate), e.rate)
            for n, (form, e) in enumerate(FORMS.items())
        }
        with open_scenario(home, model, [], feeds=0) as s:
            s.env["PODWATCH_HEAR_AGAIN"] = "on"
            run(s.env, "watches", "sync", str(watchlist))
            audio = host.serve("/episode", bodies["mp3, constant"])
            now = s.rt.store.clock()
            feed = podcast.serve("/feed.xml", rss(item("hour", audio=audio, published=format_datetime(now))))
            s.rt.store.add_feeds([Feed(url=feed)], now)
            poll(s.rt, now, force=True)
            run(s.env, "listen")
            run(s.env, "detect")
            for path in kept_audio(home):
                path.unlink()  # as after two days, or on another machine
            env = dict(s.env)
        for form, body in bodies.items():
            parts, whole = (hear_again(env, home, host, body, ranges=ranges) for ranges in (True, False))
            heard = sum(outcome == "heard" for outcome, _ in parts.places.values())
            alike = share_alike(parts, whole)
            mega = f"{len(body) / 1e6:.1f}"
            read = f"{parts.sent / 1e6:.1f}"
            cost = [f"{h.cpu:.1f}" for h in (parts, whole)]
            rows.append([form, mega, read, parts.requests, *cost, f"{heard} of {len(parts.places)}", f"{alike:.2f}"])
            holds = (
                check_figure(f"{form}: share that is read", parts.sent / len(body), MOST_READ, least=False) and holds
            )
            holds = check_figure(f"{form}: places alike", alike, LEAST_ALIKE) and holds
    columns = (
        "",
        "MB",
        "read in parts",
        "without ranges",
        "requests",
        "CPU s in parts",
        "CPU s whole",
        "heard",
        "alike",
    )
    print_table(f"listen --again of {chosen.hours:g} h of talk, {chosen.model}", columns, rows)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""The episodes of real news talk: a fixed choice from a public repository of transcripts, read from a clone of it.

    git clone --bare https://github.com/rahim-hashim/video_transcripts DIR

holds some 27,000 videos of news channels and talk shows as Whisper medium heard them, with title and description. What
is chosen is in episodes.tsv, by path: shows are in the half "tune" or the half "test" by a hash of their name, and each
gives at most MAX_SHOW_HOURS, in the order of a hash of the paths. So no show and no name of one half is in the other.
"Fresh" are other episodes of the shows of "tune" with its names and 101 more: what was tuned on 80 hours, tried on 250
others. The texts are other people's: they are read where they are, and none is kept.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from podwatch.model import Transcript

COMMIT = "59531372"  # of the repository, so that places stay what they are
FOLDER = Path(__file__).parent
MAX_SHOW_HOURS, MAX_HOURS = 3.0, 80.0
MAX_FRESH_SHOW_HOURS, MAX_FRESH_HOURS = 10.0, 250.0
# Shows of other things than the news, and those whose transcripts the matcher may have learned from.
LEFT_OUT = frozenset(
    """
Joe Rogan Experience;Lex Fridman;Andrew Huberman;Mindscape Podcast;Theo Von - This Past Weekend;Brain Inspired;
Cognitive Revolution;Bill Simmons NBA;Bill Simmons NFL;Life Science Connect - Business of Biotech;Beyond Biotech;
a16z Bio;The a16z Podcast;Flagrant - Andrew Schulz;Breakfast Club Power 1051 FM;Conversation with Tyler;
Moonshots - Peter Diamandis
""".replace("\n", "").split(";")
)
_PATH = re.compile(r"_Transcripts/([^/]+)/[^/]*_(\d+)s\.md")
_LINE = re.compile(r"\*\s+(.*?)\s*(?:\[\[[\d:]+\]\([^)]*\)\])?\s*$")


@dataclass(frozen=True, slots=True)
class NewsEpisode:
    """One video. key: stands for its path in the marks."""

    half: str
    path: str
    seconds: int

    @property
    def key(self) -> str:
        return _digest(self.path)[:10]

    @property
    def show(self) -> str:
        return show_of(self.path)


@dataclass(frozen=True, slots=True)
class NewsText:
    """What is read of an episode: ``text`` as podwatch stores it, title and notes (its description)."""

    text: str
    title: str
    notes: str

    @property
    def transcript(self) -> Transcript:
        nan = float("nan")
        return Transcript(
            text=self.text, offsets=(0,), starts=(nan,), ends=(nan,), speakers=(None,), title=self.title, language="en"
        )


@dataclass(frozen=True, slots=True)
class NewsName:
    half: str
    type: str
    name: str
    aliases: tuple[str, ...]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def show_of(path: str) -> str:
    found = _PATH.fullmatch(path)
    return found[1] if found else ""


def seconds_of(path: str) -> int:
    found = _PATH.fullmatch(path)
    return int(found[2]) if found else 0


def list_paths(repository: Path) -> list[str]:
    """All transcripts of the repository, in the order of a hash of their paths."""
    paths = _git(repository, "ls-tree", "-r", "-z", "--name-only", COMMIT, "_Transcripts").split("\0")
    return sorted((path for path in paths if _PATH.fullmatch(path)), key=_digest)


def choose_episodes(repository: Path) -> Iterator[NewsEpisode]:
    """The choice, made anew: what episodes.tsv holds."""
    hours: defaultdict[str, float] = defaultdict(float)
    for path in list_paths(repository):
        found = _PATH.fullmatch(path)
        if found is None or found[1] in LEFT_OUT or not 120 <= int(found[2]) <= 3 * 3600:
            continue
        show, length = found[1], int(found[2]) / 3600
        half = ("tune", "test")[int(_digest(show)[:2], 16) % 2]
        if hours[show] + length <= MAX_SHOW_HOURS and hours[f"/{half}"] + length <= MAX_HOURS:
            hours[show] += length
            hours[f"/{half}"] += length
            yield NewsEpisode(half, path, int(found[2]))


def choose_fresh_episodes(repository: Path) -> Iterator[NewsEpisode]:
    """More of the shows of "tune", none of the episodes that a half has."""
    chosen = {e.path for half in ("tune", "test") for e in load_episodes(half)}
    shows = {e.show for e in load_episodes("tune")}
    hours: defaultdict[str, float] = defaultdict(float)
    for path in list_paths(repository):
        found = _PATH.fullmatch(path)
        if found is None or path in chosen or found[1] not in shows or not 120 <= int(found[2]) <= 3 * 3600:
            continue
        show, length = found[1], int(found[2]) / 3600
        if hours[show] + length <= MAX_FRESH_SHOW_HOURS and hours["/"] + length <= MAX_FRESH_HOURS:
            hours[show] += length
            hours["/"] += length
            yield NewsEpisode("fresh", path, int(found[2]))


@cache
def load_episodes(half: str) -> tuple[NewsEpisode, ...]:
    rows = (line.split("\t") for line in (FOLDER / "episodes.tsv").read_text("utf-8").splitlines())
    return tuple(NewsEpisode(row[0], row[2], int(row[1])) for row in rows if row[0] == half)


@cache
def load_names(half: str) -> tuple[NewsName, ...]:
    rows = (line.split("\t") for line in (FOLDER / "names.tsv").read_text("utf-8").splitlines())
    return tuple(NewsName(r[0], r[1], r[2], tuple(a for a in r[3].split(";") if a)) for r in rows if r[0] == half)


def read_episode(repository: Path, episode: NewsEpisode) -> NewsText:
    head, _, body = _git(repository, "show", f"{COMMIT}:{episode.path}").partition("\n---\n")
    notes = head.partition("Video Description:")[2].strip()
    lines = body.splitlines()
    title = next((line[2:].strip() for line in lines if line.startswith("# ")), "")
    return NewsText(join_lines(body), title, "" if notes == "None" else notes)


def join_lines(body: str) -> str:
    """What is said, as one text: of each line without its time."""
    said = (found[1] for line in body.splitlines() if line.startswith("*  ") and (found := _LINE.fullmatch(line)))
    return " ".join(" ".join(said).split())


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")

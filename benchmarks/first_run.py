"""The first `podwatch run` over five new feeds of real size, as a process, in CPU time: beside another commit, too.

    python -m benchmarks.first_run                        # this checkout
    python -m benchmarks.first_run --beside /path/of/a/worktree --rounds 3

Each feed has 400 episodes with show notes, chapters and people; the newest ten have a transcript of an hour each, in
WebVTT, SubRip, JSON, HTML or a web page's text. Every round begins in a fresh home; what is found has to be the same.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.harness import check_figure, measure_in_turn, print_table
from benchmarks.loopback_server import ServerProcess, http_ok, serve_requests
from benchmarks.transcript_writers import (
    SAMPLE,
    SPEAKERS,
    Cue,
    write_html,
    write_podcast_json,
    write_srt,
    write_vtt,
    write_vtt_voices,
    write_whisper,
)

ROOT = Path(__file__).resolve().parents[1]
FEEDS, EPISODES, WITH_TRANSCRIPT = 5, 400, 10
SEGMENTS, WORDS = 1_000, 10  # of an hour of talk
NAMES = ("Anatoly Dobrynin", "Keith Kellogg", "Marta Ellison", "Port of Odesa", "Kiva Nevgan", "Black Sea")
# Most are stored only: a channel takes a message a second, and what is measured is no waiting.
WATCHLIST = """defaults: {channel: "console:", deliver: none}
watches:
  - {name: corridor, query: '"black sea" NEAR/10 (grain OR initiative) AND NOT recipe'}
  - {name: ships, query: 'ship* AND (blockade OR quarantine)'}
  - {name: telegram, query: '"long telegram" OR telegram~1'}
  - {name: dobrynin, entity: Anatoly Dobrynin, type: person, aliases: [Ambassador Dobrynin], sounds_like: true}
  - {name: nevgan, entity: Kiva Nevgan, type: person, sounds_like: true}
  - {name: odesa, entity: Port of Odesa, type: place, deliver: each, minimum: 9}
"""
FORMS: tuple[tuple[str, str, Callable[[list[Cue]], str]], ...] = (
    ("vtt", "text/vtt", write_vtt_voices),
    ("srt", "application/srt", write_srt),
    ("json", "application/json", write_podcast_json),
    ("html", "text/html", write_html),
    ("vtt", "text/vtt", write_vtt),
    ("json", "application/json", write_whisper),
)


def make_talk(seed: int) -> list[Cue]:
    """An hour of talk that is not said twice: sentences of the sample's words, with a name here and there."""
    dice = random.Random(seed)
    vocabulary = sorted({w for w in SAMPLE.read_text(encoding="utf-8").split() if w.isalpha() and w.isascii()})
    weights = [*itertools.accumulate(1 / (rank + 3) for rank in range(len(vocabulary)))]
    dice.shuffle(vocabulary)
    cues = []
    for i in range(SEGMENTS):
        words = dice.choices(vocabulary, cum_weights=weights, k=WORDS)
        if dice.random() < 0.03:
            words.insert(dice.randrange(WORDS), dice.choice(NAMES))
        text = " ".join(words).capitalize() + "."
        cues.append(Cue(i * 3600, i * 3600 + 3500, SPEAKERS[i // 6 % 2], text))
    return cues


def build_feed(number: int, base: str) -> bytes:
    """A feed of 1.4 MB, as those of daily shows are."""
    dice = random.Random(number)
    items = []
    for n in range(EPISODES, 0, -1):
        paragraphs = "".join(
            f"<p>{dice.choice(NAMES)} and the rest of part {k}: ships, grain and telegrams, as told by our guests. "
            f'<a href="https://show{number}.example/{n}/{k}?utm_source=feed">more</a></p>'
            for k in range(12)
        )
        ending, media_type, _ = FORMS[(n + number) % len(FORMS)]
        transcript = f'<podcast:transcript url="{base}/{number}-{n}.{ending}" type="{media_type}"/>'
        items.append(
            f'<item><guid isPermaLink="false">show{number}-{n}</guid><title>Episode {n}: {dice.choice(NAMES)}</title>'
            f"<pubDate>{_day(n)}</pubDate><link>https://show{number}.example/{n}</link>"
            f'<enclosure url="https://audio.example/{number}/{n}.mp3" type="audio/mpeg" length="57600000"/>'
            f"<itunes:duration>3600</itunes:duration><itunes:episode>{n}</itunes:episode>"
            f"<itunes:summary>{dice.choice(NAMES)} in an hour.</itunes:summary>"
            f"<description><![CDATA[{paragraphs}]]></description><content:encoded><![CDATA[{paragraphs}]]></content:encoded>"
            f'<podcast:chapters url="{base}/{number}-{n}-chapters.json" type="application/json+chapters"/>'
            f'<podcast:person role="host">{SPEAKERS[0]}</podcast:person><podcast:person>{dice.choice(NAMES)}'
            f"</podcast:person>{transcript if n > EPISODES - WITH_TRANSCRIPT else ''}</item>"
        )
    names = {
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "podcast": "https://podcastindex.org/namespace/1.0",
        "content": "http://purl.org/rss/1.0/modules/content/",
    }
    spaces = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in names.items())
    head = f"<title>Show {number}</title><language>en</language><link>https://show{number}.example</link>"
    return f'<?xml version="1.0"?><rss version="2.0" {spaces}><channel>{head}{"".join(items)}</channel></rss>'.encode()


def _day(n: int) -> str:
    return format_datetime(datetime.now(UTC).replace(microsecond=0) - timedelta(days=EPISODES - n, hours=3))


def serve(pipe: Connection) -> None:
    """Feeds at /1.xml on hosts of their own, transcripts beside them; all made before the first request."""
    talks = {
        f"{number}-{n}.{FORMS[(n + number) % len(FORMS)][0]}": (number, n)
        for number, n in itertools.product(range(FEEDS), range(EPISODES - WITH_TRANSCRIPT + 1, EPISODES + 1))
    }
    bodies: dict[str, bytes] = {}
    for name, (number, n) in talks.items():
        _, media_type, write = FORMS[(n + number) % len(FORMS)]
        bodies[name] = http_ok(media_type, write(make_talk(1_000 * number + n)).encode())
    feeds: dict[str, bytes] = {}

    def respond(path: str, head: bytes) -> bytes:
        name = path.lstrip("/")
        if name in bodies:
            return bodies[name]
        if name.endswith(".xml"):
            if name not in feeds:
                host = next(line for line in head.decode().splitlines() if line.lower().startswith("host:"))
                feeds[name] = http_ok("application/rss+xml", build_feed(int(name[:-4]), f"http://{host[5:].strip()}"))
            return feeds[name]
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    serve_requests(pipe, respond, [f"127.0.0.{host}" for host in range(1, FEEDS + 1)])


class FirstRun:
    """First runs of checkouts; the figures and what was found of each are kept."""

    def __init__(self, port: int, entities: bool) -> None:
        self._port, self._entities = port, entities
        self.found: dict[Path, set[str]] = {}

    def __call__(self, checkout: Path) -> float:
        """CPU seconds of `podwatch run` and all its processes, in a fresh home."""
        with tempfile.TemporaryDirectory() as folder:
            env = {k: v for k, v in os.environ.items() if not k.startswith(("PODWATCH", "SLACK"))}
            env |= {
                "PYTHONPATH": str(checkout / "pipeline"),
                "PODWATCH_HOME": folder,
                "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
                "PODWATCH_ENTITIES": "on" if self._entities else "off",
            }
            command = [sys.executable, "-c", "from podwatch.commands import main; main()"]
            run = partial(subprocess.run, env=env, check=True, capture_output=True, text=True)
            (Path(folder) / "w.yaml").write_text(WATCHLIST, encoding="utf-8")
            urls = [f"http://127.0.0.{n + 1}:{self._port}/{n}.xml" for n in range(FEEDS)]
            run([*command, "feeds", "add", *urls])
            run([*command, "watches", "sync", str(Path(folder) / "w.yaml")])
            before = _cpu_of_children()
            run([*command, "run", "--console", "--json"])
            seconds = _cpu_of_children() - before
            mentions = run([*command, "mentions", "--json"]).stdout.splitlines()
            digest = hashlib.sha256("".join(sorted(map(_stable_part, mentions))).encode()).hexdigest()[:12]
            self.found.setdefault(checkout, set()).add(f"{len(mentions)} mentions, {digest}")
        return seconds


def _stable_part(line: str) -> str:
    """What a mention says of the talk: no ids of rows, which the order of the answers decides, and no days of feeds."""
    mention = json.loads(line)
    told = ("watch", "kind", "score", "surface", "start", "end", "seconds", "snippet")
    return json.dumps([mention.get(k) for k in told])


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--beside", type=Path, help="the worktree of another commit")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-entities", action="store_true", help="with PODWATCH_ENTITIES=off")
    options = parser.parse_args()
    checkouts = {"this checkout": ROOT} | ({"the other": options.beside.resolve()} if options.beside else {})
    with ServerProcess(serve) as server:
        first_run = FirstRun(server.port, not options.no_entities)
        seconds = measure_in_turn({name: partial(first_run, at) for name, at in checkouts.items()}, options.rounds)
    rows = [(name, f"{seconds[name]:.2f}", ", ".join(sorted(first_run.found[at]))) for name, at in checkouts.items()]
    print_table("First run over five feeds, 50 hours of talk", ("checkout", "CPU s", "found"), rows)
    if options.beside is None:
        return 0
    same = len(set().union(*first_run.found.values())) == 1
    print("ok   the same is found" if same else "MISS not the same is found")
    return 0 if check_figure("times less CPU", seconds["the other"] / seconds["this checkout"], 2.0) and same else 1


if __name__ == "__main__":
    sys.exit(main())

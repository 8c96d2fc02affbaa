"""How fast each transcript format is parsed, beside the library commonly used for it, with equal segments.

    python -m benchmarks.formats [--cues N] [--repeat N] [--only NAME] [--beside WORKTREE]

CPU time of one core, the best of several. The other libraries (webvtt-py, srt, pysubs2, ttconv, beautifulsoup4, lxml)
are no dependencies of podwatch: one that is not installed is reported as missing. The exit status says whether every
format gives the segments that were written and is three times as fast as its library, or at least a quarter as fast
as a regular expression that finds the words in the same bytes.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from io import BytesIO, StringIO
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.harness import print_table
from benchmarks.recogniser_writers import RECOGNISER_WRITERS, Sentence, as_sentence
from benchmarks.transcript_writers import EDITED_WRITERS, EPISODE, WRITERS, Cue, make_cues, make_turns
from podwatch.transcripts.formats import parse_transcript

ROOT = Path(__file__).resolve().parents[1]
TIMES_LIBRARY, SHARE_OF_WORD_SCAN = 3.0, 0.25  # one of the two is to be reached
_WORD = re.compile(r"\w+")
Parsed = Iterable[tuple[float, str]]


def parse_with_webvtt(data: bytes) -> Parsed:
    found = import_module("webvtt").from_buffer(StringIO(data.decode()))
    return [(c.start_in_seconds + int(c.start[-3:]) / 1000, c.text) for c in found]


def parse_with_srt(data: bytes) -> Parsed:
    return [(c.start.total_seconds(), c.content) for c in import_module("srt").parse(data.decode())]


def parse_with_pysubs2(data: bytes) -> Parsed:
    return [
        (e.start / 1000, e.text.replace("\\N", "\n"))
        for e in import_module("pysubs2").SSAFile.from_string(data.decode())
    ]


def parse_with_ttconv(data: bytes) -> Parsed:
    """The least that its user does: read the document, walk its paragraphs."""
    reader = import_module("ttconv.imsc.reader")
    model = import_module("ttconv.model")
    tree = import_module("xml.etree.ElementTree").parse(BytesIO(data))
    doc = reader.to_model(tree)
    out = []
    for e in doc.get_body().dfs_iterator():
        if isinstance(e, model.P):
            texts = [t.get_text() for t in e.dfs_iterator() if isinstance(t, model.Text)]
            out.append((float(e.get_begin() or 0), " ".join(texts)))
    return out


def parse_with_soup(data: bytes) -> Parsed:
    soup = import_module("bs4").BeautifulSoup(data, "html.parser")
    return [(_clock(e.find_previous_sibling("time").get_text()), e.get_text()) for e in soup.find_all("p")]


def parse_page_with_soup(data: bytes) -> Parsed:
    soup = import_module("bs4").BeautifulSoup(data, "html.parser")
    return [
        (
            _clock(e.find(class_="pod_timestamp_indicator").get_text().rpartition(" ")[2]),
            e.find(class_="pod_text").get_text(),
        )
        for e in soup.find_all(class_="single-sentence")
    ]


def parse_with_lxml(data: bytes) -> Parsed:
    root = import_module("lxml.etree").fromstring(data)
    if root.tag == "timedtext":
        return [(int(p.get("t")) / 1000, "".join(p.itertext())) for p in root.iter("p")]
    if root.tag == "transcript":
        unescape = import_module("html").unescape
        return [(float(t.get("start")), unescape(t.text)) for t in root.iter("text")]
    if root.tag.endswith("}tt"):
        return [(float(p.get("begin")), " ".join(p.itertext())) for p in root.iter("{http://www.w3.org/ns/ttml}p")]
    item = "{http://podlove.org/simple-transcripts}item"
    return [(_clock(e.get("start")), e.text) for e in root.iter(item)]


def parse_with_json(data: bytes) -> Parsed:
    value = json.loads(data)
    rows = value.get("segments") or value["results"]["utterances"]
    key = next(k for k in ("body", "text", "transcript") if k in rows[0])
    start = "startTime" if "startTime" in rows[0] else "start"
    return [(r[start], r[key]) for r in rows]


def _clock(text: str) -> float:
    h, m, s = text.split(":")
    return int(h) * 3600 + int(m) * 60 + float(s)


LIBRARIES: dict[str, tuple[str, Callable[[bytes], Parsed]]] = {
    "vtt": ("webvtt-py", parse_with_webvtt),
    "srt": ("srt", parse_with_srt),
    "srt ": ("pysubs2", parse_with_pysubs2),
    "ttml": ("ttconv", parse_with_ttconv),
    "ttml, words": ("lxml", parse_with_lxml),
    "html": ("beautifulsoup4", parse_with_soup),
    "page, html": ("beautifulsoup4", parse_page_with_soup),
    "youtube srv1": ("lxml", parse_with_lxml),
    "youtube srv3": ("lxml", parse_with_lxml),
    "speech-xml": ("lxml", parse_with_lxml),
    "podcast-json": ("json", parse_with_json),
    "whisper": ("json", parse_with_json),
    "deepgram": ("json", parse_with_json),
}


def has_expected_words(parsed: Parsed, expected: list[Cue], resolution: int) -> bool:
    """Whether words and starts are those that were written; resolution: milliseconds, 0 where starts are unknown."""
    found = [(start, " ".join(text.split())) for start, text in parsed]
    if [text for _, text in found] != [c.text for c in expected]:
        return False
    return not resolution or all(
        abs(s - c.start // resolution * resolution / 1000) < 1e-6 for (s, _), c in zip(found, expected, strict=True)
    )


def measure_best(run: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    """(CPU seconds of the fastest of several runs, what it returned)."""
    best, result = float("inf"), None
    for _ in range(repeat):
        began = time.process_time()
        result = run()
        best = min(best, time.process_time() - began)
    return best, result


def measure_libraries(
    name: str, data: bytes, expected: list[Cue], resolution: int
) -> Iterator[tuple[str, float, bool]]:
    """(library, its MB/s or 0 where it is not installed, whether it finds the same segments) for a format."""
    for key, (library, read) in LIBRARIES.items():
        if key.strip() != name:
            continue
        try:
            seconds, answer = measure_best(partial(read, data), 1)
        except ImportError:
            yield library, 0.0, True
            continue
        yield library, len(data) / seconds / 1e6, has_expected_words(answer, expected, resolution)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cues", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="", help="the rows whose names hold this")
    parser.add_argument("--beside", type=Path, help="the worktree of another commit: its speed beside this one's")
    options = parser.parse_args()
    logging.disable()  # ttconv logs a lot
    if options.beside is not None:
        return compare_speeds(options.beside.resolve(), options.cues, options.repeat, options.only)
    failed = False
    print(f"{'':15} {'MB':>5} {'MB/s':>6} {'whole':>6} {'scan':>6}   {'library':15} {'MB/s':>6} {'times':>6}")
    for name, expected_format, write, resolution in all_writers():
        if options.only not in name:
            continue
        documents = make_documents(name, options.cues)
        few = documents[0][: max(100, options.cues // 10)]  # some libraries take longer than proportionally
        data = [write(cues).encode() for cues in documents]
        size = sum(map(len, data)) / 1e6
        media_type = "text/plain" if name in EDITED_WRITERS else ""
        seconds, answers = measure_best(lambda: [parse_transcript(d, media_type) for d in data], options.repeat)  # noqa: B023
        whole, _ = measure_best(
            lambda: [parse_transcript(d, media_type)[1].transcript() for d in data],  # noqa: B023
            options.repeat,
        )
        scan, _ = measure_best(lambda: [_WORD.findall(d.decode()) for d in data], options.repeat)  # noqa: B023
        speed = size / seconds
        right = all(
            fmt == expected_format
            and has_expected_words(
                zip(columns.starts, columns.texts, strict=True), expected_cues(name, cues), resolution
            )
            for (fmt, columns), cues in zip(answers, documents, strict=True)
        )
        line = f"{name:15} {size:5.1f} {speed:6.1f} {size / whole:6.1f} {scan / seconds:6.2f}"
        best = 0.0
        for library, theirs, same in measure_libraries(name, write(few).encode(), few, resolution):
            best = max(best, theirs)
            line += f"   {library:15} " + (f"{theirs:6.1f} {speed / theirs:5.1f}x" if theirs else "missing")
            line += "" if same else " (other segments)"
        fast = scan / seconds >= SHARE_OF_WORD_SCAN or (best > 0 and speed >= TIMES_LIBRARY * best)
        failed = failed or not (right and fast)
        print(line + ("   WRONG" if not right else "" if fast else "   TOO SLOW"), flush=True)
    goal = f"{SHARE_OF_WORD_SCAN:g} of the speed of a word scan, or {TIMES_LIBRARY:g} times the library"
    print(f"{goal}: {'missed' if failed else 'held'}")
    return int(failed)


def make_documents(name: str, count: int) -> list[list[Cue]]:
    """What a row is written of: one long document, but edited talk as documents of an episode each."""
    if name in EDITED_WRITERS:
        turns = make_turns(max(count // 4, EPISODE))
        return [turns[at : at + EPISODE] for at in range(0, len(turns) - EPISODE + 1, EPISODE)]
    return [make_cues(count, 33 if name in ("markdown", "plain") else 11)]  # paragraphs are longer than captions


def compare_speeds(beside: Path, count: int, repeat: int, only: str) -> int:
    """Prints the speed of each row here and in another worktree: processes in turn, the medians of their figures."""
    if not (beside / "pipeline/podwatch").is_dir():  # else the podwatch that is installed would be measured
        raise SystemExit(f"{beside} has no pipeline/podwatch")
    speeds: dict[Path, dict[str, list[float]]] = {}
    for checkout in (beside, ROOT) * 3:
        env = os.environ | {"PYTHONPATH": f"{checkout / 'pipeline'}{os.pathsep}{ROOT}"}
        command = [
            sys.executable,
            "-m",
            "benchmarks.formats",
            f"--cues={count}",
            f"--repeat={repeat}",
            f"--only={only}",
        ]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
        if "a word scan" not in done.stdout:
            raise SystemExit(f"{checkout} failed: {done.stderr.strip()[-300:]}")
        for line in done.stdout.splitlines()[1:-1]:
            speeds.setdefault(checkout, {}).setdefault(line[:15].strip(), []).append(float(line[21:28]))
    rows = []
    for name, found in speeds[ROOT].items():
        here, there = median(found), median(speeds[beside][name])
        rows.append((name, f"{there:.1f}", f"{here:.1f}", f"{here / there:.2f}"))
    print_table("Parsers, MB/s, medians of three processes in turn", ("format", "the other", "here", "times"), rows)
    return 0


def all_writers() -> Iterator[tuple[str, str, Callable[[list[Cue]], str], int]]:
    """(name, format, writer, resolution) of each row; recognisers' cues are sentences of words."""
    for name, (fmt, write, resolution) in (WRITERS | EDITED_WRITERS).items():
        yield name, fmt, write, resolution
    for name, (fmt, write_words, resolution) in RECOGNISER_WRITERS.items():

        def write(cues: list[Cue], write_words: Callable[[list[Sentence]], str] = write_words) -> str:
            return write_words([Sentence(c.start, c.end, c.speaker, as_sentence(c.text)) for c in cues])

        yield name, fmt, write, resolution


def expected_cues(name: str, cues: list[Cue]) -> list[Cue]:
    """Rolling captions hold a second cue for each line, whose words were shown already; recognisers write sentences."""
    if name in RECOGNISER_WRITERS:
        return [c._replace(text=as_sentence(c.text)) for c in cues]
    if name != "vtt, rolling":
        return cues
    return [part for c in cues for part in (c, Cue(c.end, c.end + 10, c.speaker, ""))]


if __name__ == "__main__":
    sys.exit(main())

"""How fast each transcript format is read, beside the library commonly used for it, with equal segments.

    python -m benchmarks.formats [--cues N] [--repeat N]

Processor time of one core, best of several. The rivals (webvtt-py, srt, pysubs2, ttconv, beautifulsoup4, lxml) are no
dependencies of podwatch: those that are not installed are said to be missing. The exit status says whether every
format reaches 20 MB/s or three times its rival, with the expected words and times.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import sys
import time
from collections.abc import Callable, Iterable
from io import BytesIO, StringIO
from typing import Any

from benchmarks.transcript_writers import RENDERED, Cue, cues
from podwatch.transcripts import formats as transcripts

GOAL, TIMES = 20.0, 3.0
Parsed = Iterable[tuple[float, str]]


def module(name: str) -> Any:
    return importlib.import_module(name)


def by_webvtt(data: bytes) -> Parsed:
    found = module("webvtt").from_buffer(StringIO(data.decode()))
    return [(c.start_in_seconds + int(c.start[-3:]) / 1000, c.text) for c in found]


def by_srt(data: bytes) -> Parsed:
    return [(c.start.total_seconds(), c.content) for c in module("srt").parse(data.decode())]


def by_pysubs2(data: bytes) -> Parsed:
    return [(e.start / 1000, e.text.replace("\\N", "\n")) for e in module("pysubs2").SSAFile.from_string(data.decode())]


def by_ttconv(data: bytes) -> Parsed:
    """The least one has to do with it: read the document, walk its paragraphs."""
    reader = module("ttconv.imsc.reader")
    model = module("ttconv.model")
    tree = module("xml.etree.ElementTree").parse(BytesIO(data))
    doc = reader.to_model(tree)
    out = []
    for e in doc.get_body().dfs_iterator():
        if isinstance(e, model.P):
            texts = [t.get_text() for t in e.dfs_iterator() if isinstance(t, model.Text)]
            out.append((float(e.get_begin() or 0), " ".join(texts)))
    return out


def by_soup(data: bytes) -> Parsed:
    soup = module("bs4").BeautifulSoup(data, "html.parser")
    return [(_clock(e.find_previous_sibling("time").get_text()), e.get_text()) for e in soup.find_all("p")]


def by_soup_page(data: bytes) -> Parsed:
    soup = module("bs4").BeautifulSoup(data, "html.parser")
    return [
        (
            _clock(e.find(class_="pod_timestamp_indicator").get_text().rpartition(" ")[2]),
            e.find(class_="pod_text").get_text(),
        )
        for e in soup.find_all(class_="single-sentence")
    ]


def by_lxml(data: bytes) -> Parsed:
    root = module("lxml.etree").fromstring(data)
    if root.tag == "timedtext":
        return [(int(p.get("t")) / 1000, "".join(p.itertext())) for p in root.iter("p")]
    if root.tag == "transcript":
        unescape = module("html").unescape
        return [(float(t.get("start")), unescape(t.text)) for t in root.iter("text")]
    if root.tag.endswith("}tt"):
        return [(float(p.get("begin")), " ".join(p.itertext())) for p in root.iter("{http://www.w3.org/ns/ttml}p")]
    item = "{http://podlove.org/simple-transcripts}item"
    return [(_clock(e.get("start")), e.text) for e in root.iter(item)]


def by_json(data: bytes) -> Parsed:
    value = json.loads(data)
    rows = value.get("segments") or value["results"]["utterances"]
    key = next(k for k in ("body", "text", "transcript") if k in rows[0])
    start = "startTime" if "startTime" in rows[0] else "start"
    return [(r[start], r[key]) for r in rows]


def _clock(text: str) -> float:
    h, m, s = text.split(":")
    return int(h) * 3600 + int(m) * 60 + float(s)


RIVALS: dict[str, tuple[str, Callable[[bytes], Parsed]]] = {
    "vtt": ("webvtt-py", by_webvtt),
    "srt": ("srt", by_srt),
    "srt ": ("pysubs2", by_pysubs2),
    "ttml": ("ttconv", by_ttconv),
    "ttml, words": ("lxml", by_lxml),
    "html": ("beautifulsoup4", by_soup),
    "page, html": ("beautifulsoup4", by_soup_page),
    "youtube srv1": ("lxml", by_lxml),
    "youtube srv3": ("lxml", by_lxml),
    "speech-xml": ("lxml", by_lxml),
    "podcast-json": ("json", by_json),
    "whisper": ("json", by_json),
    "deepgram": ("json", by_json),
}


def ours(data: bytes) -> tuple[str, transcripts.Columns]:
    return transcripts.parse_transcript(data)


def right(parsed: Parsed, expected: list[Cue], grain: int) -> bool:
    """Whether words and starts are those that were written."""
    found = [(start, " ".join(text.split())) for start, text in parsed]
    if [text for _, text in found] != [c.text for c in expected]:
        return False
    return not grain or all(
        abs(s - c.start // grain * grain / 1000) < 1e-6 for (s, _), c in zip(found, expected, strict=True)
    )


def timed(run: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    best, result = float("inf"), None
    for _ in range(repeat):
        began = time.process_time()
        result = run()
        best = min(best, time.process_time() - began)
    return best, result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cues", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    expected = cues(asked.cues)
    few = expected[: max(100, asked.cues // 10)]  # for the rivals, some of which take longer than proportionally
    logging.disable()  # ttconv speaks
    failed = False
    print(f"{'':15} {'MB':>5} {'MB/s':>6} {'whole':>6}   {'rival':15} {'MB/s':>6} {'times':>6}")
    for name, (_, render, grain) in RENDERED.items():
        if name in ("markdown", "plain"):  # paragraphs, which are longer than captions
            expected, few = (cues(len(c), 33) for c in (expected, few))
        data = render(expected).encode()
        seconds, (fmt, columns) = timed(lambda data=data: ours(data), asked.repeat)  # type: ignore[misc]
        whole, _ = timed(lambda data=data: ours(data)[1].transcript(), asked.repeat)  # type: ignore[misc]
        speed = len(data) / seconds / 1e6
        ok = fmt == RENDERED[name][0] and right(
            zip(columns.starts, columns.texts, strict=True), rolled(name, expected), grain
        )
        line = f"{name:15} {len(data) / 1e6:5.1f} {speed:6.1f} {len(data) / whole / 1e6:6.1f}"
        best = 0.0
        for rival_name, (rival, read) in RIVALS.items():
            if rival_name.strip() != name:
                continue
            small = render(few).encode()
            try:
                took, answer = timed(lambda read=read, small=small: read(small), 1)  # type: ignore[misc]
            except ImportError:
                line += f"   {rival:15} missing"
                continue
            theirs = len(small) / took / 1e6
            best = max(best, theirs)
            same = "" if right(answer, few, grain) else " (other segments)"
            line += f"   {rival:15} {theirs:6.1f} {speed / theirs:5.1f}x{same}"
        good = ok and (speed >= GOAL or (best > 0 and speed >= TIMES * best))
        failed = failed or not good
        print(line + ("" if good else "   WRONG" if not ok else "   TOO SLOW"), flush=True)
    print(f"goal: {GOAL:g} MB/s or {TIMES:g} times the rival: {'missed' if failed else 'held'}")
    return int(failed)


def rolled(name: str, expected: list[Cue]) -> list[Cue]:
    """Rolling captions hold a second cue for each line, whose words were shown already."""
    if name != "vtt, rolling":
        return expected
    return [part for c in expected for part in (c, Cue(c.end, c.end + 10, c.speaker, ""))]


if __name__ == "__main__":
    sys.exit(main())

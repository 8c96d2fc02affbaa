"""WebVTT, SubRip (SRT) and SBV: timing lines and the words below them; one lenient parser, since files mix the three.

Sources: W3C WebVTT (voice spans, NOTE, STYLE and REGION blocks, cue settings, hours optional, inner times), SubRip and
YouTube's SBV as found. Accepted: comma or point in times, missing header, numbers or blank lines, CRLF, any tags, and
timing lines as in sloppy_timings.py. A tag <br> and SubStation's codes for breaks are blanks.
The text is split at its timing lines where all are written as usual, else at its arrows: one counts as a timing line's
where a clock stands on either side of it.
"""

from __future__ import annotations

import math
import re
from operator import add

from podwatch.errors import TranscriptError
from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.line_shapes import name_cues
from podwatch.transcripts.formats.markup import unescape_terminated as unescape
from podwatch.transcripts.formats.rolling_captions import unroll_captions
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.sloppy_timings import (
    SLOPPY_TIMING,
    has_odd_arrows,
    may_hold_sloppy_timing,
    mend_timings,
)
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.speaker_prefixes import extract_speakers
from podwatch.transcripts.formats.timestamps import CLOCK_PATTERN, ClockReader, parse_clock

MAX_CUES = 2_000_000
# A timing line as nearly every file writes it. A text that has no others is split by this expression alone: WebVTT and
# SubRip are parsed 1.1 to 1.3 times as fast (and their seconds keep the last bit that they have always had).
_USUAL_TIMING = lazy_pattern(
    r"\n((?:\d\d:)?\d\d:)(\d\d[.,]\d\d\d)[ \t]-->[ \t]((?:\d\d:)?\d\d:)(\d\d[.,]\d\d\d)(?:[ \t][^\n]*)?(?=\n|$)",
    re.ASCII,
)
_TIMING = lazy_pattern(rf"^[ \t]*{CLOCK_PATTERN}[ \t]*-->[ \t]*{CLOCK_PATTERN}", re.MULTILINE)
_SBV_TIMING = lazy_pattern(rf"^({CLOCK_PATTERN}),({CLOCK_PATTERN})[ \t]*$", re.MULTILINE)
_USUAL_INNER_TIME = lazy_pattern(r"<((?:\d\d:)?\d\d:)(\d\d\.\d\d\d)>", re.ASCII)
_INNER_TIME = lazy_pattern(rf"<({CLOCK_PATTERN})>")
_VOICE = lazy_pattern(r"<v(?:\.[^ \t>]*)?[ \t]+([^>]{1,200})>")
_TAG = lazy_pattern(r"</?[a-zA-Z:.][^<>]{0,300}>|<\d[\d:.,]{0,15}>|</>|\{\\[^}]{0,1000}\}")
_BREAK = lazy_pattern(r"<[bB][rR][ \t]{0,3}/?>")
_CODED_BREAK = lazy_pattern(r"(?<![A-Za-z]:)\\[Nnh]")  # of SubStation, in files that were made of it
_RUBY = lazy_pattern(r"<ruby[^<>]{0,100}>(.{0,2000}?)</ruby>", re.DOTALL)
_READING = lazy_pattern(r"<rt[^<>]{0,100}>([^<]{0,500})(?:</rt>|(?=<|$))")
_BLANK_LINES = lazy_pattern(r"\n\n+(?:\d{1,7}[ \t]*(?:\n|$))?")  # within a cue, with the number of a cue without words
_LANGUAGE = lazy_pattern(r"^Language:[ \t]*([A-Za-z]{2,3}(?:-\w{2,8})*)[ \t]*$", re.MULTILINE)


def looks_like_vtt(doc: SourceDocument) -> bool:
    return doc.head.startswith("WEBVTT") or looks_like_srt(doc)


def looks_like_srt(doc: SourceDocument) -> bool:
    if doc.head.startswith("WEBVTT") or doc.root_element:
        return False
    return ("-->" in doc.head and _TIMING.search(doc.head) is not None) or (
        may_hold_sloppy_timing(doc.head) and SLOPPY_TIMING.search(doc.head) is not None
    )


def looks_like_sbv(doc: SourceDocument) -> bool:
    return _SBV_TIMING.match(doc.head) is not None


def parse_sbv(doc: SourceDocument) -> Columns:
    return read_cues(_SBV_TIMING.sub(r"\1 --> \2", doc.text).replace("[br]", " "), blank_ends=False)


def parse(doc: SourceDocument) -> Columns:
    return read_cues(doc.text, blank_ends=doc.head.startswith("WEBVTT"))


def read_cues(text: str, *, blank_ends: bool) -> Columns:
    """The cues in the order of the file. blank_ends: a blank line ends a cue, and what follows is another block."""
    arrows = text.count("-->")
    if arrows > MAX_CUES:
        raise TranscriptError(f"holds more than {MAX_CUES:,} cues")
    columns = Columns()
    if blank_ends and (m := _LANGUAGE.search(text[:500])):
        columns.language = m[1]
    text = text.replace("</v>", "")
    if "<c>" in text:
        text = text.replace("<c>", "").replace("</c>", "")
    if "\\" in text:
        text = _CODED_BREAK.sub(" ", text)
    if has_odd_arrows(text, arrows):
        text = mend_timings(text)
    clocks = ClockReader()
    bodies, starts, ends = split_usual_timings(text, clocks, arrows) or split_timings(mend_timings(text), clocks)
    if not bodies:
        raise TranscriptError("holds no cues")
    for body, start, end in zip(cue_texts(bodies, blank_ends=blank_ends), starts, ends, strict=True):
        if "<" in body or "{" in body:
            _add_tagged_cue(columns, body, start, end, clocks)
        else:
            columns.add(unescape(body), start, end)
    return extract_speakers(name_cues(unroll_captions(columns)))


def _read_ruby(m: re.Match[str]) -> str:
    """The words without the readings above them, which follow in brackets, so that both are found."""
    readings = "".join(_READING.findall(m[1]))
    words = _READING.sub("", m[1])
    return f"{words} ({readings}) " if readings.strip() else words


def split_usual_timings(
    text: str, clocks: ClockReader, arrows: int
) -> tuple[list[str], list[float], list[float]] | None:
    """What split_timings gives of a text whose arrows all stand in usual timing lines; None for another text."""
    parts = _USUAL_TIMING.split(f"\n{text}")
    if len(parts) // 5 != arrows:
        return None
    starts, ends = (_add_seconds(parts[i::5], parts[i + 1 :: 5], clocks) for i in (1, 3))
    return parts[5::5], starts, ends


def _add_seconds(minutes: list[str], seconds: list[str], clocks: ClockReader) -> list[float]:
    """The seconds of clocks that were split into "01:02:" and "03.500"."""
    if seconds:
        seconds = "\n".join(seconds).replace(",", ".").split("\n")
    return list(map(add, map(clocks.minutes.__getitem__, minutes), map(float, seconds)))


def split_timings(text: str, clocks: ClockReader) -> tuple[list[str], list[float], list[float]]:
    """(bodies, starts, ends): what stands between the timing lines. An arrow without a clock is part of the words."""
    head, *pieces = text.split("-->")
    bodies: list[str] = []
    starts: list[float] = []
    ends: list[float] = []
    additions: dict[int, list[str]] = {}  # to the body at an index
    last = head.rpartition("\n")[2]
    start = clocks(last.strip())
    for piece in pieces:
        line, _, rest = piece.partition("\n")
        end = clocks(line.split(None, 1)[0]) if line and not line.isspace() else math.nan
        body, _, following = rest.rpartition("\n")
        if start == start or end == end:
            bodies.append(body)
            starts.append(start)
            ends.append(end)
        elif bodies:
            additions.setdefault(len(bodies) - 1, []).append(f"\n{last}-->{line}\n{body}")
        last, start = following, clocks(following.strip())
    if bodies:
        additions.setdefault(len(bodies) - 1, []).append(f"\n{last}")  # the file's last line starts no further cue
    for i, parts in additions.items():
        bodies[i] += "".join(parts)
    return bodies, starts, ends


def cue_texts(bodies: list[str], *, blank_ends: bool) -> list[str]:
    """The text of each cue, without the number or name of the next one."""
    sample = bodies[: min(200, len(bodies) - 1)]
    is_numbered = sum(t.rpartition("\n")[2].strip().isdigit() for t in sample) * 2 > len(sample)
    texts: list[str] = []
    for body in bodies:
        text = body.strip("\n")
        if is_numbered:
            rest, line, number = body.rpartition("\n")
            if line and number.strip().isdigit() and (len(texts) + 1 < len(bodies) or rest.endswith("\n")):
                text = rest.strip("\n")
        if "\n\n" in text:
            text = text.partition("\n\n")[0] if blank_ends else _BLANK_LINES.sub("\n", text)
        texts.append(text)
    return texts


def _add_tagged_cue(columns: Columns, body: str, start: float, end: float, clocks: ClockReader) -> None:
    """Adds a segment for each voice of a cue."""
    if body.startswith("<v ") and body.count("<") == 1 and body.count(">") == 1:
        name, _, words = body[3:].partition(">")  # the usual cue: files with voices are parsed 1.4 times as fast
        if len(name) < 200 and not name.isspace():
            columns.add(unescape(words), start, end, unescape(name).strip())
            return
    if "<br" in body or "<BR" in body:
        body = _BREAK.sub(" ", body)
    if "<ruby" in body:
        body = _RUBY.sub(_read_ruby, body)
    voices = list(_VOICE.finditer(body)) if "<v" in body else []
    first = voices[0].start() if voices else len(body)
    if not voices or body[:first].strip():
        _add_voice(columns, body[:first], start, end, None, clocks)
    for i, voice in enumerate(voices):
        stop = voices[i + 1].start() if i + 1 < len(voices) else len(body)
        _add_voice(columns, body[voice.end() : stop], start, end, unescape(voice[1]).strip(), clocks)


def _add_voice(columns: Columns, body: str, start: float, end: float, speaker: str | None, clocks: ClockReader) -> None:
    words = split_timed_words(body, start, clocks)
    if words:
        columns.add("".join([word for word, _ in words]), start, end, speaker, words)
        return
    parts = _INNER_TIME.split(body)
    if len(parts) > 1:
        times = [start, *(parse_clock(t) for t in parts[1::2])]
        words = [(_strip_tags(t), s) for t, s in zip(parts[::2], times, strict=True)]
    columns.add(_strip_tags("".join(parts[::2])), start, end, speaker, words)


def split_timed_words(body: str, start: float, clocks: ClockReader) -> list[tuple[str, float]]:
    """The words of a body whose tags are all times; [] when it has other tags, or none."""
    if "&" in body or "{" in body:
        return []
    parts = _USUAL_INNER_TIME.split(body)
    if len(parts) > 1 and len(parts) // 3 == body.count("<"):
        return [(parts[0], start), *zip(parts[3::3], _add_seconds(parts[1::3], parts[2::3], clocks), strict=True)]
    first, *rest = body.split("<")
    if not rest:
        return []
    words = [(first, start)]
    for piece in rest:
        time, _, word = piece.partition(">")
        second = clocks(time)
        if second != second:
            return []
        words.append((word, second))
    return words


def _strip_tags(body: str) -> str:
    return unescape(_TAG.sub("", body))

"""WebVTT, SubRip (SRT) and SBV: timing lines and the words below them. One lenient reader, since files mix the three.

Sources: W3C WebVTT (voice spans, NOTE, STYLE and REGION blocks, cue settings, hours optional, inner times), SubRip and
YouTube's SBV as found. Lenient: comma or point in times, missing header, numbers or blank lines, CRLF, any tags.
The text is cut at its timing lines where all are as usual, else at the arrows: a piece counts where two clocks surround
it.
"""

from __future__ import annotations

import math
import re
from operator import add

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats import rolling_captions as rolling
from podwatch.transcripts.formats import speaker_prefixes as speakers
from podwatch.transcripts.formats.markup import unescape
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.timestamps import CLOCK_PATTERN, ClockReader, parse_clock

MAX_CUES = 2_000_000
# A timing line as nearly every file writes it. Between two of them stands all that is said: cut at such lines, where
# there are no others, a file costs half of what reading each clock does.
_USUAL = re.compile(
    r"\n((?:\d\d:)?\d\d:)(\d\d[.,]\d\d\d)[ \t]-->[ \t]((?:\d\d:)?\d\d:)(\d\d[.,]\d\d\d)(?:[ \t][^\n]*)?(?=\n|$)",
    re.ASCII,
)
_TIMING = re.compile(rf"^[ \t]*{CLOCK_PATTERN}[ \t]*-->[ \t]*{CLOCK_PATTERN}", re.MULTILINE)
_SBV = re.compile(rf"^({CLOCK_PATTERN}),({CLOCK_PATTERN})[ \t]*$", re.MULTILINE)
_WORD = re.compile(r"<((?:\d\d:)?\d\d:)(\d\d\.\d\d\d)>", re.ASCII)  # the usual time before a word
_VOICE = re.compile(r"<v(?:\.[^ \t>]*)?[ \t]+([^>]{1,200})>")
_INNER = re.compile(rf"<({CLOCK_PATTERN})>")
_TAG = re.compile(r"</?[a-zA-Z0-9:.][^<>]{0,300}>|</>|\{\\[^}]{0,100}\}")
_STRAY = re.compile(r"\n\n+(?:\d{1,7}[ \t]*(?:\n|$))?")
_LANGUAGE = re.compile(r"^Language:[ \t]*([A-Za-z]{2,3}(?:-\w{2,8})*)[ \t]*$", re.MULTILINE)


def looks_like_vtt(doc: SourceDocument) -> bool:
    return doc.head.startswith("WEBVTT") or looks_like_srt(doc)


def looks_like_srt(doc: SourceDocument) -> bool:
    if doc.head.startswith("WEBVTT") or "-->" not in doc.head:
        return False
    return not doc.root_element and _TIMING.search(doc.head) is not None


def looks_like_sbv(doc: SourceDocument) -> bool:
    return _SBV.match(doc.head) is not None


def parse_sbv(doc: SourceDocument) -> Columns:
    return read_cues(_SBV.sub(r"\1 --> \2", doc.text), blank_ends=False)


def parse(doc: SourceDocument) -> Columns:
    return read_cues(doc.text, blank_ends=doc.head.startswith("WEBVTT"))


def read_cues(text: str, *, blank_ends: bool) -> Columns:
    """The cues, in the order of the file. blank_ends: a blank line ends a cue, and what follows is another block."""
    if text.count("-->") > MAX_CUES:
        raise TranscriptError(f"holds more than {MAX_CUES:,} cues")
    columns = Columns()
    if blank_ends and (m := _LANGUAGE.search(text[:500])):
        columns.language = m[1]
    if "</v>" in text:
        text = text.replace("</v>", "")
    if "<c>" in text:
        text = text.replace("<c>", "").replace("</c>", "")
    clocks = ClockReader()
    texts, starts, ends = split_usual_timings(text, clocks) or split_timings(text, clocks)
    if not texts:
        raise TranscriptError("holds no cues")
    texts = cue_bodies(texts, blank_ends=blank_ends)
    if "<" not in text and "{\\" not in text:
        columns.texts = [unescape(t) for t in texts] if "&" in text else texts
        columns.starts, columns.ends, columns.speakers = starts, ends, [None] * len(texts)
    else:
        for body, start, end in zip(texts, starts, ends, strict=True):
            if "<" in body or "{" in body:
                _add_tagged_cue(columns, body, start, end, clocks)
            else:
                columns.add(unescape(body), start, end)
    return speakers.extract_speakers(rolling.unroll_captions(columns))


def split_usual_timings(text: str, read: ClockReader) -> tuple[list[str], list[float], list[float]] | None:
    """What timed finds in a text whose arrows all stand in usual timing lines; None for another text."""
    parts = _USUAL.split(f"\n{text}")
    if len(parts) // 5 != text.count("-->"):
        return None
    starts, ends = (
        list(
            map(add, map(read.minutes.__getitem__, parts[at::5]), map(float, _with_decimal_points(parts[at + 1 :: 5])))
        )
        for at in (1, 3)
    )
    return parts[5::5], starts, ends


def _with_decimal_points(numbers: list[str]) -> list[str]:
    joined = "\n".join(numbers)
    return joined.replace(",", ".").split("\n") if "," in joined else numbers


def split_timings(text: str, read: ClockReader) -> tuple[list[str], list[float], list[float]]:
    """What stands between the timing lines, and their starts and ends. An arrow without a clock is a word."""
    head, *pieces = text.split("-->")
    bodies: list[str] = []
    starts: list[float] = []
    ends: list[float] = []
    more: dict[int, list[str]] = {}
    last = head.rpartition("\n")[2]
    start = read(last.strip())
    for piece in pieces:
        line, _, rest = piece.partition("\n")
        end = read(line.split(None, 1)[0]) if line and not line.isspace() else math.nan
        body, _, following = rest.rpartition("\n")
        if start == start or end == end:
            bodies.append(body)
            starts.append(start)
            ends.append(end)
        elif bodies:
            more.setdefault(len(bodies) - 1, []).append(f"\n{last}-->{line}\n{body}")
        last, start = following, read(following.strip())
    if bodies:
        more.setdefault(len(bodies) - 1, []).append(f"\n{last}")  # the end of the file, not the next cue's start
    for i, parts in more.items():
        bodies[i] += "".join(parts)
    return bodies, starts, ends


def cue_bodies(texts: list[str], *, blank_ends: bool) -> list[str]:
    """The words of each cue, without the number or name of the next one."""
    sample = texts[: min(200, len(texts) - 1)]
    numbered = sum(t.rpartition("\n")[2].strip().isdigit() for t in sample) * 2 > len(sample)
    if not numbered:
        whole = [t.strip("\n") for t in texts]
        if "\n\n" not in "\0".join(whole):
            return whole
    out: list[str] = []
    for text in texts:
        words = text.strip("\n")
        if numbered:
            rest, line, number = text.rpartition("\n")
            if line and number.strip().isdigit() and (len(out) + 1 < len(texts) or rest.endswith("\n")):
                words = rest.strip("\n")
        if "\n\n" in words:
            words = words.partition("\n\n")[0] if blank_ends else _STRAY.sub("\n", words)
        out.append(words)
    return out


def _add_tagged_cue(columns: Columns, body: str, start: float, end: float, clocks: ClockReader) -> None:
    if body.startswith("<v ") and body.count("<") == 1 and body.count(">") == 1:
        name, _, words = body[3:].partition(">")
        if len(name) < 200 and not name.isspace():
            columns.add(unescape(words), start, end, unescape(name).strip())
            return
    voices = list(_VOICE.finditer(body)) if "<v" in body else []
    if not voices:
        _add_voice(columns, body, start, end, None, clocks)
        return
    if body[: voices[0].start()].strip():
        _add_voice(columns, body[: voices[0].start()], start, end, None, clocks)
    for i, voice in enumerate(voices):
        stop = voices[i + 1].start() if i + 1 < len(voices) else len(body)
        _add_voice(columns, body[voice.end() : stop], start, end, unescape(voice[1]).strip(), clocks)


def _add_voice(columns: Columns, body: str, start: float, end: float, speaker: str | None, clocks: ClockReader) -> None:
    words = split_timed_words(body, start, clocks)
    if words:
        columns.add("".join([word for word, _ in words]), start, end, speaker, words)
        return
    inner = _INNER.split(body) if "<" in body and ":" in body else [body]
    if len(inner) > 1:
        times = [start, *(parse_clock(t) for t in inner[1::2])]
        words = [(_strip_tags(t), s) for t, s in zip(inner[::2], times, strict=True)]
        body = "".join(inner[::2])
    columns.add(_strip_tags(body), start, end, speaker, words)


def split_timed_words(body: str, start: float, clocks: ClockReader) -> list[tuple[str, float]]:
    """The words of a body whose tags are all times; [] when it has other tags, or none."""
    if "&" in body or "{" in body:
        return []
    parts = _WORD.split(body)
    if len(parts) > 1 and len(parts) // 3 == body.count("<"):
        minutes = map(clocks.minutes.__getitem__, parts[1::3])
        return [(parts[0], start), *zip(parts[3::3], map(add, minutes, map(float, parts[2::3])), strict=True)]
    first, *rest = body.split("<")
    if not rest:
        return []
    words = [(first, start)]
    for piece in rest:
        stamp, _, word = piece.partition(">")
        at = clocks(stamp)
        if at != at:
            return []
        words.append((word, at))
    return words


def _strip_tags(body: str) -> str:
    if "<" in body or "{" in body:
        body = _TAG.sub("", body)
    return unescape(body)

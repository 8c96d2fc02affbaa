"""WebVTT and SRT: blocks of a timing line and text. One lenient reader serves both, since files mix the two.

Sources: W3C WebVTT (voice spans <v Name>, NOTE, STYLE and REGION blocks, hours optional) and SubRip as found.
Lenient: comma or point in times, missing header or cue numbers, missing blank lines, CRLF.
"""

from __future__ import annotations

import html
import re

from pipeline.model import Segment

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,6}))?"
_TIMING = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}[^\n]*$", re.MULTILINE)
_VOICE = re.compile(r"<v(?:\.[^ \t>]*)?[ \t]+([^>]{1,200})>")
_TAG = re.compile(r"</?[a-zA-Z0-9:.][^<>]{0,300}>|\{\\[^}]{0,100}\}")
_SPEAKER = re.compile(r"^[ \t]*(?:>>[ \t]*)?([A-Z][\w.'-]{0,30}(?: [A-Z][\w.'-]{0,30}){0,3}):[ \t]+(?=\S)")


def looks_like_vtt(start: str) -> bool:
    return start.lstrip().startswith("WEBVTT")


def looks_like_srt(start: str) -> bool:
    return _TIMING.search(start) is not None


def parse(text: str) -> list[Segment]:
    """The cues, in the order of the file; end before start is left for the reader of the times to judge."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    timings = list(_TIMING.finditer(text))
    numbered = sum(_number_before(text, t.start()) for t in timings) * 2 > len(timings)
    segments: list[Segment] = []
    for i, timing in enumerate(timings):
        stop = timings[i + 1].start() if i + 1 < len(timings) else len(text)
        block = text[timing.end() + 1 : stop]
        # A blank line ends a cue; what follows is the next one's number or name, or a NOTE.
        body = block.partition("\n\n")[0] if "\n\n" in block else block
        if numbered and i + 1 < len(timings) and "\n\n" not in block:
            body = re.sub(r"\n?[ \t]*\d+[ \t]*\n*$", "", body)
        g = timing.groups()
        segments += _segments(_seconds(*g[:4]), _seconds(*g[4:]), body)
    return segments


def _segments(start: float, end: float, body: str) -> list[Segment]:
    voices = list(_VOICE.finditer(body))
    if not voices:
        words = _clean(body)
        named = _SPEAKER.match(words)
        if named:
            return [Segment(start, end, words[named.end() :], named.group(1))]
        return [Segment(start, end, words)]
    parts = []
    if body[: voices[0].start()].strip():
        parts.append(Segment(start, end, _clean(body[: voices[0].start()])))
    for i, voice in enumerate(voices):
        stop = voices[i + 1].start() if i + 1 < len(voices) else len(body)
        speaker = html.unescape(voice.group(1)).strip()
        parts.append(Segment(start, end, _clean(body[voice.end() : stop]), speaker))
    return parts


def _clean(body: str) -> str:
    return html.unescape(_TAG.sub("", body)).strip()


def _number_before(text: str, at: int) -> bool:
    return re.search(r"(?:^|\n)[ \t]*\d+[ \t]*\n$", text[max(0, at - 24) : at]) is not None


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + (int(fraction) / 10 ** len(fraction) if fraction else 0.0)

"""Pages whose markup says who speaks and when: elements of a class "speaker", data-m and data-start, tables.

Nothing is prescribed for them; these are the forms that players, hyperaudio and makers of transcripts write. Only what
stands in the smallest element around all of it is read, without headings: the rest of a page is no talk.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.markup import attribute, unescape
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.speaker_names import MAX_NAME_LENGTH
from podwatch.transcripts.formats.written_times import CLOCK, UNITS, parse_written

MIN_TIMES, MIN_ROWS = 3, 2
SKIPPED = {"script", "style", "head", "title", "nav", "footer", "aside", "noscript", "svg", "form", "select", "button"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_VOID = {"br", "br/", "img", "input", "hr", "meta", "link", "source", "wbr", "track", "col", "embed"}
_CLOSES_ITSELF = {"p", "li", "tr", "td", "th", "dt", "dd", "option"}
_INLINE = {"span", "a", "b", "i", "em", "strong", "mark", "u", "small", "time", "cite", "label", "font", "sup", "sub"}
_SIGN = lazy_pattern(r"speaker|data-(?:m|ms|start|begin|time|ts|offset)\b|data-(?:start|time)|onclick", re.IGNORECASE)
_TIME_NAMES = lazy_pattern(
    r"(?<![\w-])data-(?:(m|ms|start-?ms)|start(?:-?time)?|begin|time(?:stamp|code)?|ts|offset)\s*="
)
_CALL = lazy_pattern(
    r"(?:play|seek|jump|skip|goto|time)\w*\W{0,12}?(\d{1,4}(?::\d{1,2}){1,2}|\d{1,6}(?:\.\d{1,6})?)", re.I
)
_TIME_TEXT = lazy_pattern(rf"\s*[\[(]?\s*({CLOCK}|{UNITS})(?:\s*(?:-->|[-–—])\s*(?:{CLOCK}|{UNITS}))?\s*[\])]?\s*")
_SYMBOLS = lazy_pattern(r"^[\s▶►⏵▸⯈‣🔊🔗¶]+")
Span = tuple[int, int]  # of the list of tags


@dataclass(slots=True)
class _Signs:
    """Where the markup says something. labels, times: by the index of their tag."""

    labels: dict[int, tuple[str, int]] = field(default_factory=dict)  # the name, and the index of its end
    times: dict[int, float] = field(default_factory=dict)
    container: Span = (0, 0)


def read_turns(text: str, tags: list[str]) -> Columns:
    """The segments of a page that says who speaks or when; none of another page."""
    if _SIGN.search(text) is None:
        return Columns()
    signs = _find_signs(tags)
    names = Counter(name for name, _ in signs.labels.values())
    has_names = len(signs.labels) > 1 and max(names.values()) > 1
    if not has_names and len(signs.times) < MIN_TIMES:
        return Columns()
    columns = Columns(notes=["speakers, or times, as the markup of the page says"])
    for start, speaker, words, timed in _collect(tags, signs):
        columns.add(words, start, math.nan, speaker, timed if len(timed) > 1 else ())
    if signs.times:  # clocks that are shown are none
        _divide_milliseconds(columns)
    return columns


def _find_signs(tags: list[str]) -> _Signs:
    """What the markup says, and the element around all of it."""
    signs = _Signs()
    stack: list[tuple[str, int]] = []
    path: list[int] | None = None  # of what is around all signs
    ends: dict[int, int] = {}
    for at in range(1, len(tags), 3):
        tag, attributes = tags[at].lower(), tags[at + 1]
        if tag[0] == "/":
            _close(stack, tag[1:], at, ends)
            continue
        if tag in _CLOSES_ITSELF and stack and stack[-1][0] == tag:
            ends[stack.pop()[1]] = at
        second = _time_of(attributes) if attributes else math.nan
        label = _label_at(tags, at, tag) if "speaker" in attributes.lower() else None
        if second == second:
            signs.times[at] = second
        if label is not None:
            signs.labels[at] = label
        if second == second or label is not None:
            around = [i for _, i in stack]
            path = around if path is None else [a for a, b in zip(path, around, strict=False) if a == b]
        if tag not in _VOID and not attributes.endswith("/"):
            stack.append((tag, at))
    if path:
        signs.container = (path[-1], ends.get(path[-1], len(tags)))
    else:
        signs.container = (1, len(tags))
    return signs


def _close(stack: list[tuple[str, int]], tag: str, at: int, ends: dict[int, int]) -> None:
    for back in range(1, min(len(stack), 40) + 1):
        if stack[-back][0] == tag:
            for _, opened in stack[-back:]:
                ends[opened] = at
            del stack[-back:]
            return


def _label_at(tags: list[str], at: int, tag: str) -> tuple[str, int] | None:
    """The name that an element of a class "speaker" holds, and where it ends; None when it holds more than a name."""
    attributes = tags[at + 1]
    if name := attribute(attributes, "data-speaker"):
        return name, at
    if "speaker" not in attribute(attributes, "class").lower():
        return None
    said, depth = tags[at + 2], 1
    for end in range(at + 3, min(len(tags), at + 24), 3):
        inner = tags[end].lower()
        depth += (inner == tag) - (inner == f"/{tag}")
        if depth == 0:
            name = " ".join(unescape(said).split()).rstrip(" :").strip("[]")
            return (name, end) if 0 < len(name) <= MAX_NAME_LENGTH and name[-1] not in "!?" else None
        said += f" {tags[end + 2]}" if inner.lstrip("/") not in _INLINE else tags[end + 2]
    return None


def _time_of(attributes: str) -> float:
    m = _TIME_NAMES.search(attributes) if "data-" in attributes else None
    if m is not None:
        name = m[0].rstrip("= \t\n")
        value = attribute(attributes, name).strip()
        second = parse_written(value)
        try:
            return second if second == second else float(value.removesuffix("s")) / (1000 if m[1] else 1)
        except ValueError:
            return math.nan
    if "onclick" in attributes and (m := _CALL.search(attribute(attributes, "onclick"))):
        return parse_written(m[1]) if ":" in m[1] else float(m[1])
    return math.nan


def _collect(tags: list[str], signs: _Signs) -> Iterator[tuple[float, str | None, str, list[tuple[str, float]]]]:
    """(start, speaker, words, timed words) of each block."""
    begin, end = signs.container
    speaker: str | None = None
    start, timed, parts = math.nan, list[tuple[str, float]](), list[str]()
    skip = ""
    until = 0

    def take() -> str:
        nonlocal parts
        words = _SYMBOLS.sub("", unescape("".join(parts)))
        parts = []
        return words if words.strip() else ""

    for at in range(begin, end, 3):
        tag, text = tags[at].lower(), tags[at + 2]
        if skip or at < until:
            skip = "" if tag == skip else skip
            if not skip and at >= until:
                parts.append(text)
            continue
        is_block = tag.lstrip("/") not in _INLINE and tag not in _VOID
        label = signs.labels.get(at)
        second = signs.times.get(at, math.nan)
        shown = _TIME_TEXT.fullmatch(text) if text[:12].strip() else None
        if is_block or label or (shown and tag[0] != "/"):
            if words := take():
                yield start, speaker, words, timed
                start, timed = math.nan, []
            elif is_block and second == second:
                timed = []
        if label:
            speaker = label[0]
        if second == second:
            if not "".join(parts).strip():
                start = second
            timed.append((unescape(text).strip(), second))
        if tag in SKIPPED or tag in _HEADINGS:
            skip = f"/{tag}"
        elif label and label[1] > at:
            until = label[1]
        elif shown:
            start = parse_written(shown[1])
        else:
            parts.append(f" {text}" if tag in ("br", "br/") else text)
    if words := take():
        yield start, speaker, words, timed


def _divide_milliseconds(columns: Columns) -> None:
    """Takes whole numbers for milliseconds where seconds would have a word said in ten."""
    known = [s for s in columns.starts if s == s]
    words = sum(len(t.split()) for t in columns.texts)
    if known and max(known) > 10 * words and all(s.is_integer() for s in known):
        columns.starts = [s / 1000 for s in columns.starts]
        columns.words = {i: [(w, s / 1000) for w, s in timed] for i, timed in columns.words.items()}


def read_table(tags: list[str]) -> Columns:
    """The rows of tables that have a time in a cell: the longest of the others are the words, a third the speaker."""
    rows: list[list[str]] = []
    cell: list[str] | None = None
    for at in range(1, len(tags), 3):
        tag, text = tags[at].lower(), tags[at + 2]
        if tag == "tr":
            rows.append([])
        elif tag in ("/td", "/tr", "/table") or tag == "td":
            if cell is not None and rows:
                rows[-1].append(" ".join(unescape("".join(cell)).split()))
            cell = [text] if tag == "td" else None
        elif cell is not None:
            cell.append(text if tag.lstrip("/") in _INLINE else f" {text}")
    wide = [r for r in rows if len(r) > 1 and any(r)]
    at_time = Counter(i for r in wide for i, c in enumerate(r) if _TIME_TEXT.fullmatch(c)).most_common(1)
    if not at_time or at_time[0][1] < MIN_ROWS or at_time[0][1] * 2 < len(wide):
        return Columns()
    time = at_time[0][0]
    lengths = Counter[int]()
    for r in wide:
        lengths.update({i: len(c) for i, c in enumerate(r) if i != time})
    said = lengths.most_common(1)[0][0]
    columns = Columns(notes=[f"a table with times: {at_time[0][1]} of {len(wide)} rows"])
    for r in wide:
        m = _TIME_TEXT.fullmatch(r[time]) if time < len(r) else None
        others = [c for i, c in enumerate(r) if i not in (time, said) and c]
        words = r[said] if said < len(r) else ""
        speaker = others[0].rstrip(" :") if len(others) == 1 and len(others[0]) <= MAX_NAME_LENGTH else None
        if speaker is None or not words:
            words = " ".join([*others, words] if others else [words])
            speaker = None
        columns.add(words, parse_written(m[1]) if m else math.nan, math.nan, speaker)
    return columns

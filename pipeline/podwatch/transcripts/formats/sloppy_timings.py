"""Mends timing lines that people and small tools write, so that they are read like the usual ones.

As found: blanks within clocks (00: 00: 01,000), other arrows (->, –>, →), semicolons and colons before the fraction,
frames in place of milliseconds (00:00:01:05, or with dropped ones 00:00:01;05), points between all numbers.
"""

from __future__ import annotations

import math
import re

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.timestamps import parse_frames

_GAP = r"[ \t]{0,2}"
_NUMBERS = rf"\d{{1,4}}(?:{_GAP}[:：.]{_GAP}\d{{1,3}}){{1,2}}(?:{_GAP}[.,;:，]{_GAP}\d{{1,9}})?"
SLOPPY_TIMING = lazy_pattern(
    rf"^[ \t]*({_NUMBERS})[ \t]*(?:-{{1,3}}[ \t]?>|[–—]{{1,2}}>|[→⇒⟶])[ \t]*({_NUMBERS})(?![\d:])([^\n]*)", re.MULTILINE
)
ODD_ARROWS, _DRAWN = ("- >", "–>", "—>", " ->", "\t->"), ("→", "⇒", "⟶")
_PARTS = lazy_pattern(r"\d+|[;,.:：，]")


def may_hold_sloppy_timing(text: str) -> bool:
    """Whether there is an arrow in a text, which most have not."""
    return ">" in text or any(arrow in text for arrow in _DRAWN)


def has_odd_arrows(text: str, usual: int) -> bool:
    """Whether there may be an arrow that is not written -->, of which there are ``usual``."""
    if text.count(">") != usual and any(arrow in text for arrow in ODD_ARROWS):
        return True
    return any(arrow in text for arrow in _DRAWN)


def mend_timings(text: str) -> str:
    """The text with its sloppy timing lines written as usual; a line whose clocks mean nothing stays as it is."""
    return SLOPPY_TIMING.sub(_mend, text)


def _mend(m: re.Match[str]) -> str:
    start, end = parse_sloppy_clock(m[1]), parse_sloppy_clock(m[2])
    if start != start or end != end:
        return m[0]
    return f"{_format(start)} --> {_format(end)}{m[3]}"


def parse_sloppy_clock(text: str) -> float:
    """The seconds of a clock with anything between its numbers; nan for what is none.

    A fourth number after a colon or semicolon is frames when it has two digits, milliseconds when it has three.
    """
    parts = _PARTS.findall("".join(text.split()))
    numbers, marks = parts[::2], parts[1::2]
    if not numbers or not all(n.isdecimal() for n in numbers) or any(m.isdecimal() for m in marks):
        return math.nan
    if len(numbers) == 4 and marks[2] in ":;" and len(numbers[3]) == 2:
        return parse_frames(f"{':'.join(numbers[:3])}{marks[2]}{numbers[3]}")
    fraction = ""
    if len(numbers) == 4 or (len(numbers) == 3 and marks[1] not in ":："):
        *numbers, fraction = numbers
    *above, minutes, seconds = (int(n) for n in numbers)
    return (above[0] if above else 0) * 3600 + minutes * 60 + seconds + (float(f"0.{fraction}") if fraction else 0.0)


def _format(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}"

"""Bars over time, as numbers from which a template draws an SVG. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: the left edge and the height, in units of the drawing; what it stands for."""

    x: int
    height: int
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars side by side, each ``step`` wide with its gap. most: the count of the highest."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    step: int
    most: int
    total: int


def draw_bars(counts: Mapping[str, int], last: date, days: int, *, step: int = 6, height: int = 32) -> BarChart:
    """A bar for each of the last days. counts: by day, as 2026-11-03."""
    first = last - timedelta(days=days - 1)
    each = [(d := (first + timedelta(days=i)).isoformat(), counts.get(d, 0)) for i in range(days)]
    most = max((n for _, n in each), default=0)
    bars = tuple(Bar(i * step, _height(n, most, height), day, n) for i, (day, n) in enumerate(each))
    return BarChart(bars, days * step, height, step, most, sum(n for _, n in each))


def _height(n: int, most: int, height: int) -> int:
    """At least two units where there is something at all."""
    return max(2, round(n / most * height)) if n else 0

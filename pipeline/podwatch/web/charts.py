"""Bars over time, drawn as an SVG. Pure.

Drawn here and not by a template: what a template prints is escaped piece by piece, and a list of watches has thousands
of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup, escape


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: the left edge and the height, in units of the drawing; the day that it stands for, as 2026-11-03."""

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

    def draw(self, label: str) -> Markup:
        """The bars, each with its day and count. label: what they say, for those who do not see them."""
        h, wide = self.height, self.step - 1
        drawn = "".join(
            f'<rect x="{b.x}" y="{h - b.height}" width="{wide}" height="{b.height}">'
            f"<title>{b.label}: {b.count}</title></rect>"
            for b in self.bars
            if b.count
        )
        size = f'viewBox="0 0 {self.width} {h + 1}" width="{self.width}" height="{h + 1}"'
        axis = f'<path class="axis" d="M0 {h}.5H{self.width}"/>'
        shown = f'<svg class="bars" {size} role="img" aria-label="{escape(label)}">{axis}{drawn}</svg>'
        return Markup(shown)  # noqa: S704 - numbers and days, and the label is escaped


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

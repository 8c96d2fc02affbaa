"""Lines over time, as numbers from which a template draws an SVG. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 760, 200  # of the drawing, without the numbers beside it
DAILY = 92  # days that are drawn one by one; of more, weeks are


@dataclass(frozen=True, slots=True)
class Point:
    """A place of a line: its count, and the day or week that it stands for."""

    x: float
    y: float
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """One series. marks: the points at which it surged, with why."""

    points: tuple[Point, ...]
    marks: tuple[tuple[Point, str], ...]
    total: int

    @property
    def path(self) -> str:
        return " ".join(f"{p.x:g},{p.y:g}" for p in self.points)


@dataclass(frozen=True, slots=True)
class LineChart:
    """Lines on the same axes. most: at the top of the upright one; step: days of a point."""

    lines: tuple[Line, ...]
    most: int
    step: int
    first: str
    last: str


def draw_lines(
    series: Sequence[Mapping[str, int]], surges: Sequence[Sequence[tuple[str, str]]], last: date, days: int
) -> LineChart:
    """series: counts by day, as 2026-11-03; surges: (day, why) of each. The last days, or the weeks that hold them."""
    step = 1 if days <= DAILY else 7
    count = -(-days // step)
    first = last - timedelta(days=count * step - 1)
    sums = [_sum(counts, first, step, count) for counts in series]
    most = max((n for each in sums for n in each), default=0)
    labels = [(first + timedelta(days=i * step)).isoformat() for i in range(count)]
    lines = []
    for each, of in zip(sums, surges, strict=True):
        points = tuple(
            Point(_x(i, count), round(HEIGHT - n / max(1, most) * HEIGHT, 1), label, n)
            for i, (label, n) in enumerate(zip(labels, each, strict=True))
        )
        at = [((date.fromisoformat(day) - first).days // step, why) for day, why in of]
        marks = tuple((points[i], why) for i, why in at if 0 <= i < count)
        lines.append(Line(points, marks, sum(each)))
    return LineChart(tuple(lines), most, step, labels[0], labels[-1])


def _sum(counts: Mapping[str, int], first: date, step: int, count: int) -> list[int]:
    sums = [0] * count
    for day, n in counts.items():
        at = (date.fromisoformat(day) - first).days
        if 0 <= at < step * count:
            sums[at // step] += n
    return sums


def _x(i: int, count: int) -> float:
    return round(i / max(1, count - 1) * WIDTH, 1)

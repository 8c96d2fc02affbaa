"""What all benchmarks share: timing in alternating rounds, Markdown tables, and the checks that make the exit status.

A check compares two things that were measured in the same run, or counts work done, or bytes; it never compares a rate
with a fixed number, since that number would only hold on one machine. Rates are printed for information.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def measure_cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process (all its threads) that ``work`` takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def process_cpu(pid: int) -> float | None:
    """CPU seconds of another process until now, all its threads, to the nanosecond; None where Linux does not tell."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def measure_wall(work: Callable[[], object]) -> float:
    """Seconds of the clock that ``work`` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure_in_turn(works: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each measurement, taken A B C A B C ..., so that a slow minute affects all alike."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(work())
    return {name: statistics.median(values) for name, values in found.items()}


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A Markdown table, for the terminal and for benchmarks/README.md alike."""
    print(f"\n{title} (Python {platform.python_version()})\n")
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    sys.stdout.flush()


def check_figure(name: str, value: float, bound: float, *, least: bool = True) -> bool:
    """Prints and returns whether a figure keeps its bound: the least that is allowed, or the most."""
    holds = value >= bound if least else value <= bound
    print(f"{'ok  ' if holds else 'MISS'} {name}: {value:.3g} ({'at least' if least else 'at most'} {bound:g})")
    return holds

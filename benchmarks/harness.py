"""How the benchmarks measure and what their tables look like: medians of rounds taken in turn, CPU of this process."""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process (all its threads) that ``work`` takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def wall(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turn(works: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each measure, taken A B C A B C ..., so that a slower minute of the machine hits all alike."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(work())
    return {name: statistics.median(values) for name, values in found.items()}


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A Markdown table, for the terminal and for benchmarks/README.md alike."""
    print(f"\n{title} (Python {platform.python_version()})\n")
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    sys.stdout.flush()


def verdict(name: str, value: float, target: float, *, least: bool = True) -> bool:
    """Says whether a figure holds; the caller turns all of them into its exit status."""
    good = value >= target if least else value <= target
    print(f"{'ok  ' if good else 'MISS'} {name}: {value:.3g} ({'at least' if least else 'at most'} {target:g})")
    return good

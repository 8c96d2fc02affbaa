"""What processes hold: memory, open files, threads, processor time, read from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """Of a process and of those below it. memory: MB that are its own or its share of what is shared (PSS)."""

    memory: float
    children_memory: float
    children: int
    files: int
    threads: int


def find_descendants(pid: int) -> list[int]:
    """The processes below this one, at any depth."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        children.setdefault(parent, []).append(int(entry.name))
    found, queue = list[int](), [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def sample_processes(pid: int, threads: int) -> Sample:
    below = find_descendants(pid)
    return Sample(
        memory=memory_of(pid),
        children_memory=sum(map(memory_of, below)),
        children=len(below),
        files=len(list(Path(f"/proc/{pid}/fd").iterdir())),
        threads=threads,
    )


def memory_of(pid: int) -> float:
    """MB; 0 of a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time of these processes, and of what they have waited for."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(fields[n]) for n in (11, 12, 13, 14))
    return total / TICKS

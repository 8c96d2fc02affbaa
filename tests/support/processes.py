"""Whether a process that was killed, or one of its group, still runs.

One that has ended but was not waited for does not: whoever adopts it (init, or whatever a container starts first) may
be slow to do so, or never do it.
"""

from __future__ import annotations

from pathlib import Path


def runs(pid: int) -> bool:
    return bool(_group_of_running(Path(f"/proc/{pid}")))


def group_runs(group: int) -> bool:
    """group: the pid of the process that began it."""
    return any(_group_of_running(p) == group for p in Path("/proc").iterdir() if p.name.isdigit())


def _group_of_running(process: Path) -> int:
    """Its group; 0 when it has ended (proc(5), /proc/pid/stat: the third field is the state, the fifth the group)."""
    try:
        state, _, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return 0
    return 0 if state in "ZX" else int(group)

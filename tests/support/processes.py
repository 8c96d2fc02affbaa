"""Whether a process, or one of its group, is running; a zombie is not: init may be slow to wait for it, or never do."""

from __future__ import annotations

from pathlib import Path


def is_running(pid: int) -> bool:
    return bool(_running_group(Path(f"/proc/{pid}")))


def is_group_running(group: int) -> bool:
    """group: the pid of the process that leads it."""
    return any(_running_group(p) == group for p in Path("/proc").iterdir() if p.name.isdigit())


def _running_group(process: Path) -> int:
    """Its group, 0 when it has ended. In /proc/pid/stat the third field is the state, the fifth the group (proc(5))."""
    try:
        state, _, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return 0
    return 0 if state in "ZX" else int(group)

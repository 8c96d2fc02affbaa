"""Keeps the memory of a process that starts many threads again and again from growing.

The C library of most Linux systems (glibc) gives threads up to eight arenas a core, each of which keeps what its
threads have freed, in pieces. After 230 lines of ``make soak`` they held 99 MB, of which 36 were in use (malloc_stats),
and 0.1 MB more with each line.
"""

from __future__ import annotations

import ctypes
from typing import Any

M_ARENA_MAX = -8  # of malloc.h; see mallopt(3)
ARENAS = 2  # Python's threads allocate one at a time


def limit_arenas() -> bool:
    """To be called before threads are started. False where the C library cannot (macOS, Alpine)."""
    return bool(_call("mallopt", ctypes.c_int(M_ARENA_MAX), ctypes.c_int(ARENAS)))


def release_freed_memory() -> bool:
    """Gives what has been freed back to the system, in milliseconds. False where there is none, or that cannot be."""
    return bool(_call("malloc_trim", ctypes.c_size_t(0)))


def _call(name: str, *values: Any) -> int:
    try:
        function = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError):
        return 0
    return int(function(*values))

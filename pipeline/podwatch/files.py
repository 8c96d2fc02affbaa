"""Reads files that a user has named: regular ones, up to a size."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from podwatch.errors import PodwatchError


def read(path: Path, limit: int, error: type[PodwatchError] = PodwatchError) -> bytes:
    """The bytes of a file; raises ``error`` when it is no regular file, unreadable or larger than ``limit`` bytes."""
    try:
        # O_NONBLOCK: else opening a pipe that nobody writes to would wait for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise error("is not a regular file", where=str(path), todo="save it as a file first")
            data = file.read(min(found.st_size, limit) + 1)  # as many bytes as are asked for are allocated first
            if found.st_size < len(data) <= limit:  # it grew, or is of a file system that says no sizes
                data += file.read(limit + 1 - len(data))
    except OSError as e:
        raise error(e.strerror or str(e), where=str(path), todo="check the path") from None
    if len(data) > limit:
        raise error(f"is larger than {limit:,} bytes", where=str(path))
    return data

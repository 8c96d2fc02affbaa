"""A command in a terminal of its own (a pty), as somebody sees it who types."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Sequence

SECONDS = 600.0


def in_terminal(command: Sequence[str], typed: str = "", until: str = "") -> str:
    """What the command writes to its terminal, without colours; ``typed`` is typed when it has written ``until``."""
    ours, its = pty.openpty()
    env = os.environ | {"TERM": "xterm", "COLUMNS": "200"}
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=env, start_new_session=True)
    os.close(its)
    seen, left, end = b"", typed, time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.2)[0]:
                continue
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # Linux: nobody has the other end any more
                break
            if not chunk:
                break
            seen += chunk
            if left and until.encode() in seen:
                os.write(ours, left.encode())
                left = ""
        process.wait(10)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode("utf-8", "replace"))

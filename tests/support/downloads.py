"""What the tests of downloads share: some bytes like an MP3's, a program that downloads, and what it leaves behind."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from podwatch.net.download import Download

Get = Callable[..., Download]  # an address, and limits that differ, to what was downloaded
AUDIO = b"\xff\xfb\x90\x00" + random.Random(23).randbytes(300_000)
# For a process of its own, which downloads argv[1] to argv[2].
PROGRAM = """
import os, resource, signal, sys
from pathlib import Path
from podwatch.errors import StorageError
from podwatch.net.client import HttpClient
from podwatch.settings import Secret, Settings, parse_networks
http = HttpClient(Settings(home=Path("."), database_url=Secret(""), allow_addresses=parse_networks("127.0.0.1")))
def download(**more):
    return http.download(sys.argv[1], sys.argv[2], max_bytes=10**9, deadline=120.0, **more)
"""


def left_at(path: Path) -> set[str]:
    """The names of what is in its folder."""
    return {found.name for found in path.parent.iterdir()} if path.parent.exists() else set()

"""Many threads share two arenas, and what they have freed goes back to the system, where the C library can do that."""

from __future__ import annotations

import platform
import re
import subprocess
import sys

import pytest

# Of the blocks of 3 kB that eight threads make at once one in twenty stays, so that no arena has a free end to cut off.
PROGRAM = """
import threading
from pathlib import Path
from podwatch.net.thread_memory import release_freed_memory

def resident_pages():
    return int(Path("/proc/self/statm").read_text().split()[1])

kept, meet = [], threading.Barrier(8)

def work():
    meet.wait()
    blocks = [bytes(3000) for _ in range(1500)]
    kept.append(blocks[::20])
    meet.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()
before = resident_pages()
print(release_freed_memory(), before - resident_pages())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_that_threads_have_freed_goes_back_to_the_system() -> None:
    answer = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True).stdout.split()
    assert answer[0] == "True"
    assert int(answer[1]) * 4096 > 10_000_000, answer  # of 34 MB that are free


ARENAS = """
import ctypes, threading
from podwatch.net.thread_memory import limit_arenas

print(limit_arenas(), flush=True)
meet = threading.Barrier(12)

def work():
    meet.wait()
    block = bytes(3000)
    meet.wait()

threads = [threading.Thread(target=work) for _ in range(12)]
for t in threads: t.start()
for t in threads: t.join()
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_many_threads_share_two_arenas() -> None:
    answer = subprocess.run([sys.executable, "-c", ARENAS], check=True, capture_output=True, text=True)
    assert answer.stdout.split() == ["True"]
    assert re.findall(r"^Arena (\d+)", answer.stderr, re.MULTILINE) == ["0", "1"]

"""What each hostile server and each hostile document costs: seconds, memory, and the error or result that comes of it.

    .venv/bin/python -m benchmarks.hostile

Each case runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.harness import check_figure, print_table
from podwatch.errors import PodwatchError
from podwatch.net.client import HttpClient
from podwatch.settings import Secret, Settings, parse_networks
from tests.support.hostile_documents import HOSTILE_DOCUMENTS
from tests.support.hostile_servers import BYTES, HOSTILE_SERVERS, SECONDS, raw_server

MEGABYTE = 1024  # resource counts in kB


def fetch_server(name: str) -> str:
    settings = Settings(home=Path(), database_url=Secret(""), allow_addresses=parse_networks("127.0.0.0/8"))
    with raw_server(HOSTILE_SERVERS[name][0]) as url:
        try:
            return f"{len(HttpClient(settings).get(url, max_bytes=BYTES, deadline=SECONDS).body)} bytes"
        except PodwatchError as e:
            return e.what


def read_document(name: str) -> str:
    from podwatch import feeds

    try:
        return f"{len(feeds.read_feed(HOSTILE_DOCUMENTS[name], 'http://show.example/feed.xml').episodes)} episodes"
    except PodwatchError as e:
        return e.what


def measure_case(kind: str, name: str) -> tuple[float, float, float, str]:
    """(seconds, CPU seconds, MB of the process or its worker at the most, the result or error)."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.hostile", kind, name], capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    return time.monotonic() - began - said["started"], said["cpu"], said["peak"], said["line"]


def run_case(kind: str, name: str) -> None:
    """Runs in the child process: prints what the case cost beyond starting Python, and the peak memory, as JSON."""
    started = time.process_time()
    line = {"server": fetch_server, "document": read_document}[kind](name)
    if kind == "document":
        from podwatch.sandbox.pool import shared_sandbox

        shared_sandbox().close()  # the sandbox's workers end, so that what they took is counted
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = time.process_time() - started + workers.ru_utime + workers.ru_stime
    peak = max(peak_memory(), workers.ru_maxrss) / MEGABYTE
    print(json.dumps({"started": started, "cpu": cpu, "peak": peak, "line": " ".join(line.split())}))


def peak_memory() -> int:
    """kB of this program at its largest. (getrusage's figure would include the process that forked it.)"""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def main() -> int:
    if len(sys.argv) == 3:
        run_case(sys.argv[1], sys.argv[2])
        return 0
    held = []
    for kind, names in (("server", HOSTILE_SERVERS), ("document", HOSTILE_DOCUMENTS)):
        found = {name: measure_case(kind, name) for name in names}
        rows = [(n, f"{w:.1f}", f"{c:.1f}", f"{p:.0f}", line) for n, (w, c, p, line) in found.items()]
        print_table(f"A hostile {kind}", (kind, "seconds", "CPU seconds", "MB", "what comes of it"), rows)
        held.append(check_figure("CPU seconds of the worst", max(c for _, c, _, _ in found.values()), 60, least=False))
        held.append(check_figure("MB of the worst", max(p for _, _, p, _ in found.values()), 600, least=False))
    print(f"\n{sum(held)} of {len(held)} bounds hold")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())

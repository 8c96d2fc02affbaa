"""`make bench`: every benchmark, one after the other, each in a process of its own; the last line sums them up."""

from __future__ import annotations

import os
import subprocess
import sys
import time

SHORT = os.environ.get("SHORT", "") not in ("", "0")
COMMANDS = {
    "start": ["--rounds", "3"] if SHORT else [],
    "feeds": ["--real", os.environ["REAL"]] if os.environ.get("REAL") else [],
    "poll": ["--short"] if SHORT else [],
    "hostile": [],
    "first_run": ["--rounds", "1"],
    "formats": [],
    "past": ["--short"] if SHORT else [],
    "fetch": ["--short"] if SHORT else [],
    "detect": ["--short"] if SHORT else [],
    "search": ["--short"] if SHORT else [],
    "scan": ["--short"] if SHORT else [],
    "entities": ["--short"] if SHORT else [],
    "sounds_like": ["--talk", os.environ["TALK"]] if os.environ.get("TALK") else [],
}


def main() -> int:
    summaries, status = [], 0
    for name, arguments in COMMANDS.items():
        began = time.monotonic()
        print(f"\n# benchmarks.{name} {' '.join(arguments)}", flush=True)
        finished = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False)
        status |= finished.returncode
        summaries.append(f"{name} {'MISSES' if finished.returncode else 'holds'} ({time.monotonic() - began:.0f} s)")
    print(f"\n{', '.join(summaries)}")
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())

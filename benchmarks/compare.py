"""`make bench BASE=COMMIT`: this checkout beside another commit, in paired ratios of CPU time, with equal answers.

    .venv/bin/python -m benchmarks.compare COMMIT [--rounds N] [--short] [--only NAME,...] [--base-tree DIR]

Makes a worktree of the commit in a temporary folder, installs it there into a .venv of its own, and runs the same
commands on both, base and checkout in turn (A B A B ...). Both are driven by .venv/bin/podwatch and its settings alone,
so the base may have any layout. CPU time is that of a command and its children; seconds of the clock are printed for
information. The exit status is 1 when an answer differs or a median ratio is above BOUND.

--base-tree: a checkout that is installed already, in place of a new worktree.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from xml.sax.saxutils import quoteattr

from benchmarks.backfill.archive_server import ArchiveServer
from benchmarks.fetch import generate_hours, render_vtt
from benchmarks.harness import check_figure, print_table

ROOT = Path(__file__).resolve().parent.parent
BOUND = 1.25  # CPU time of the checkout over that of the base: noise of the median on a busy machine stays below
WATCHLIST = ROOT / "seeds/watchlist.yaml"
SETTINGS = ("PODWATCH_", "SLACK_", "AIRFLOW", "PYTHON", "VIRTUAL_ENV")  # variables that the commands must not inherit


class CommandError(Exception):
    """A command that failed: what it was, and the end of what it printed on stderr."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a command took, and its answer: the same on both trees when they do the same."""

    cpu: float
    seconds: float
    answer: str


@dataclass(frozen=True, slots=True)
class Tree:
    """An installed checkout."""

    name: str
    path: Path

    def run(self, *words: str, env: Mapping[str, str]) -> Measurement:
        """Runs podwatch with these words; the answer is its stdout. Raises CommandError when it fails."""
        base = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.perf_counter()
            command = [str(self.path / ".venv/bin/podwatch"), *words]
            process = subprocess.Popen(command, stdout=out, stderr=err, env=base | dict(env), cwd=env["PODWATCH_HOME"])
            _, status, usage = os.wait4(process.pid, 0)  # with the CPU time of its children that have ended
            seconds = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            if process.returncode:
                raise CommandError(
                    f"{self.name}: podwatch {' '.join(words[:3])} ended with {process.returncode}: "
                    + err.read().decode(errors="replace").strip()[-500:]
                )
            return Measurement(usage.ru_utime + usage.ru_stime, seconds, out.read().decode())


# Runs a workload once on a tree, with a new and empty home; name of the command -> what it took.
Workload = Callable[[Tree, Path], dict[str, Measurement]]


def start_up(tree: Tree, home: Path) -> dict[str, Measurement]:
    """The time to import what a command needs. The text of the help is no answer: it may change."""
    m = tree.run("--help", env={"PODWATCH_HOME": str(home)})
    return {"podwatch --help": Measurement(m.cpu, m.seconds, "")}


def scan(transcripts: Sequence[Path]) -> Workload:
    """`podwatch scan` of a long set of transcripts with the seed watchlist."""

    def work(tree: Tree, home: Path) -> dict[str, Measurement]:
        words = ("scan", *map(str, transcripts), "--watchlist", str(WATCHLIST), "--json")
        return {"podwatch scan": tree.run(*words, env={"PODWATCH_HOME": str(home)})}

    return work


def pipeline(feeds: Sequence[str]) -> Workload:
    """`podwatch poll`, `fetch` and `detect` over feeds of a loopback server, into an empty store."""

    def work(tree: Tree, home: Path) -> dict[str, Measurement]:
        env = {
            "PODWATCH_HOME": str(home),
            "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
            "PODWATCH_HOST_PAUSE": "0",
            "PODWATCH_ENTITIES": "off",  # spaCy would take most of the time
        }
        outlines = "".join(f"<outline type='rss' xmlUrl={quoteattr(url)}/>" for url in feeds)
        opml = home / "feeds.opml"
        opml.write_text(f"<opml version='2.0'><head/><body>{outlines}</body></opml>")
        tree.run("feeds", "import", str(opml), env=env)
        tree.run("watches", "sync", str(WATCHLIST), env=env)
        found = {f"podwatch {verb}": tree.run(verb, "--json", env=env) for verb in ("poll", "fetch", "detect")}
        mentions = tree.run("mentions", "--json", env=env)
        detected = found["podwatch detect"]
        found = {name: Measurement(m.cpu, m.seconds, tally_of(m.answer)) for name, m in found.items()}
        answer = found["podwatch detect"].answer + "\n" + sorted_mentions(mentions.answer)
        return found | {"podwatch detect": Measurement(detected.cpu, detected.seconds, answer)}

    return work


def tally_of(lines: str) -> str:
    """The last JSON object of a verb's output: what was done, new and failed."""
    return lines.strip().rpartition("\n")[2]


def sorted_mentions(lines: str) -> str:
    """JSON lines of mentions, sorted, without row ids, which depend on which server answered first."""
    rows = [json.loads(line) for line in lines.splitlines()]
    kept = [{key: value for key, value in row.items() if key not in ("transcript", "episode")} for row in rows]
    return "\n".join(sorted(map(json.dumps, kept)))


def compare(base: Tree, checkout: Tree, workloads: Mapping[str, Workload], rounds: int, bound: float = BOUND) -> bool:
    """Runs the workloads on both trees in turn, prints medians and ratios; whether answers and bounds hold.

    A first round, which compiles and fills caches, is not counted.
    """
    found: dict[str, list[tuple[Measurement, Measurement]]] = {}
    numbers = count()
    with tempfile.TemporaryDirectory(prefix="podwatch-compare-") as folder:
        for name, work in workloads.items():
            for round_ in range(rounds + 1):
                pair = []
                for tree in (base, checkout):
                    home = Path(folder, f"home-{next(numbers)}")
                    home.mkdir()
                    pair.append(work(tree, home))
                    shutil.rmtree(home)
                if round_:
                    for command in pair[0]:
                        found.setdefault(command, []).append((pair[0][command], pair[1][command]))
            print(f"measured: {name}", flush=True)
    rows, held = [], []
    for command, pairs in found.items():
        ratios = [after.cpu / before.cpu for before, after in pairs]
        before_cpu, after_cpu, before_s, after_s = (
            statistics.median(values)
            for values in zip(*((a.cpu, b.cpu, a.seconds, b.seconds) for a, b in pairs), strict=True)
        )
        spread = f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
        rows.append((command, f"{before_cpu:.2f}", f"{after_cpu:.2f}", spread, f"{before_s:.2f}", f"{after_s:.2f}"))
        answers = {m.answer for pair in pairs for m in pair}
        held.append(check_figure(f"{command}: different answers", len(answers) - 1, 0, least=False))
        held.append(check_figure(f"{command}: CPU beside {base.name}", statistics.median(ratios), bound, least=False))
    columns = ("command", f"CPU s, {base.name}", "CPU s, here", "paired ratio: median (range)", "s", "s, here")
    print_table(f"This checkout beside {base.name}, {rounds} rounds", columns, rows)
    print(f"\n{sum(held)} of {len(held)} figures hold")
    return all(held)


@contextmanager
def installed_worktree(commit: str) -> Iterator[Tree]:
    """A worktree of a commit with the .venv that scripts/install.sh would make, but without development tools."""
    git = ["git", "-C", str(ROOT)]
    spec = f"{commit}^{{commit}}"
    known = subprocess.run(
        [*git, "rev-parse", "--verify", "--short", spec], capture_output=True, text=True, check=False
    )
    if known.returncode:
        raise CommandError(f"{commit}: is no commit of this repository")
    uv = shutil.which("uv", path=f"{ROOT / '.tools/bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    if uv is None:
        raise CommandError("uv is not there - run `make install`")
    with tempfile.TemporaryDirectory(prefix="podwatch-base-") as folder:
        path = Path(folder, "tree")
        subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(path), commit], check=True)
        try:
            env = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
            env |= {"UV_COMPILE_BYTECODE": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_PROJECT_ENVIRONMENT": ".venv"}
            words = ["sync", "--quiet", "--frozen", "--all-extras", "--no-default-groups", "--python", sys.executable]
            if subprocess.run([uv, *words], cwd=path, env=env, check=False).returncode:
                raise CommandError(f"{commit} cannot be installed - uv says why above")
            yield Tree(known.stdout.strip(), path)
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(path)], check=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--short", action="store_true", default=os.environ.get("SHORT", "") not in ("", "0"))
    parser.add_argument("--only", default="", help="start, scan, pipeline")
    parser.add_argument("--base-tree", type=Path, help="an installed checkout of the commit")
    options = parser.parse_args()
    hours, shows, rounds = (3, 4, min(options.rounds, 3)) if options.short else (12, 15, options.rounds)
    chance = random.Random(1)
    bodies = [render_vtt(words, chance) for words in generate_hours(hours, None)]
    with ExitStack() as stack:
        try:
            base = (
                Tree(options.commit, options.base_tree.resolve())
                if options.base_tree
                else stack.enter_context(installed_worktree(options.commit))
            )
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="podwatch-compare-")))
            transcripts = [folder / f"{n}.vtt" for n in range(hours)]
            for path, body in zip(transcripts, bodies, strict=True):
                path.write_bytes(body)
            now = datetime.now(UTC).replace(microsecond=0)
            server = stack.enter_context(ArchiveServer(bodies, shows=shows, each=0, days=1, first=now, now=now))
            workloads: dict[str, Workload] = {
                "start": start_up,
                "scan": scan(transcripts),
                "pipeline": pipeline([server.url(show) for show in range(shows)]),
            }
            chosen = {n: w for n, w in workloads.items() if any(part in n for part in options.only.split(","))}
            return 0 if compare(base, Tree("here", ROOT), chosen, rounds) else 1
        except CommandError as e:
            print(f"podwatch: {e}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the worktree and the server are removed
    sys.exit(main())

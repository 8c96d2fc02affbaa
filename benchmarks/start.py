"""How light the command line starts: each command's CPU time in bare interpreters (`python -I -c pass`), side by side.

    python -m benchmarks.start [--beside /path/of/a/worktree] [--rounds 9]

A second table: a watchlist of 10,000 watches, read, checked and compiled (`watches check`), in CPU seconds.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.harness import check_figure, measure_in_turn, print_table

ROOT = Path(__file__).resolve().parents[1]
HELP, FILES, STORE = 8, 12, 20  # bare interpreters, at most
COMMANDS = {
    "--version": HELP,
    "--help": HELP,
    "scan --help": HELP,
    "feeds add --help": HELP,
    "watches check --help": HELP,
    "watches check w.yaml": FILES,
    "scan talk.vtt --watchlist w.yaml": FILES,
    "feeds list": STORE,
    "mentions": STORE,
    "alerts": STORE,
}
WATCHLIST = "watches:\n- {name: corridor, query: '\"black sea\" NEAR/10 (grain OR initiative) AND NOT recipe'}\n"
TALK = "WEBVTT\n\n00:01.000 --> 00:04.000\nThe Black Sea grain deal.\n"
BARE, SQLALCHEMY = "python -I -c pass", "SQLAlchemy alone, one select"
SELECT = "import sqlalchemy as s; s.create_engine('sqlite://').connect().execute(s.select(s.literal(1))).all()"
BEFORE = "before: "
WATCHES = 10_000
QUARTER = 4.0  # times less CPU than before


def write_watchlist(count: int = WATCHES) -> str:
    """A list as teams have them: queries with operators, phrases and wildcards, and entities with their aliases."""
    dice = random.Random(5)
    names = [
        f"{a}{b}{c}" for a in ("Kar", "Dob", "Wit", "Bel", "Mor") for b in ("en", "ry", "ka") for c in ("nin", "son")
    ]
    rows = ['defaults: {channel: "#podcasts"}', "watches:"]
    for i in range(count):
        a, b, c = (dice.choice(names) for _ in range(3))
        forms = (
            f"    query: '\"{a} {b}{i}\" NEAR/10 ({c} OR {a}{i}) AND NOT recipe'",
            f'    query: \'{a}{i} AND ({b} OR "{c} deal")\'\n    channel: "#trade"  # of the desk',
            f"    entity: {a} {b}{i}\n    aliases: [Envoy {b}{i}, {c}{i}]\n    feeds: {{tags: [news]}}",
            f'    query: >\n      {a}{i}* OR\n      "{b} {c}"~3\n    repeat_after: 12h',
            f"    entity: \"{a} {c}{i}\"\n    exclude: ['{a} Street{i}']\n    skip: [sponsor]\n    minimum: 2",
        )
        rows += [f"  - name: watch-{i}", forms[i % len(forms)]]
    return "\n".join(rows) + "\n"


def cpu_seconds(command: list[str], folder: Path, checkout: Path, home: Path) -> float:
    """User and system time of a command and its processes."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PODWATCH", "SLACK"))}
    env |= {"PYTHONPATH": str(checkout / "pipeline"), "PODWATCH_HOME": str(home)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--beside", type=Path, help="the worktree of another commit")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    other = options.beside.resolve() if options.beside else None
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        (folder / "w.yaml").write_text(WATCHLIST, encoding="utf-8")
        (folder / "talk.vtt").write_text(TALK, encoding="utf-8")
        (folder / "long.yaml").write_text(write_watchlist(), encoding="utf-8")
        podwatch = [sys.executable, "-c", "from podwatch.commands import main; main()"]
        for checkout, home in ((ROOT, "home"), (other, "other")):  # compiled, and with a database
            if checkout is not None:
                subprocess.run([sys.executable, "-m", "compileall", "-q", str(checkout / "pipeline")], check=True)
                cpu_seconds([*podwatch, "feeds", "list"], folder, checkout, folder / home)
        works: dict[str, Callable[[], float]] = {
            BARE: partial(cpu_seconds, [sys.executable, "-I", "-c", "pass"], folder, ROOT, folder),
            SQLALCHEMY: partial(cpu_seconds, [sys.executable, "-c", SELECT], folder, ROOT, folder),
        }
        for command, most in COMMANDS.items():
            for checkout, home, name in ((ROOT, "home", command), (other, "other", BEFORE + command)):
                if checkout is not None:
                    at = folder / (home if most == STORE else "none")
                    works[name] = partial(cpu_seconds, [*podwatch, *command.split()], folder, checkout, at)
        seconds = measure_in_turn(works, options.rounds)
        ratios = {command: seconds[command] / seconds[BARE] for command in works}
        rows = [
            (
                command,
                f"{1000 * seconds[command]:.0f}",
                f"{ratios[command]:.1f}",
                f"{ratios[BEFORE + command]:.1f}" if BEFORE + command in ratios else "-",
                COMMANDS.get(command, "-"),
            )
            for command in (BARE, SQLALCHEMY, *COMMANDS)
        ]
        print_table("A start", ("command", "CPU ms", "bare interpreters", "the other's", "at most"), rows)
        held = [check_figure(c, ratios[c], most, least=False) for c, most in COMMANDS.items()]
        check = [*podwatch, "watches", "check", "long.yaml"]
        lists: dict[str, Callable[[], float]] = {
            "this checkout": partial(cpu_seconds, check, folder, ROOT, folder / "none")
        }
        if other is not None:
            lists["the other"] = partial(cpu_seconds, check, folder, other, folder / "none")
        took = measure_in_turn(lists, min(options.rounds, 3))
        print_table(f"{WATCHES} watches checked", ("checkout", "CPU s"), [(n, f"{s:.2f}") for n, s in took.items()])
        if other is not None:
            held.append(check_figure("times less CPU", took["the other"] / took["this checkout"], QUARTER))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())

"""docs/quickstart.md is what happens: its files are written, its commands run, and what they print is what it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shell import podwatch_as_shown

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from sample_server import PORT, SampleServer  # noqa: E402

PAGE = (ROOT / "docs/quickstart.md").read_text(encoding="utf-8")
ANY = "\u2026"  # stands for what differs


def steps(page: str) -> Iterator[tuple[str, str]]:
    """(kind, text) of each block, in order: yaml, console."""
    yield from re.findall(r"```(yaml|console)\n(.*?)```", page, re.DOTALL)


def commands(block: str) -> Iterator[tuple[str, str]]:
    """(command, what it prints) of a console block."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def pattern(shown: str) -> str:
    """A regular expression of what is shown: an ellipsis in a line is anything, one that is a line any lines."""
    lines = []
    for line in shown.splitlines():
        lines.append(r"(?:.*\n)*?" if line == ANY else re.escape(line).replace(re.escape(ANY), ".*") + r"\n")
    return "".join(lines)


def run(command: str, folder: Path) -> str:
    """What a shell prints for the command, both streams as they come."""
    env = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PODWATCH_HOME": str(folder / "home"),
        "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
    }
    name, *arguments = shlex.split(command)
    if name == "podwatch" and not set(command) & set("|<>&;$*"):
        return podwatch_as_shown(arguments, folder, env)
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return done.stdout.decode()


@pytest.mark.parametrize(
    ("shown", "printed", "is_it"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\nb\n", "a\nc\n", False),
        (f"a\n{ANY}\nb\n", "a\nx\ny\nb\n", True),
        (f"a {ANY} b\n", "a x b\n", True),
        (f"a {ANY} b\n", "a x\nb\n", False),
        ("", "a\n", False),
    ],
)
def test_an_ellipsis_stands_for_anything(shown: str, printed: str, is_it: bool) -> None:
    assert (re.fullmatch(pattern(shown), printed) is not None) is is_it


def test_the_first_hour_is_as_it_is_written(tmp_path: Path) -> None:
    count = 0
    with SampleServer(ROOT / "seeds", port=0) as server:
        for kind, body in steps(PAGE.replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{server.port}")):
            if kind == "yaml":
                (tmp_path / "watchlist.yaml").write_text(body, encoding="utf-8")
                continue
            for command, shown in commands(body):
                printed = run(command, tmp_path)
                assert re.fullmatch(pattern(shown), printed), f"$ {command}\n{printed}"
                count += 1
    assert count >= 12
    assert (tmp_path / "mentions.csv").read_text(encoding="utf-8").count("\n") == 1 + 21

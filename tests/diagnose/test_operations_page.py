"""docs/operations.md says of every check that doctor makes what its alarm means, and of none that it does not make."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import podwatch
from podwatch.diagnose.doctor import CHECKS

LIBRARY = Path(podwatch.__file__).parent
PAGE = LIBRARY.parents[1] / "docs/operations.md"
SOURCES = [*sorted((LIBRARY / "diagnose").glob("*.py")), LIBRARY / "commands/doctor.py"]
MAKERS = ("Finding", "error_finding")


def checks_in(source: str) -> set[str]:
    """The first word of the name of each finding that a module makes."""
    tree = ast.parse(source)
    named = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            name = node.args[0]
            name = named.get(name.id, name) if isinstance(name, ast.Name) else name
            name = name.values[0] if isinstance(name, ast.JoinedStr) else name
            if isinstance(name, ast.Constant):
                found.add(str(name.value).split()[0])
    return found


def test_the_page_has_every_check_of_the_doctor_and_no_other() -> None:
    made = set[str]().union(*(checks_in(p.read_text(encoding="utf-8")) for p in SOURCES))
    # A check that fails as a whole is said under its own name; these two have findings of their own names only.
    made |= set(CHECKS) - {"models", "channels"}
    section = PAGE.read_text(encoding="utf-8").split("## What each alarm means")[1]
    listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert len(made) > 15
    assert sorted(listed) == sorted(made)


def test_a_check_is_read_from_all_the_forms_in_which_it_is_written() -> None:
    source = """
CHECK = "one"
name = f"two {x}"
Finding(CHECK, ok, "")
Finding(name, ok, "")
Finding("three", ok, "")
error_finding(f"four {x}", e)
error_finding(given, e)
"""
    assert checks_in(source) == {"one", "two", "three", "four"}

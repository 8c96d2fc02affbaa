"""The Dockerfile: what its last stage has and has not, and which change builds which layer anew."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Dockerfile").read_text()
IGNORE = (ROOT / ".dockerignore").read_text().splitlines()


def stages() -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage, in order; the last one is called `image`."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE))
    found: dict[str, list[tuple[str, str]]] = {}
    name = "before"
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            name = rest.partition(" AS ")[2] or "image"
        found.setdefault(name, []).append((word, rest))
    return found


def copied(stage: str) -> list[str]:
    """What a stage copies from the checkout."""
    rows = [rest.split() for word, rest in stages()[stage] if word == "COPY"]
    return [source for words in rows if not words[0].startswith("--from") for source in words[:-1]]


def test_every_stage_begins_with_the_same_pinned_base() -> None:
    assert stages()["before"] == [("ARG", "BASE=python:3.11.14-slim-bookworm")]
    assert [rest.split()[0] for s in stages().values() for word, rest in s if word == "FROM"] == [
        "${BASE}",
        "packages",
        "${BASE}",
    ]


def test_the_packages_come_from_the_lock_file_and_change_with_it_alone() -> None:
    assert copied("packages") == ["pyproject.toml", "uv.lock"]
    [sync] = [rest for word, rest in stages()["packages"] if word == "RUN" and "uv sync" in rest]
    assert "--frozen" in sync
    assert "--no-default-groups" in sync
    assert "--no-install-project" in sync
    assert "uv pip check" in sync
    assert ("ARG", 'EXTRAS="scale entities"') in stages()["packages"]


def test_podwatchs_wheel_has_all_that_it_is_made_of() -> None:
    include = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    made_of = {folder.split("/")[0] for folder in include["only-include"]}
    assert made_of <= set(copied("podwatch"))


def test_they_are_compiled_since_the_file_system_is_read_only() -> None:
    env = " ".join(rest for word, rest in stages()["packages"] if word == "ENV")
    assert "UV_COMPILE_BYTECODE=1" in env
    assert any("compileall" in rest for word, rest in stages()["podwatch"] if word == "RUN")


def test_the_last_stage_installs_and_compiles_nothing() -> None:
    run = " ".join(rest for word, rest in stages()["image"] if word == "RUN")
    assert not re.search(r"apt|pip|uv |gcc|make|curl|wget", run)
    assert not any("/uv" in rest for word, rest in stages()["image"] if word == "COPY")


def test_what_changes_often_comes_after_what_is_large() -> None:
    copies = [rest for word, rest in stages()["image"] if word == "COPY"]
    assert copies[0] == "--from=packages /app/.venv /app/.venv"
    assert copies[1] == "--from=podwatch /app/lib /app/lib"
    order = [word for word, _ in stages()["image"]]
    assert order.index("LABEL") > order.index("COPY")  # a new revision builds no layer anew


def test_it_runs_as_a_user_with_a_health_check_and_the_entrypoint() -> None:
    last = dict(stages()["image"])
    assert last["USER"] == "10001:0"
    assert "scripts/health.py" in last["HEALTHCHECK"]
    assert last["ENTRYPOINT"] == '["/app/bin/entrypoint"]'
    assert "org.opencontainers.image.revision" in last["LABEL"]


@pytest.mark.parametrize("stage", ["packages", "podwatch", "image"])
def test_all_that_is_copied_exists_and_reaches_the_builder(stage: str) -> None:
    for source in copied(stage):
        assert list(ROOT.glob(source)), source
        assert f"!{source.split('/')[0]}" in IGNORE, source
        if source.startswith("scripts/"):
            assert f"!{source}" in IGNORE, source


def test_nothing_reaches_the_builder_unless_it_is_named() -> None:
    assert "*" in IGNORE
    assert "scripts/*" in IGNORE
    assert not {"!.", "!.venv", "!.podwatch", "!.env", "!tests"} & set(IGNORE)


def test_the_entrypoint_can_be_executed() -> None:
    assert (ROOT / "scripts/compose_entrypoint.sh").stat().st_mode & 0o111 == 0o111

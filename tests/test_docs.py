"""The documents are held against the code: commands, settings, tables and folders they name exist, and none is left out."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from podwatch.commands import app
from podwatch.known_variables import KNOWN_VARIABLES
from podwatch.notifiers.slack_probe import PRIVATE_CHANNEL_SCOPES, REQUIRED_SCOPES
from podwatch.store.tables import metadata
from podwatch.watchlist.loader import parse_watchlist

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DESIGN = (ROOT / "DESIGN.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
PAGES = {p.name: p.read_text(encoding="utf-8") for p in sorted((ROOT / "docs").glob("*.md"))}
SOURCES = [p for folder in ("pipeline", "plugins", "dags", "scripts") for p in (ROOT / folder).rglob("*.py")]
SOURCES = [p for p in SOURCES if p.name != "known_variables.py"]  # which only lists what the others read
DEPLOYMENT = [ROOT / name for name in ("docker-compose.yml", "Makefile", "Dockerfile")]


def command_table() -> dict[str, click.Command]:
    """The commands and groups of podwatch by their names."""
    context = click.Context(app)
    found = {name: app.get_command(context, name) for name in app.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def commands() -> set[str]:
    """Every command of podwatch, as it is typed."""
    found = set()
    for name, command in command_table().items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}" for sub in inner or ()}
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found.add(name)
    return found


def settings_in(text: str) -> set[str]:
    return set(re.findall(r"\b(?:PODWATCH_[A-Z_]+[A-Z]|SLACK_BOT_TOKEN|SLACK_APP_TOKEN)\b", text))


def test_the_commands_that_the_readme_shows_exist() -> None:
    shown = re.findall(r"\.venv/bin/podwatch ((?:feeds|watches) \w+|\w+)", README)
    assert shown
    assert set(shown) <= commands()


def test_the_changelog_names_every_command_or_its_group() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for command in commands():
        assert f"`{command.split()[0]}`" in text or f"`podwatch {command.split()[0]}`" in text, command


def test_every_setting_is_on_its_page_and_every_one_there_is_read_somewhere() -> None:
    read = set().union(*(settings_in(p.read_text(encoding="utf-8")) for p in [*SOURCES, *DEPLOYMENT]))
    assert read == settings_in(SETTINGS)
    assert read == KNOWN_VARIABLES
    for name, page in {"README.md": README, **PAGES}.items():
        assert settings_in(page) <= read, name


def examples(page: str) -> list[str]:
    """The YAML blocks of a page, without the indentation of a list they may stand in."""
    return [textwrap.dedent(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]


def test_the_example_watchlists_are_right() -> None:
    [first] = examples(README)
    assert [(w.name, w.kind) for w in parse_watchlist(first, "README.md")[0]] == [
        ("black-sea", "query"),
        ("dobrynin", "entity"),
    ]
    [whole] = examples(PAGES["watchlist.md"])
    assert [(w.name, w.kind) for w in parse_watchlist(whole, "watchlist.md")[0]] == [
        ("black-sea", "query"),
        ("dobrynin", "entity"),
        ("who-is-suddenly-talked-about", "surge"),
    ]


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    assert README.count("\n") <= 150
    assert DESIGN.count("\n") <= 200
    for name in PAGES:
        assert f"(docs/{name})" in README, name


def test_the_tables_that_the_design_names_are_the_tables_there_are() -> None:
    section = DESIGN.split("## The tree")[0]
    assert set(re.findall(r"`(\w+)`", section)) - {"poll"} == set(metadata.tables)


def test_every_file_and_folder_of_the_tree_in_the_design_exists_and_none_is_left_out() -> None:
    section = DESIGN.split("## The tree")[1].split("## ")[0]
    tree = "\n".join(line for line in section.splitlines() if line.startswith("    "))
    listed = set(re.findall(r"\b(\w+\.py)\b", tree)) | {f"{d}/" for d in re.findall(r"\b(\w+)/", tree)}
    library = ROOT / "pipeline/podwatch"
    there = {p.name for p in library.glob("*.py") if not p.name.startswith("__")}
    there |= {f"{p.name}/" for p in library.iterdir() if (p / "__init__.py").exists()}
    assert there <= listed
    for name in listed - {"podwatch/", "pipeline/"}:
        assert (library / name).exists() or (ROOT / name).exists() or (ROOT / "plugins" / name).exists(), name


@pytest.mark.parametrize("document", [README, DESIGN, CONTRIBUTING], ids=["README", "DESIGN", "CONTRIBUTING"])
def test_every_make_target_that_is_named_exists(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)\b", document)) <= targets


def test_every_link_to_a_file_leads_somewhere() -> None:
    library = ROOT / "pipeline/podwatch"
    documents = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *library.rglob("*.md"),
        *(ROOT / "benchmarks").rglob("*.md"),
    ]
    for document in documents:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document}: {target}"


def test_the_manifest_asks_for_the_scopes_that_the_doctor_looks_for() -> None:
    [manifest] = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/slack.md").read_text(encoding="utf-8"), re.DOTALL)
    app_ = YAML(typ="safe").load(manifest)
    asked = set(app_["oauth_config"]["scopes"]["bot"])
    assert set(REQUIRED_SCOPES) | set(PRIVATE_CHANNEL_SCOPES) | {"users:read", "im:write"} == asked
    assert app_["settings"]["socket_mode_enabled"] is True
    assert app_["settings"]["interactivity"]["is_enabled"] is True


def test_the_commands_that_the_pages_show_exist() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        shown = re.findall(r"(?:`|/)podwatch ((?:feeds|watches|mute|db|airflow) [\w-]+|\w+)", text)
        assert set(shown) <= commands(), page.name


def test_every_command_says_what_it_does() -> None:
    for name, command in command_table().items():
        for inner in [command, *getattr(command, "commands", {}).values()]:
            assert inner.help, name


def test_the_pictures_are_of_the_cards_as_they_are_now() -> None:
    from scripts.pictures import pictures

    drawn = pictures()
    assert {p.stem for p in (ROOT / "docs").glob("*.svg")} == {*drawn, "packages"}
    for name, svg in drawn.items():
        assert (ROOT / "docs" / f"{name}.svg").read_text(encoding="utf-8") == svg, "run scripts/pictures.py"


def test_the_picture_of_the_packages_is_of_the_imports_as_they_are_now() -> None:
    from scripts.draw_packages import SVG, draw, read_imports

    assert SVG.read_text(encoding="utf-8") == draw(read_imports()), "run scripts/draw_packages.py"

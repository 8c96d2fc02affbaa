"""The command line starts light: which heavy modules each command loads, in a process of its own.

The processes are forked from one that has loaded the command line, and for commands over a database the store, too:
what these load is held against the same table.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from podwatch.commands import SECTIONS, app
from tests.support.shell import podwatch_and_modules

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"sqlalchemy", "alembic", "pydantic", "ruamel", "yaml", "lark", "numpy", "requests", "urllib3", "lxml"}
HEAVY |= {"feedparser", "cryptography", "spacy", "slack_sdk", "rich", "orjson", "listparser", "py3langid"}
WATCHLIST = "watches:\n- name: corridor\n  query: '\"black sea\" NEAR/10 (grain OR initiative)'\n"
OPML = '<opml version="2.0"><body><outline type="rss" text="a" xmlUrl="http://127.0.0.1:9/f"/></body></opml>'
TALK = "WEBVTT\n\n00:01.000 --> 00:04.000\nThe Black Sea grain deal.\n"
COMMANDS = [name for section in SECTIONS.values() for name in section]
FOUND = {name: app.get_command(click.Context(app), name) for name in COMMANDS}
SUBCOMMANDS = [f"{name} {sub}" for name, g in FOUND.items() if isinstance(g, click.Group) for sub in g.commands]
STORE = "sqlalchemy orjson"
# A command without a database, and the heavy modules that it may load; none that is not here.
ALONE = {
    "--version": "",
    "--help": "",
    **{f"{name} --help": "" for name in (*COMMANDS, *SUBCOMMANDS)},
    "completion bash": "",
    "watches check w.yaml": "yaml",
    "watches schema": "pydantic",
    "airflow dags --write .": "",
    "scan talk.vtt --watchlist w.yaml": "yaml orjson",
    "parse talk.vtt": "orjson",
    "preview": "rich orjson",
    "preview talk.vtt --watchlist w.yaml": "yaml rich orjson",
}
# The same of a command over a database with a feed, a watch and a mute; nothing is due.
STORED = {
    "poll": STORE,
    "fetch": STORE,
    "detect": STORE,
    "deliver": STORE,
    "run": STORE,
    "listen": STORE,
    "hearings": STORE,
    "feeds import f.opml": f"{STORE} listparser lxml requests urllib3",
    "feeds add http://127.0.0.1:9/g": f"{STORE} requests urllib3",
    "feeds set 1 --tag a": STORE,
    "feeds disable 1": STORE,
    "feeds enable 1": STORE,
    "feeds remove 1": STORE,
    "feeds export": STORE,
    "feeds list": STORE,
    "watches sync w.yaml": f"{STORE} yaml",
    "watches check w.yaml": f"{STORE} yaml",
    "watches list": STORE,
    "watches learn": f"{STORE} ruamel",
    "mute add --watch corridor --for 2d": STORE,
    "mute list": STORE,
    "audit": STORE,
    "mute end 1": STORE,
    "mentions": STORE,
    "alerts": STORE,
    "entities": STORE,
    "coverage": STORE,
    "backfill --since 2026-01-01 --until 2026-01-02 --dry-run": STORE,
    "backtest --watchlist w.yaml": f"{STORE} yaml",
    "rescan": STORE,
    "search grain": STORE,
    "prune --older-than 1y": STORE,
    "backup f.backup": STORE,
    "db status": STORE,
    "db migrate": STORE,
    "db downgrade 0016 --dry-run": f"{STORE} alembic",
    # It tries every model that is installed; each of these brings others along.
    "doctor": f"{STORE} numpy py3langid spacy rich pydantic requests urllib3",
}
ELSEWHERE = {
    "serve": "until it is stopped",
    "slack": "until it is stopped",
    "mcp": "until it is stopped",
    "airflow pool": "asks an Airflow",
    "airflow exec": "asks an Airflow",
    "restore": "of what backup wrote, into an empty database",
    "explain": "of an alert",
    "alerts release": "of an alert that is held",
    "feeds login": "asks for a password",
    "feeds encrypt-logins": "wants a key",
}


def loaded(arguments: list[str], folder: Path, home: Path, warm: str) -> set[str]:
    """The heavy modules that a process has loaded when the command ends; it has to succeed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PODWATCH", "SLACK", "AIRFLOW"))}
    done, modules = podwatch_and_modules(arguments, folder, env | {"PODWATCH_HOME": str(home)}, warm)
    assert done.returncode == 0, done.stderr
    assert "podwatch" in modules
    return HEAVY & modules


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database: making one takes alembic, once."""
    folder = tmp_path_factory.mktemp("home")
    write_files(folder)
    for command in (
        "feeds import f.opml",
        "feeds disable 1",
        "watches sync w.yaml",
        "mute add --watch corridor --for 2d",
    ):
        loaded(command.split(), folder, folder / "data", "the store")
    return folder / "data"


def write_files(folder: Path) -> None:
    for name, text in (("w.yaml", WATCHLIST), ("talk.vtt", TALK), ("f.opml", OPML)):
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("command", ALONE)
def test_a_command_loads_what_it_needs_and_no_more(command: str, tmp_path: Path) -> None:
    write_files(tmp_path)
    assert loaded(command.split(), tmp_path, tmp_path / "none", "the command line") <= set(ALONE[command].split())


@pytest.mark.parametrize("command", STORED)
def test_a_command_with_the_store_loads_what_it_needs_and_no_more(command: str, tmp_path: Path, home: Path) -> None:
    write_files(tmp_path)
    shutil.copytree(home, tmp_path / "data")
    assert loaded(command.split(), tmp_path, tmp_path / "data", "the store") <= set(STORED[command].split())


def test_a_process_of_its_own_has_loaded_nothing_heavy_for_the_version() -> None:
    """Not forked: what the interpreter itself and the installed packages bring along."""
    code = "import sys; from podwatch.commands import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, "--version"], cwd=ROOT / "pipeline", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not HEAVY & {name.partition(".")[0] for name in done.stderr.split()}


def test_every_command_is_run_in_one_of_the_tables_or_it_is_said_why_not() -> None:
    rows = [row.split() for row in (*ALONE, *STORED) if not row.endswith(" --help")]
    run = {" ".join(words[:n]) for words in rows for n in (1, 2)}
    assert {*COMMANDS, *SUBCOMMANDS} - run == ELSEWHERE.keys()


def test_the_list_of_commands_says_what_their_help_says() -> None:
    context = click.Context(app)
    for name, place in app.places.items():
        command = app.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(400) == place.sentence, name


def test_the_version_is_shown() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert done.exit_code == 0
    assert done.stdout.split()[0] == "podwatch"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_what_the_script_asks_for(shell: str) -> None:
    script = CliRunner().invoke(app, ["completion", shell]).stdout
    assert "_PODWATCH_COMPLETE" in script
    at = "ch" if shell == "fish" else "2"  # fish says the word itself
    asked = {"_PODWATCH_COMPLETE": f"{shell}_complete", "COMP_WORDS": "podwatch watches ch", "COMP_CWORD": at}
    found = CliRunner().invoke(app, [], prog_name="podwatch", env=asked).stdout
    assert "check" in found


LEAVES = [name for name in COMMANDS if not isinstance(FOUND[name], click.Group)] + SUBCOMMANDS


@pytest.mark.parametrize("command", LEAVES)
def test_the_help_of_a_command_has_an_example_of_it(command: str) -> None:
    shown = " ".join(CliRunner().invoke(app, [*command.split(), "--help"]).output.split())
    assert f"podwatch {command}" in shown.partition("Example")[2]

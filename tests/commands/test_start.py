"""The command line starts light: which heavy modules each command loads, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from podwatch.commands import SECTIONS, app

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"sqlalchemy", "alembic", "pydantic", "ruamel", "yaml", "lark", "numpy", "requests", "urllib3", "lxml"}
HEAVY |= {"feedparser", "cryptography", "spacy", "slack_sdk", "rich", "orjson", "listparser", "py3langid"}
WATCHLIST = "watches:\n- name: corridor\n  query: '\"black sea\" NEAR/10 (grain OR initiative)'\n"
STORE = "sqlalchemy orjson"
# A command, and the heavy modules that it may load; none that is not here.
ALLOWED = {
    "--version": "",
    "--help": "",
    **{f"{name} --help": "" for section in SECTIONS.values() for name in section},
    **{f"{group} --help": "" for group in ("feeds add", "watches check", "watches sync", "mute add", "alerts release")},
    "completion bash": "",
    "watches check w.yaml": "yaml",
    "scan talk.vtt --watchlist w.yaml": "yaml orjson",
    "parse talk.vtt": "orjson",
    "feeds list": STORE,
    "mentions": STORE,
    "alerts": STORE,
    "mute list": STORE,
    "coverage": STORE,
}
PROBE = """
import sys
from podwatch.commands import main
sys.argv = ["podwatch", *sys.argv[1:]]
try:
    main()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def loaded(arguments: list[str], folder: Path, home: Path) -> set[str]:
    """The heavy modules that a process has loaded when the command ends; it has to succeed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PODWATCH", "SLACK"))}
    env |= {"PODWATCH_HOME": str(home), "PYTHONPATH": str(ROOT / "pipeline")}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return HEAVY & set(done.stderr.splitlines()[-1].split())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose database is there: making one takes alembic, once."""
    folder = tmp_path_factory.mktemp("home")
    loaded(["feeds", "list"], folder, folder)
    return folder


@pytest.mark.parametrize("command", ALLOWED)
def test_a_command_loads_what_it_needs_and_no_more(command: str, tmp_path: Path, home: Path) -> None:
    (tmp_path / "w.yaml").write_text(WATCHLIST, encoding="utf-8")
    (tmp_path / "talk.vtt").write_text(
        "WEBVTT\n\n00:01.000 --> 00:04.000\nThe Black Sea grain deal.\n", encoding="utf-8"
    )
    where = home if ALLOWED[command] == STORE else tmp_path / "none"
    assert loaded(command.split(), tmp_path, where) <= set(ALLOWED[command].split())


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

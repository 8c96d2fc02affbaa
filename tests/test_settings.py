"""Variables become settings: what each way to write one means, and one line, without any secret, for one that is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from podwatch.errors import SettingsError
from podwatch.known_variables import KNOWN_VARIABLES
from podwatch.settings import describe_unknown, from_environment, unknown_variables

PROXIES = ["http://proxy.example:3128", "https://u:p%40@proxy.example", "http://[::1]:3128"]
NO_PROXIES = [
    "proxy.example:3128",
    "socks5://hunter2@proxy.example",
    "http://",
    "http://hunter2@h:x",
    "http://h:0",
    "http://[::1",
]


@pytest.mark.parametrize("url", PROXIES)
def test_a_proxy_is_an_http_address(url: str) -> None:
    found = from_environment({"PODWATCH_SLACK_PROXY": f" {url} "}).slack_proxy
    assert found.reveal() == url
    assert url not in repr(found)


@pytest.mark.parametrize("url", NO_PROXIES)
def test_what_is_no_proxy_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError, match="PODWATCH_SLACK_PROXY: is not the address of a proxy") as caught:
        from_environment({"PODWATCH_SLACK_PROXY": url})
    assert "hunter2" not in caught.value.line


@pytest.mark.parametrize(("given", "seconds"), [("", 30.0), ("12", 12.0), ("0", 1.0), ("2.5", 2.5)])
def test_slack_has_a_timeout(given: str, seconds: float) -> None:
    assert from_environment({"PODWATCH_SLACK_TIMEOUT": given}).slack_timeout == seconds


# ---- names that are none

MEANT = {
    "PODWATCH_POLL_FLOR": "PODWATCH_POLL_FLOOR",
    "PODWATCH_DATABASE": "PODWATCH_DATABASE_URL",
    "PODWATCH_DATABSE_URL": "PODWATCH_DATABASE_URL",
    "PODWATCH_URL_DATABASE": "PODWATCH_DATABASE_URL",
    "PODWATCH_WEBHOOK": "PODWATCH_WEBHOOKS",
    "PODWATCH_WEBHOOKS_SECRET": "PODWATCH_WEBHOOK_SECRET",
    "PODWATCH_SMPT_URL": "PODWATCH_SMTP_URL",
    "PODWATCH_FROM_MAIL": "PODWATCH_MAIL_FROM",
    "PODWATCH_SLACK_BOT_TOKEN": "SLACK_BOT_TOKEN",
    "PODWATCH_SLACK_APP_TOKEN": "SLACK_APP_TOKEN",
    "PODWATCH_ALLOWED_ADDRESSES": "PODWATCH_ALLOW_ADDRESSES",
    "PODWATCH_ENTITY": "PODWATCH_ENTITIES",
    "podwatch_home": "PODWATCH_HOME",
    "Podwatch_Contact": "PODWATCH_CONTACT",
    "PODWATCH_SOMETHING_ELSE": "",
    "PODWATCH_": "",
}


@pytest.mark.parametrize("name", MEANT)
def test_a_mistyped_variable_is_found_with_what_was_meant(name: str) -> None:
    assert unknown_variables({name: "x", "PATH": "/bin"}) == {name: MEANT[name]}


def test_every_known_name_other_programs_names_and_empty_ones_are_no_mistake() -> None:
    known = dict.fromkeys(KNOWN_VARIABLES, "x")
    others = {"PATH": "x", "SLACK_TOKEN": "x", "MY_PODWATCH_HOME": "x", "PODWATCH": "x", "PODWATCH_REAL_FEEDS": "x"}
    assert unknown_variables({**known, **others, "PODWATCH_POLL_FLOR": " "}) == {}
    assert describe_unknown(known) == ""


def test_the_line_names_all_of_them_and_none_of_their_values() -> None:
    line = describe_unknown({"PODWATCH_POLL_FLOR": "hunter2", "PODWATCH_SOMETHING": "hunter2"})
    assert line == (
        "ignored, since podwatch has no such settings: PODWATCH_POLL_FLOR (did you mean PODWATCH_POLL_FLOOR?), "
        "PODWATCH_SOMETHING - see docs/settings.md"
    )


COMMANDS = [("feeds", "list"), ("mentions", "--json"), ("watches", "list"), ("run", "--json")]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_so_in_one_line_on_stderr(command: tuple[str, ...], tmp_path: Path) -> None:
    env = os.environ | {"PODWATCH_HOME": str(tmp_path), "PODWATCH_POLL_FLOR": "9", "PODWATCH_ENTITIES": "off"}
    run = [sys.executable, "-m", "podwatch", *command]
    done = subprocess.run(run, env=env, capture_output=True, text=True, timeout=600, check=False)
    said = [line for line in done.stderr.splitlines() if "PODWATCH_" in line]
    assert len(said) == 1
    assert said[0].startswith(
        "podwatch: ignored, since podwatch has no such settings: PODWATCH_POLL_FLOR (did you mean "
    )
    assert "PODWATCH_POLL_FLOR" not in done.stdout


def test_the_doctor_notes_it(tmp_path: Path) -> None:
    env = os.environ | {"PODWATCH_HOME": str(tmp_path), "PODWATCH_POLL_FLOR": "9", "PODWATCH_ENTITIES": "off"}
    run = [sys.executable, "-m", "podwatch", "doctor", "--json"]
    done = subprocess.run(run, env=env, capture_output=True, text=True, timeout=600, check=False)
    [row] = [r for r in map(json.loads, done.stdout.splitlines()) if r["check"] == "setting PODWATCH_POLL_FLOR"]
    assert (row["state"], row["todo"]) == ("note", "did you mean PODWATCH_POLL_FLOOR?")
    assert "PODWATCH_POLL_FLOR" not in done.stderr


# PODWATCH_HEAR_AGAIN, whether names in doubt are heard again, and whether likely ones are listened for as well
HEARD_AGAIN = [
    ("", False, False),
    ("off", False, False),
    ("on", True, False),
    ("wide", True, True),
    ("WIDE", True, True),
]


@pytest.mark.parametrize(("value", "again", "widely"), HEARD_AGAIN)
def test_names_are_heard_again_where_that_is_on_and_widely_where_it_says_so(
    value: str, again: bool, widely: bool
) -> None:
    speech = from_environment({"PODWATCH_HEAR_AGAIN": value}).speech
    assert (speech.again, speech.again_widely) == (again, widely)

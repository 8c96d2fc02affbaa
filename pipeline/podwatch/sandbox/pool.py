"""A pool of worker processes that parse within limits, so that no document can take the machine with it.

feedparser and lxml on a stranger's bytes can run for minutes or fill the memory (100,000 attributes, an author's name
of 128 KB, 100,000 nested tags). A worker that does dies of its own limits, the document gets one clear error, and the
next job a new worker. Workers are started when they are needed and kept: starting one costs as much as a hundred feeds.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import orjson

from podwatch.errors import PodwatchError
from podwatch.sandbox.worker import FAILED, HEAD, MEMORY_OUT, receive

ROOT = Path(__file__).resolve().parents[2]
Part = bytes | memoryview
JOBS_PER_WORKER = 2_000  # after so many a worker is replaced: whatever its libraries leak ends with it
SMALL_BYTES = 64 * 1024  # bytes of a document
LARGEST_ANSWER = 256 * 1024 * 1024
INHERITED_VARIABLES = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPYCACHEPREFIX",
    "VIRTUAL_ENV",
)
TOO_LONG, TOO_LARGE = "takes too long to parse", "needs too much memory to parse"


class SandboxError(PodwatchError):
    """A job that could not be done, with the reason alone: whose job it was, the asker knows."""


class _WorkerDied(Exception):
    """A worker that gave no answer, with the reason."""


class _Worker:
    """One process and the line to it."""

    def __init__(self) -> None:
        self.jobs = 0
        self.line, theirs = socket.socketpair()
        # Only what Python needs: a stranger's bytes are parsed here, and the settings hold secrets.
        env = {"OPENBLAS_NUM_THREADS": "1"} | {
            name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ
        }
        env["PYTHONPATH"] = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH")) if p)
        life, self._alive = os.pipe()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from podwatch.sandbox.worker import main; main()", str(life)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=env,
                cwd="/",
                pass_fds=(life,),
            )
        finally:
            theirs.close()
            os.close(life)

    def request(self, job: bytes, parts: Sequence[Part], deadline: float) -> tuple[int, bytearray]:
        """The kind and the bytes of the answer."""
        self.jobs += 1
        size = sum(map(len, parts))
        try:
            self.line.settimeout(max(0.1, deadline - time.monotonic()))
            asked = HEAD.pack(len(job), size) + job
            # In one piece where that is cheap: each call gives the interpreter away, and waits for it again.
            for piece in [b"".join((asked, *parts))] if size <= SMALL_BYTES else (asked, *parts):
                self.line.sendall(piece)
            # The answer comes at once when it is ready: one wait with a deadline, then the bytes.
            poll = select.poll()
            poll.register(self.line, select.POLLIN)
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise _WorkerDied(TOO_LONG)
            head = receive(self.line, HEAD.size)
            if not head:
                raise _WorkerDied(self._describe_end())
            kind, length = HEAD.unpack(head)
            if length > LARGEST_ANSWER:
                raise _WorkerDied(TOO_LARGE)
            data = receive(self.line, length)
            if length and not data:
                raise _WorkerDied(self._describe_end())
        except TimeoutError:
            raise _WorkerDied(TOO_LONG) from None
        except OSError:
            raise _WorkerDied(self._describe_end()) from None
        return kind, data

    def _describe_end(self) -> str:
        try:
            code = self.process.wait(5)
        except subprocess.TimeoutExpired:
            return TOO_LONG
        if code == -signal.SIGXCPU:
            return TOO_LONG
        if code in (-signal.SIGKILL, -signal.SIGABRT, -signal.SIGSEGV):
            return TOO_LARGE  # out of memory where nothing can be raised, or killed by the system for it
        return f"breaks the parser (exit {code})"

    def close(self, *, ours: bool = True) -> None:
        """Hangs up and sees the process off. ours: False in a fork, where it belongs to the parent."""
        if self.line.fileno() < 0:
            return
        self.line.close()
        os.close(self._alive)
        if not ours:
            self.process.returncode = 0  # nothing of ours to wait for
            return
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Sandbox:
    """At most ``size`` workers, by default one a core. Threads may share it; a fork starts its own."""

    def __init__(self, size: int | None = None) -> None:
        self._size = size or os.cpu_count() or 1
        self._idle: list[_Worker] = []
        self._closed = False
        self._begin()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """With no workers: those of a parent that was forked answer the parent."""
        for worker in self._idle:
            worker.close(ours=False)
        self._idle = []
        self._places = threading.BoundedSemaphore(self._size)
        self._lock = threading.Lock()
        self._waited = False

    def was_saturated(self) -> bool:
        """Whether a job had to wait for a worker since this was asked last."""
        waited, self._waited = self._waited, False
        return waited

    def run(self, kind: str, job: Mapping[str, str], parts: Sequence[Part], cpu: float) -> bytes:
        """The answer to a job of worker.KINDS over a document in parts.

        Raises BoxError when it takes more than ``cpu`` seconds or too much memory, or with what the job itself said.
        """
        plain = {name: value.encode("utf-8", "replace").decode() for name, value in job.items()}
        data = orjson.dumps({**plain, "kind": kind, "cpu": cpu})
        if not self._places.acquire(blocking=False):
            self._waited = True
            self._places.acquire()
        try:
            worker, healthy = self._acquire(), False
            try:
                said, found = self._request(worker, data, parts, cpu)
                if said == MEMORY_OUT and worker.jobs > 1:  # perhaps what earlier jobs left behind: once more, fresh
                    worker.close()
                    worker = _Worker()
                    said, found = self._request(worker, data, parts, cpu)
                healthy = said != MEMORY_OUT
            except _WorkerDied as e:
                raise SandboxError(str(e)) from None
            finally:
                if healthy:
                    self._release(worker)
                else:
                    worker.close()
        finally:
            self._places.release()
        if said == MEMORY_OUT:
            raise SandboxError(TOO_LARGE)
        if said == FAILED:
            raise SandboxError(found.decode("utf-8", "replace"))
        return bytes(found)

    def _request(self, worker: _Worker, job: bytes, parts: Sequence[Part], cpu: float) -> tuple[int, bytearray]:
        return worker.request(job, parts, time.monotonic() + 20.0 + 4.0 * cpu)

    def _acquire(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.process.poll() is None:
                    return worker
                worker.close()
        return _Worker()

    def _release(self, worker: _Worker) -> None:
        with self._lock:
            if worker.jobs < JOBS_PER_WORKER and not self._closed:
                self._idle.append(worker)
                return
        worker.close()

    def close(self) -> None:
        """Ends the idle workers; one that is busy ends with its job, and is needed no more."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()


@cache
def shared_sandbox() -> Sandbox:
    """The workers that this process has."""
    return Sandbox()

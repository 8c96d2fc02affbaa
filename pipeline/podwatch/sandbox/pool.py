"""A pool of worker processes that parse untrusted documents within limits on memory, CPU time and files.

feedparser and lxml can run for minutes or fill the memory (100,000 attributes, an author of 128 KB, 100,000 nested
tags). A worker that reaches its limits ends, its document gets one clear error, and the next document a new worker.
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
JOBS_PER_WORKER = 2_000  # then it is replaced, and what its libraries have leaked is freed
SMALL_BYTES = 64 * 1024  # of a document that is sent in one piece
MAX_ANSWER_BYTES = 256 * 1024 * 1024
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
    """A job that could not be done. ``what`` is the reason; the caller knows which document it was."""


def bare_environment() -> dict[str, str]:
    """What Python needs, no more: untrusted bytes are read there, and the other variables hold secrets."""
    env = {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}
    path = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH")) if p)
    return {"OPENBLAS_NUM_THREADS": "1"} | env | {"PYTHONPATH": path}


class _WorkerDied(Exception):
    """A worker that ended without an answer, with the reason."""


class _Worker:
    """One process, and the socket pair over which it gets jobs and answers them."""

    def __init__(self) -> None:
        self.jobs = 0
        self.socket, theirs = socket.socketpair()
        reading, self._life_pipe = os.pipe()  # the worker ends when the last writer of it is closed
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from podwatch.sandbox.worker import main; main()", str(reading)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=bare_environment(),
                cwd="/",
                pass_fds=(reading,),
            )
        finally:
            theirs.close()
            os.close(reading)

    def request(self, job: bytes, parts: Sequence[Part], deadline: float) -> tuple[int, bytearray]:
        """(kind, bytes) of the answer. deadline: the time.monotonic() until which it is waited for."""
        self.jobs += 1
        size = sum(map(len, parts))
        try:
            self.socket.settimeout(max(0.1, deadline - time.monotonic()))
            head = HEAD.pack(len(job), size) + job
            # In one piece where that is cheap: each call releases the interpreter, and waits for it again.
            for piece in [b"".join((head, *parts))] if size <= SMALL_BYTES else (head, *parts):
                self.socket.sendall(piece)
            # Its bytes come at once when it is ready: so one wait has the deadline.
            poll = select.poll()
            poll.register(self.socket, select.POLLIN)
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise _WorkerDied(TOO_LONG)
            answer_head = receive(self.socket, HEAD.size)
            if not answer_head:
                raise _WorkerDied(self._describe_end())
            kind, length = HEAD.unpack(answer_head)
            if length > MAX_ANSWER_BYTES:
                raise _WorkerDied(TOO_LARGE)
            data = receive(self.socket, length)
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

    def close(self, *, is_ours: bool = True) -> None:
        """Ends the process. is_ours: False in a fork, where it goes on for the parent."""
        if self.socket.fileno() < 0:
            return
        self.socket.close()
        os.close(self._life_pipe)
        if not is_ours:
            self.process.returncode = 0  # not our child: nothing to wait for
            return
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Sandbox:
    """At most ``size`` workers, by default one a core, started when needed. Threads share it; a fork has its own."""

    def __init__(self, size: int | None = None) -> None:
        self._size = size or os.cpu_count() or 1
        self._idle: list[_Worker] = []
        self._closed = False
        self._reset()
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        """Begins without workers; in a fork the idle ones are the parent's."""
        for worker in self._idle:
            worker.close(is_ours=False)
        self._idle = []
        self._slots = threading.BoundedSemaphore(self._size)
        self._lock = threading.Lock()
        self._has_waited = False

    def was_saturated(self) -> bool:
        """Whether a job has had to wait for a worker since the last call."""
        waited, self._has_waited = self._has_waited, False
        return waited

    def run(self, kind: str, job: Mapping[str, str], parts: Sequence[Part], cpu: float) -> bytes:
        """The answer to a job over a document in parts. kind: see worker.KINDS. cpu: seconds that it may take.

        Raises SandboxError when it takes more CPU time or memory than it may, or with the error that the job raised.
        """
        plain = {name: value.encode("utf-8", "replace").decode() for name, value in job.items()}
        data = orjson.dumps({**plain, "kind": kind, "cpu": cpu})
        if not self._slots.acquire(blocking=False):
            self._has_waited = True
            self._slots.acquire()
        try:
            worker, is_healthy = self._acquire(), False
            try:
                outcome, answer = self._request(worker, data, parts, cpu)
                if outcome == MEMORY_OUT and worker.jobs > 1:  # perhaps earlier jobs left memory behind: once more
                    worker.close()
                    worker = _Worker()
                    outcome, answer = self._request(worker, data, parts, cpu)
                is_healthy = outcome != MEMORY_OUT
            except _WorkerDied as e:
                raise SandboxError(str(e)) from None
            finally:
                if is_healthy:
                    self._release(worker)
                else:
                    worker.close()
        finally:
            self._slots.release()
        if outcome == MEMORY_OUT:
            raise SandboxError(TOO_LARGE)
        if outcome == FAILED:
            raise SandboxError(answer.decode("utf-8", "replace"))
        return bytes(answer)

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
        """Ends the idle workers; a busy one ends with its job."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()


@cache
def shared_sandbox() -> Sandbox:
    """The pool of this process."""
    return Sandbox()

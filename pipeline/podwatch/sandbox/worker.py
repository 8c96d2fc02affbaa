"""The process in which strangers' bytes are parsed: started by the pool beside it.

It reads a job from its standard input, answers on it, and waits for the next. Each job may take so much CPU time, the
process so much memory, and it writes no file but what KINDS says. When the parent is gone, so is the worker, in the
middle of a job too: the kernel sends a signal when the last writer of a pipe that nobody writes to is gone. (A thread
could not: a regular expression holds the interpreter. PR_SET_PDEATHSIG means the thread that started the worker, and
threads come and go.)
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import resource
import socket
import struct
import sys
import time
from importlib import import_module

import orjson

MB = 1024 * 1024
# What is parsed here: kind of job -> (module, function, bytes of address space and of a file that it may take). The
# function takes the document, the job and the CPU seconds at its start, and returns the answer's bytes. Transcripts
# may write a file because the model that tells languages is unpacked into one when it is loaded.
KINDS = {
    "feed": ("podwatch.feeds.document_parser", "run_job", 512 * MB, 0),
    "transcript": ("podwatch.transcripts.sandboxed", "run_job", 1024 * MB, 128 * MB),
}
HEAD = struct.Struct("<II")  # of a job: bytes of its JSON, bytes of the document. Of an answer: kind, bytes
ANSWER, FAILED, MEMORY_OUT = 0, 1, 2


def main() -> None:
    """Answers jobs until the other end hangs up."""
    line = socket.socket(fileno=0)
    _end_when_closed(int(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from podwatch.errors import PodwatchError

    while head := receive(line, HEAD.size):
        size, length = HEAD.unpack(head)
        job = orjson.loads(receive(line, size))
        module, function, memory, file = KINDS[job["kind"]]
        _limit(resource.RLIMIT_FSIZE, file)
        answer_to = getattr(import_module(module), function)
        _limit(resource.RLIMIT_AS, memory)
        started = time.process_time()
        _limit(resource.RLIMIT_CPU, math.ceil(started + job["cpu"]))
        try:
            answer = answer_to(bytes(receive(line, length)), job, started)
        except PodwatchError as e:
            send(line, FAILED, e.what.encode())
        except MemoryError:
            send(line, MEMORY_OUT, b"")
            return
        else:
            send(line, ANSWER, answer)


def _limit(what: int, most: int) -> None:
    """Until the next job."""
    resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def _end_when_closed(pipe: int) -> None:
    """Lets SIGIO, which ends a process that does not handle it, come when the pipe's other end is closed."""
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        if not os.read(pipe, 1):  # it was closed before
            os._exit(0)


def receive(line: socket.socket, size: int) -> bytearray:
    """Exactly ``size`` bytes; none when the other end hung up."""
    data = bytearray(size)
    view = memoryview(data)
    got = 0
    while got < size:
        n = line.recv_into(view[got:])
        if n == 0:
            return bytearray()
        got += n
    return data


def send(line: socket.socket, kind: int, data: bytes) -> None:
    line.sendall(HEAD.pack(kind, len(data)) + data)

"""The process in which untrusted documents are parsed, started by the pool beside it.

It reads a job from its standard input, answers on it, and waits for the next, within the limits of KINDS. It ends with
its parent, in the middle of a job, too: the kernel signals when the last writer of a pipe that nobody writes to is
closed. (A thread could not look after that, since a regular expression holds the interpreter; PR_SET_PDEATHSIG fires
when the thread ends that started the worker.)
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
# Kind of job -> (module, function, bytes of address space, bytes of a file that it may write). The function takes the
# document, the job and the CPU seconds at its start, and returns the answer's bytes. Transcripts may write a file
# because the language model is unpacked into one when it is loaded.
KINDS = {
    "feed": ("podwatch.feeds.document_parser", "run_job", 512 * MB, 0),
    "transcript": ("podwatch.transcripts.sandboxed", "run_job", 1024 * MB, 128 * MB),
}
HEAD = struct.Struct("<II")  # of a job: bytes of its JSON, bytes of the document; of an answer: outcome, bytes
ANSWER, FAILED, MEMORY_OUT = 0, 1, 2


def main() -> None:
    """Answers jobs until the other end closes the socket."""
    connection = socket.socket(fileno=0)
    end_when_closed(int(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from podwatch.errors import PodwatchError

    while head := receive(connection, HEAD.size):
        size, length = HEAD.unpack(head)
        job = orjson.loads(receive(connection, size))
        module, function, memory, file = KINDS[job["kind"]]
        _limit(resource.RLIMIT_FSIZE, file)
        answer_to = getattr(import_module(module), function)
        _limit(resource.RLIMIT_AS, memory)
        started = time.process_time()
        _limit(resource.RLIMIT_CPU, math.ceil(started + job["cpu"]))
        try:
            answer = answer_to(bytes(receive(connection, length)), job, started)
        except PodwatchError as e:
            send(connection, FAILED, e.what.encode())
        except MemoryError:
            send(connection, MEMORY_OUT, b"")
            return
        else:
            send(connection, ANSWER, answer)


def _limit(kind: int, most: int) -> None:
    """Sets a soft limit, which the next job may raise."""
    resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def end_when_closed(pipe: int) -> None:
    """Asks for SIGIO, which ends a process that does not handle it, when the other end of the pipe is closed."""
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        if not os.read(pipe, 1):  # closed already
            os._exit(0)


def receive(connection: socket.socket, size: int) -> bytearray:
    """Exactly ``size`` bytes; none when the other end was closed."""
    data = bytearray(size)
    view = memoryview(data)
    got = 0
    while got < size:
        n = connection.recv_into(view[got:])
        if n == 0:
            return bytearray()
        got += n
    return data


def send(connection: socket.socket, outcome: int, data: bytes) -> None:
    connection.sendall(HEAD.pack(outcome, len(data)) + data)

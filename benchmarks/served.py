"""What the servers of the benchmarks have in common: a process of its own, so that what it costs is not measured.

    class Files(Served):
        def __init__(self, bodies: list[bytes]) -> None:
            super().__init__(_files, bodies)

The function is given the other end of a pipe and the arguments, and says its port on it first.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self


class Served:
    """Runs from ``with`` on; ``port`` is known then, and ``_pipe`` leads to it."""

    def __init__(self, serve: Callable[..., None], *arguments: Any) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=serve, args=(theirs, *arguments), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self.port = int(self._pipe.recv())
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._process.terminate()
        self._process.join()

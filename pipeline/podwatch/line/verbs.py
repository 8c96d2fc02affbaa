"""The four verbs by name, in their order: for commands and Airflow tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import import_module
from typing import Protocol

from podwatch.model import ALL, Shard, Tally
from podwatch.runtime import Runtime


class Verb(Protocol):
    """What is due now, of a shard or all of it."""

    def __call__(self, rt: Runtime, now: datetime, shard: Shard = ALL) -> Tally: ...


class Line(Mapping[str, Verb]):
    """Each verb is a function of its own module, which is loaded when it is asked for: a task needs one of them."""

    _names = ("poll", "fetch", "detect", "deliver")

    def __getitem__(self, name: str) -> Verb:
        if name not in self._names:
            raise KeyError(name)
        verb: Verb = getattr(import_module(f"podwatch.line.{name}"), name)
        return verb

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


LINE: Mapping[str, Verb] = Line()

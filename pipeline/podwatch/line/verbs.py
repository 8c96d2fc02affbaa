"""The four verbs by name, in their order: for commands and Airflow tasks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from podwatch.line.deliver import deliver
from podwatch.line.detect import detect
from podwatch.line.fetch import fetch
from podwatch.line.poll import poll
from podwatch.model import ALL, Shard, Tally
from podwatch.runtime import Runtime


class Verb(Protocol):
    """What is due now, of a shard or all of it."""

    def __call__(self, rt: Runtime, now: datetime, shard: Shard = ALL) -> Tally: ...


LINE: Mapping[str, Verb] = MappingProxyType({"poll": poll, "fetch": fetch, "detect": detect, "deliver": deliver})

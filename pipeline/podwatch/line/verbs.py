"""The four verbs by name, in their order: for commands and Airflow tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from podwatch.line.deliver import deliver
from podwatch.line.detect import detect
from podwatch.line.fetch import fetch
from podwatch.line.poll import poll
from podwatch.model import Tally
from podwatch.runtime import Runtime

LINE: Mapping[str, Callable[[Runtime, datetime], Tally]] = MappingProxyType(
    {"poll": poll, "fetch": fetch, "detect": detect, "deliver": deliver}
)

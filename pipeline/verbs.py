"""The line: the four verbs in their order, for whoever runs them by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from pipeline.deliver import deliver
from pipeline.detect import detect
from pipeline.fetch import fetch
from pipeline.model import Tally
from pipeline.poll import poll
from pipeline.runtime import Runtime

LINE: Mapping[str, Callable[[Runtime, datetime], Tally]] = MappingProxyType(
    {"poll": poll, "fetch": fetch, "detect": detect, "deliver": deliver}
)

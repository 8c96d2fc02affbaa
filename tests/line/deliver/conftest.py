"""A delivery scenario with a channel of its own for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.settings import Settings
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.emulator import Emulator

_names = itertools.count(1)


@pytest.fixture
def scenario(settings: Settings, workspace: Emulator, now: datetime) -> Iterator[DeliveryScenario]:
    quick = replace(settings, pace=DeliveryTiming(interval=0.0, stay=0.0, timeout=2.0))
    with DeliveryScenario(quick, workspace, f"#d{next(_names)}", now) as made:
        yield made

"""A watch says which names it looks for by their sound as the engine reads it."""

from __future__ import annotations

from typing import Any

import pytest

from podwatch.model import Watch
from podwatch.query import build_engine

WATCHES: dict[str, dict[str, Any]] = {
    "an entity": {"entity": "Steve Witkoff", "sounds_like": True, "aliases": ("the envoy",)},
    "an entity that is not looked for by its sound": {"entity": "Steve Witkoff"},
    "a word": {"query": "~~Witkoff"},
    "a phrase": {"query": '~~"Steve Witkoff"'},
    "with blanks": {"query": '~~ "Steve Witkoff "  AND deal'},
    "with a case": {"query": '~~="Steve Witkoff"'},
    "curly quotes": {"query": "~~“Steve Witkoff”"},
    "several": {"query": '(~~Witkoff OR ~~"Kaja Kallas") NEAR/9 deal AND NOT ~~Wu'},
    "twice": {"query": "~~Witkoff OR (deal AND ~~Witkoff)"},
    "with a hyphen and an apostrophe": {"query": "~~Al-Sisi OR ~~O'Brien"},
    "right to left": {"query": '~~"محمد" OR ~~דוד'},
    "near, many times": {"query": "~~Witkoff{2,}"},
    "none": {"query": "grain~1 AND deal"},
}


@pytest.mark.parametrize("case", WATCHES, ids=str)
def test_the_names_of_a_watch_are_those_that_the_engine_looks_for_by_sound(case: str) -> None:
    watch = Watch(name="w", **WATCHES[case])
    engine = build_engine([watch])
    assert not engine.broken
    asked = [name.full for name in engine._name_matcher.names] if engine.goes_by_sound else []
    assert sorted(watch.names_by_sound) == sorted(asked)
    assert bool(asked) == ("none" not in case and "not looked for" not in case)

"""Which verbs a task loads: those with something to do; once an hour, or where nobody can tell, all of them."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from podwatch.line.heartbeat import finish_line
from podwatch.line.idle import ALL_VERBS, EVERYTHING, FULL_EVERY, DueVerbs, find_due_verbs, finish_idle_line
from podwatch.model import Feed
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.store.marks import ANNOUNCED, COMPLETE_LINE, FULL_DELIVER, FULL_LINE

NOTHING = DueVerbs(frozenset())


@pytest.fixture
def idle(rt: Runtime) -> Runtime:
    """All verbs ran just now, and left nothing to do."""
    rt.store.set_mark(ANNOUNCED, rt.store.clock(), "0")
    finish_line(rt, rt.store.clock())
    return rt


def test_where_all_verbs_ran_a_moment_ago_only_those_that_have_something_to_do(idle: Runtime) -> None:
    assert find_due_verbs(idle.settings) == NOTHING
    idle.store.add_feeds([Feed(url="https://a.example/feed")], idle.store.clock())
    assert find_due_verbs(idle.settings) == DueVerbs(frozenset(["poll"]))


def test_an_hour_after_all_verbs_ran_they_do_again(idle: Runtime) -> None:
    idle.store.set_mark(FULL_LINE, idle.store.clock() - FULL_EVERY)
    assert find_due_verbs(idle.settings) == EVERYTHING
    finish_line(idle, idle.store.clock(), is_full=False)
    assert find_due_verbs(idle.settings) == EVERYTHING
    finish_line(idle, idle.store.clock())
    assert find_due_verbs(idle.settings) == NOTHING


def test_a_clock_that_was_set_back_keeps_nothing_from_running(idle: Runtime) -> None:
    idle.store.set_mark(FULL_LINE, idle.store.clock() + timedelta(days=1))
    assert find_due_verbs(idle.settings) == EVERYTHING


def test_deliver_alone_goes_by_its_own_last_run_or_that_of_the_line(idle: Runtime) -> None:
    long_ago = idle.store.clock() - FULL_EVERY
    assert find_due_verbs(idle.settings, deliver_alone=True) == NOTHING
    idle.store.set_mark(FULL_LINE, long_ago)
    assert find_due_verbs(idle.settings, deliver_alone=True) == EVERYTHING
    idle.store.set_mark(FULL_DELIVER, idle.store.clock())
    assert find_due_verbs(idle.settings, deliver_alone=True) == NOTHING
    assert find_due_verbs(idle.settings) == EVERYTHING


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.db", "postgresql://127.0.0.1:1/none", "what"])
def test_where_nobody_can_tell_the_verbs_run_and_say_what_is_wrong(settings: Settings, url: str) -> None:
    unreachable = Settings(home=settings.home, database_url=Secret(url))
    assert find_due_verbs(unreachable) == EVERYTHING
    assert EVERYTHING.verbs == ALL_VERBS


def test_a_line_that_found_nothing_is_complete_and_not_full(idle: Runtime) -> None:
    before = idle.store.mark(FULL_LINE)
    finish_idle_line(idle.settings)
    complete, full = idle.store.mark(COMPLETE_LINE), idle.store.mark(FULL_LINE)
    assert full == before
    assert complete is not None
    assert full is not None
    assert complete.at > full.at


def test_to_ask_loads_nothing_of_what_the_verbs_need() -> None:
    code = "import sys, podwatch.line.idle; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = (
        "runtime",
        "store.database.",
        "store.poll",
        "net.",
        "query",
        "notifiers",
        "transcripts",
        "feeds",
        "entities",
        "speech.",
    )
    assert [m for m in loaded if m.startswith(tuple(f"podwatch.{h}" for h in heavy))] == []

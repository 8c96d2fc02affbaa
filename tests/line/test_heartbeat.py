"""A complete line is recorded and told to the heartbeat's address; whatever that answers, no run fails of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from podwatch import runtime
from podwatch.commands import app
from podwatch.errors import SettingsError
from podwatch.line.heartbeat import finish_line, report_broken_line
from podwatch.model import Feed
from podwatch.runtime import Runtime
from podwatch.settings import Secret, from_environment
from podwatch.store.marks import COMPLETE_LINE, HEARTBEAT
from podwatch.store.tables import feeds
from tests.support.podcast_host import Podcast

TOKEN = "/ping/5f1c0ffe"


def with_heartbeat(rt: Runtime, url: str, **changes: Any) -> Runtime:
    return runtime.build(replace(rt.settings, heartbeat_url=Secret(url), **changes))


def run(rt: Runtime, *arguments: str, **env: str) -> Result:
    ours = {
        "PODWATCH_HOME": str(rt.settings.home),
        "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
        "PODWATCH_ENTITIES": "off",
    }
    return CliRunner().invoke(app, arguments, env=ours | env)


def test_a_complete_line_is_recorded_and_the_address_asked(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    with with_heartbeat(rt, podcast.serve(TOKEN, "OK", "text/plain")) as watched:
        assert finish_line(watched, now) is None
    assert podcast.statuses[TOKEN] == [200]
    assert [getattr(rt.store.mark(name), "at", None) for name in (COMPLETE_LINE, HEARTBEAT)] == [now, now]


def test_without_an_address_only_the_line_is_recorded(rt: Runtime, now: datetime) -> None:
    assert finish_line(rt, now) is None
    assert rt.store.mark(COMPLETE_LINE) is not None
    assert rt.store.mark(HEARTBEAT) is None


@pytest.mark.parametrize("status", [202, 204])
def test_any_success_is_one(rt: Runtime, podcast: Podcast, now: datetime, status: int) -> None:
    with with_heartbeat(rt, podcast.fail(TOKEN, status)) as watched:
        assert finish_line(watched, now) is None
    assert rt.store.mark(HEARTBEAT) is not None


# case: (status and headers of the answer, what is said)
REFUSALS: dict[str, tuple[int, dict[str, str], str]] = {
    "it is down": (503, {}, "the server answered 503 Service Unavailable"),
    "it knows no such address": (404, {}, "the server answered 404 Not Found - check the address"),
    "it sends on to nowhere": (302, {"Location": "ftp://x.example/5f1c0ffe"}, "is sent on to ... and there:"),
}


@pytest.mark.parametrize("case", REFUSALS, ids=str)
def test_a_refusal_is_one_warning_that_shows_nothing_of_the_address_but_its_host(
    case: str, rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    status, headers, said = REFUSALS[case]
    with with_heartbeat(rt, podcast.fail(TOKEN, status, 1, **headers)) as watched:
        warning = finish_line(watched, now) or ""
    assert warning.startswith("heartbeat to 127.0.0.1: ")
    assert said.partition(" - ")[0] in warning
    assert "5f1c0ffe" not in warning
    assert rt.store.mark(COMPLETE_LINE) is not None
    assert rt.store.mark(HEARTBEAT) is None


def test_an_internal_address_has_to_be_allowed(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    with with_heartbeat(rt, podcast.serve(TOKEN, "OK"), allow_addresses=()) as watched:
        warning = finish_line(watched, now) or ""
    assert "PODWATCH_ALLOW_ADDRESSES" in warning
    assert podcast.statuses[TOKEN] == []


def test_the_fail_address_is_asked_only_when_the_settings_say_so(rt: Runtime, podcast: Podcast) -> None:
    url = podcast.serve(TOKEN, "OK") + "?rid=7"
    podcast.serve(f"{TOKEN}/fail", "OK")
    with with_heartbeat(rt, url) as watched:
        assert report_broken_line(watched) is None
    assert podcast.statuses[f"{TOKEN}/fail"] == []
    with with_heartbeat(rt, url, heartbeat_fail=True) as watched:
        assert report_broken_line(watched) is None
    assert podcast.statuses[f"{TOKEN}/fail"] == [200]


def test_run_beats_after_the_four_verbs_and_one_verb_alone_does_not(rt: Runtime, podcast: Podcast) -> None:
    url = podcast.serve(TOKEN, "OK")
    assert run(rt, "deliver", PODWATCH_HEARTBEAT_URL=url).exit_code == 0
    assert podcast.statuses[TOKEN] == []
    assert run(rt, "run", PODWATCH_HEARTBEAT_URL=url).exit_code == 0
    assert podcast.statuses[TOKEN] == [200]
    podcast.fail(TOKEN, 500)
    done = run(rt, "run", "--json", PODWATCH_HEARTBEAT_URL=url)
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 4)
    assert "podwatch: heartbeat to 127.0.0.1: the server answered 500 Internal Server Error\n" in done.stderr


def test_a_run_that_broke_is_no_complete_line(rt: Runtime, podcast: Podcast) -> None:
    url = podcast.serve(TOKEN, "OK")
    podcast.serve(f"{TOKEN}/fail", "OK")
    with rt.store.writing() as c:
        c.exec_driver_sql("DROP TABLE watches")
    done = run(rt, "run", PODWATCH_HEARTBEAT_URL=url, PODWATCH_HEARTBEAT_FAIL="on")
    assert done.exception is not None
    assert (podcast.statuses[TOKEN], podcast.statuses[f"{TOKEN}/fail"]) == ([], [200])
    assert rt.store.mark(COMPLETE_LINE) is None


def test_the_setting_takes_an_address_and_shows_nothing_of_it() -> None:
    read = from_environment({"PODWATCH_HEARTBEAT_URL": "https://hc.example/5f1c0ffe"})
    assert "5f1c0ffe" not in repr(read)
    with pytest.raises(SettingsError) as e:
        from_environment({"PODWATCH_HEARTBEAT_URL": "hc.example/5f1c0ffe"})
    assert e.value.line == "PODWATCH_HEARTBEAT_URL: is no http(s) address - write https://..."


# case: (days since the last line, since the last heartbeat; None: never) -> (state of the line, of the heartbeat)
HEALTH: dict[str, tuple[float | None, float | None, str, str | None]] = {
    "both lately": (0.5, 0.5, "ok", "ok"),
    "a line three days ago": (3.0, 3.0, "wrong", "ok"),
    "a heartbeat that was not taken": (0.5, 1.5, "ok", "note"),
    "never": (None, None, "note", None),
}


@pytest.mark.parametrize("case", HEALTH, ids=str)
def test_doctor_says_when_the_line_last_ran_through(case: str, rt: Runtime) -> None:
    line, beat, line_state, beat_state = HEALTH[case]
    now = datetime.now(UTC)
    rt.store.add_feeds([Feed(url="https://a.example/feed")], now)
    rt.store.execute(feeds.update().values(last_polled_at=now))
    for name, days in ((COMPLETE_LINE, line), (HEARTBEAT, beat)):
        if days is not None:
            rt.store.set_mark(name, now - timedelta(days=days))
    done = run(rt, "doctor", "--json", PODWATCH_HEARTBEAT_URL="https://hc.example/5f1c0ffe")
    found = {f["check"]: f for f in map(json.loads, done.stdout.splitlines())}
    assert found["line"]["state"] == line_state
    assert (found["heartbeat"]["state"] if beat_state else None) == beat_state
    assert "5f1c0ffe" not in done.stdout

"""A view that was rendered is shown again until something changes, and never to anybody who may not see it."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from podwatch.runtime import Runtime
from podwatch.web.access import CHANGED_COOKIE, CSRF_COOKIE, Visitor
from podwatch.web.application import create_app
from podwatch.web.view_cache import CHARACTERS, ENTRIES, LONGEST, PATIENCE, ViewCache
from tests.support.page_visitors import EDITOR, READER, Browser, Member, browse, find_mentions, store_show

START = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)


class World:
    """A clock, a version of the data, and a count of what was rendered."""

    def __init__(self, young: float = 0) -> None:
        self.now, self.version, self.rendered = START, 1, 0
        self.cache = ViewCache(
            lambda: (1, str(self.version)) if self.version else None, lambda: self.now, timedelta(seconds=young)
        )

    def read(self, key: str = "/alerts", *, must_be_new: bool = False) -> str | None:
        return self.cache.read(key, self.render, must_be_new=must_be_new)

    def render(self) -> str:
        self.rendered += 1
        return f"version {self.version}"

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def test_it_is_rendered_once_while_nothing_changes() -> None:
    w = World()
    assert {w.read() for _ in range(3)} == {"version 1"}
    assert w.rendered == 1
    w.version = 2
    assert w.read() == "version 2"


def test_each_address_is_a_view_of_its_own() -> None:
    w = World()
    w.read("/alerts")
    w.read("/alerts?state=held")
    assert w.rendered == 2


def test_a_young_one_is_shown_whatever_has_changed_but_to_whoever_changed_it() -> None:
    w = World(young=2)
    w.read()
    w.version = 2
    w.pass_by(1.9)
    assert w.read() == "version 1"
    assert w.read(must_be_new=True) == "version 2"
    w.version = 3
    w.pass_by(2)
    assert w.read() == "version 3"


def test_while_one_renders_it_anew_others_get_the_last_one() -> None:
    w, gate, begun = World(young=2), threading.Event(), threading.Event()
    w.read("k")
    w.version = 2
    w.pass_by(5)

    def slow() -> str:
        begun.set()
        gate.wait(10)
        return w.render()

    assert w.cache.peek("k") is None  # nobody does yet: whoever asks is the one
    one = threading.Thread(target=w.cache.read, args=("k", slow))
    one.start()
    begun.wait(10)
    assert w.cache.peek("k") == "version 1"
    w.pass_by(PATIENCE.total_seconds())
    assert w.cache.peek("k") is None  # too old for anybody
    gate.set()
    one.join(10)


def test_without_an_age_that_may_be_shown_nobody_gets_a_view_unchecked() -> None:
    w = World(young=0)
    w.read("k")
    assert w.cache.peek("k") is None


def test_what_depends_on_the_clock_alone_lags_for_seconds() -> None:
    w = World()
    w.read()
    w.pass_by(LONGEST.total_seconds() + 1)
    w.read()
    assert w.rendered == 2


def test_a_clock_that_goes_back_keeps_nothing_for_ever() -> None:
    w = World(young=2)
    w.read()
    w.pass_by(-3600)
    w.read()
    assert w.rendered == 2


def test_without_a_version_everything_is_rendered() -> None:
    w = World()
    w.version = 0
    w.read()
    w.read()
    assert w.rendered == 2


def test_forgotten_views_are_rendered_anew_however_young() -> None:
    w = World(young=2)
    w.read()
    w.cache.forget()
    w.read()
    assert w.rendered == 2


def test_what_is_not_to_be_kept_is_not() -> None:
    w = World()
    assert w.cache.read("k", lambda: None) is None
    assert w.cache.read("k", w.render) == "version 1"


def test_a_failure_is_no_view() -> None:
    w = World()

    def fail() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError):
        w.cache.read("k", fail)
    assert w.cache.read("k", w.render) == "version 1"


def test_it_keeps_no_more_than_it_may() -> None:
    w = World()
    for n in range(ENTRIES + 5):
        w.read(str(n))
    assert len(w.cache._entries) == ENTRIES
    w.read(str(ENTRIES + 4))
    assert w.rendered == ENTRIES + 5  # the newest are still there
    for n in range(4):
        w.cache.read(("long", n), lambda: "x" * (CHARACTERS // 2))
    assert w.cache._characters <= CHARACTERS
    assert w.cache._characters == sum(len(e.text or "") for e in w.cache._entries.values())


def test_many_at_once_wait_for_one_of_them() -> None:
    w, gate = World(), threading.Event()
    found: list[str | None] = []

    def slow() -> str:
        gate.wait(10)
        return w.render()

    threads = [threading.Thread(target=lambda: found.append(w.cache.read("k", slow))) for _ in range(8)]
    for t in threads:
        t.start()
    gate.set()
    for t in threads:
        t.join(10)
    assert (found, w.rendered) == (["version 1"] * 8, 1)


def test_a_view_that_was_forgotten_while_it_was_rendered_is_not_kept() -> None:
    w = World(young=60)

    def change_meanwhile() -> str:
        w.cache.forget()
        return "old"

    assert w.cache.read("k", change_meanwhile) == "old"
    assert w.cache.read("k", w.render) == "version 1"


def test_each_reader_has_their_own_name_and_token(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    access = Switching()
    app = create_app(lambda: rt, access, lambda: now, young=timedelta(seconds=30))
    seen = []
    for name in ("ada", "<b>eve</b>", "mark-of-nobody"):
        access.member = Member(name)
        client = TestClient(app)
        shown = client.get("/alerts").text
        token = client.cookies[CSRF_COOKIE]
        assert set(re.findall(r'name="csrf" value="([^"]+)"', shown)) == {token}
        seen.append((re.search(r'<span class="who"[^>]*>([^\n]+)</span>', shown) or [""])[1])
    assert seen == ["ada", "&lt;b&gt;eve&lt;/b&gt;", "mark-of-nobody"]


def test_whoever_only_reads_gets_no_form_that_an_editor_s_view_had(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    access = Switching()
    client = TestClient(create_app(lambda: rt, access, lambda: now, young=timedelta(seconds=30)))
    access.member = EDITOR
    assert 'method="post"' in client.get("/alerts").text
    access.member = READER
    assert 'method="post"' not in client.get("/alerts").text


def test_a_stranger_gets_no_view_that_is_kept(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    access = Switching()
    client = TestClient(create_app(lambda: rt, access, lambda: now, young=timedelta(seconds=30)))
    access.member = EDITOR
    assert "grain" in client.get("/alerts").text
    access.member = None
    answer = client.get("/alerts")
    assert (answer.status_code, "grain" in answer.text) == (401, False)


def test_a_change_is_seen_at_once_by_whoever_made_it_here_and_in_another_process(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    young = timedelta(seconds=30)
    here, other = (TestClient(create_app(lambda: rt, EDITOR, lambda: now, young=young)) for _ in range(2))
    assert "said-wrong" not in here.get("/alerts").text
    assert "said-wrong" not in other.get("/alerts").text
    browser = Browser(here)
    assert browser.send("/alerts/1/answers", {"verdict": "wrong", "back": "/alerts"}).status_code == 303
    assert "said-wrong" in here.get("/alerts").text
    assert "said-wrong" not in other.get("/alerts").text  # somebody else, within the seconds
    assert here.cookies[CHANGED_COOKIE] == "1"
    other.cookies = here.cookies
    assert "said-wrong" in other.get("/alerts").text


def test_what_is_found_is_on_the_page_at_the_next_look(either: Runtime, now: datetime) -> None:
    page = browse(either, now)
    assert "No alert" in page.read("/alerts") or "Nothing is polled" in page.read("/alerts")
    store_show(either, now, ["the grain"])
    find_mentions(either, now)
    assert ">grain</mark>" in page.read("/alerts")


class Switching(Member):
    """Lets in whoever is set."""

    member: Member | None = None

    async def identify(self, request: Request) -> Visitor | None:
        return await self.member.identify(request) if self.member else None
